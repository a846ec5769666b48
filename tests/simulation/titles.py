"""Whom a job has in its scope by title: as the people office says it, and as a filter of config.toml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SECRET_TITLE = "Unlisted"  #: whom some configurations leave out


@dataclass(frozen=True, kw_only=True, slots=True)
class Titles:
    """A rule; `filter` is empty where everybody is in."""

    filter: str
    has: Callable[[str | None], bool]

    def clause(self, attribute: str) -> str:
        """The clause of a filter on this attribute of the source; empty where everybody is in."""
        return f"{{ attribute = {attribute!r}, {self.filter} }}" if self.filter else ""


TITLES = {
    "all": Titles(filter="", has=lambda title: True),
    "listed": Titles(
        filter=f'operator = "NOT EQUALS", value = "{SECRET_TITLE}"', has=lambda title: title not in (None, SECRET_TITLE)
    ),
    "unlisted": Titles(
        filter=f'operator = "EQUALS", value = "{SECRET_TITLE}"', has=lambda title: title == SECRET_TITLE
    ),
    "untitled": Titles(filter='operator = "IS NULL"', has=lambda title: title is None),
    "directors": Titles(filter='operator = "EQUALS", value = "Director"', has=lambda title: title == "Director"),
}
