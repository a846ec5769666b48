"""A plan on its way: what is known of it besides its rows, which are in the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from state.pending import Wait
from syncd.core.change import Link
from syncd.core.model import Json, Kind

CycleKind = Literal["initial", "incremental", "full", "on-demand"]


@dataclass(kw_only=True, slots=True)
class Draft:
    """A plan that is ready to be printed or carried out."""

    id: str
    job: str
    cycle: CycleKind
    checksum: str = ""
    right: int = 0  #: looked at, in scope, and already as wished
    seats: str | None = None  #: how many accounts are active after this plan, of how many seats
    warnings: list[dict[str, str | None]] = field(default_factory=list)
    drift: list[dict[str, Json]] = field(default_factory=list)
    mended: set[str] = field(default_factory=set)  #: groups, by source id, that get members back which drifted away
    freed: list[str] = field(default_factory=list)  #: keys of rows that an approval lets go
    #: links of other jobs that this plan takes over, by its own object
    handed: dict[tuple[Kind, str], Link] = field(default_factory=dict)
    waits: list[Wait] = field(default_factory=list)  #: what this plan puts off
    #: of these it looks at memberships or references alone, so that nothing it does ends what else failed of them
    partly: set[tuple[Kind, str]] = field(default_factory=set)
    forgotten: list[Link] = field(default_factory=list)  #: links to what is gone at the target, and not wanted there

    def warn(self, code: str, message: str, name: str | None) -> None:
        self.warnings.append({"code": code, "message": message, "name": name})
