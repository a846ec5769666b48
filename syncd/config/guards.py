"""The table [jobs.<name>.guards]: what no cycle may do without approval."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from syncd.config.duration import Duration
from syncd.config.identifier import Text
from syncd.config.late import Late
from syncd.config.section import Section


class Deletions(Section):
    """Over these limits every removal of that kind in that cycle is held until it is approved."""

    count: int = Field(default=500, ge=0, description="Deactivations and deletions in one cycle, at most")
    percent: float = Field(
        default=10.0,
        ge=0,
        le=100,
        allow_inf_nan=False,
        description="The same as a share of the active links of that kind, 0 to 100",
    )
    minimum: int = Field(
        default=10, ge=0, description="The share counts only where there are at least so many active links"
    )
    window: Duration | None = Field(
        default=None,
        description="Removals that this job did in that time before, such as 24h, count with those of a cycle; "
        "none: each cycle counts alone",
    )


class Guards(Section):
    """Limits of one job."""

    deletions: Annotated[Deletions, Late()] = Field(
        default_factory=Deletions.model_construct,
        description="Deactivations and deletions in one cycle; what is over is held",
    )
    max_active_users: int | None = Field(
        default=None, ge=1, description="The seats that the target's licence has; none: no limit"
    )
    protect: tuple[Text, ...] = Field(default=(), description="User names that are never deactivated and never deleted")
