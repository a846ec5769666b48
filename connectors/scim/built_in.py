"""The profiles that come with syncd, by name; what they say is read by profiles.py."""

from __future__ import annotations

from pathlib import Path

BUILT_IN = Path(__file__).parent / "profiles"


def built_in() -> tuple[str, ...]:
    """The names of the profiles that come with syncd."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))
