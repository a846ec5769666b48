"""What could not be carried over, a line each."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from syncd.config.faults import one_line, shortened
from syncd.config.wording import fault
from syncd.core.entra_schema import EntraRow
from syncd.core.model import Kind
from syncd.core.vocabulary import UnknownAttribute


class Lost(Exception):
    """A row or clause that has no counterpart; the message says why, as half a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """Collects the lines about one kind of object. All kinds share the list."""

    kind: Kind
    lines: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.lines.append(one_line(f"{self.kind}s: {text}"))

    def about(self, row: EntraRow, text: str) -> None:
        self.add(f"{quoted(row.target)}: {text}")

    def lost(self, row: EntraRow, why: Lost | str) -> None:
        source = row.source
        # A constant may be a password.
        told = source is not None and source.text and source.type != "Constant"
        taken = f" ← {quoted(source.text)}" if source is not None and told else ""
        self.add(f"{quoted(row.target)}{taken} is left out: {why}")

    def refused(self, error: ValidationError | UnknownAttribute) -> Lost:
        """What the loader of config.toml says to it."""
        if isinstance(error, UnknownAttribute):
            return Lost(f"Graph's {self.kind}s have no attribute {quoted(error.name)}; {error.hint}")
        return Lost("; ".join(fault("", each).message for each in error.errors(include_url=False)))


def quoted(text: str) -> str:
    """A name or expression out of the file: one line of bounded length."""
    return shortened(" ".join(text.split()), 100) or "(no name)"
