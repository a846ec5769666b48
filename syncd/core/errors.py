"""The root of every error that syncd raises on purpose. A docstring is the message; the fields fill it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, eq=False)
class SyncdError(Exception):
    """syncd met a fault that it has no word for. Run the command again with --verbose and report what it prints."""

    def __str__(self) -> str:
        return " ".join((type(self).__doc__ or "").split()).format(**vars(self))
