"""The root of every error that syncd raises on purpose. A docstring is the message; the fields fill it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, eq=False)
class SyncdError(Exception):
    """syncd met a fault that it has no word for. Run the command again with --verbose and report what it prints."""

    def __str__(self) -> str:
        said = {name: one_line(value) if isinstance(value, str) else value for name, value in vars(self).items()}
        return " ".join((type(self).__doc__ or "").split()).format(**said)


def one_line(text: str) -> str:
    """The text with everything escaped that would end a line, move a cursor or turn the direction of reading: names and
    answers come from others."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
