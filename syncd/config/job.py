"""The tables [jobs.<name>]: one source brought to one target."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from syncd.config.duration import Duration
from syncd.config.groups import Groups
from syncd.config.guards import Guards
from syncd.config.identifier import Text
from syncd.config.late import Late
from syncd.config.schedule import Schedule, ScheduleText, parse_schedule
from syncd.config.section import Section
from syncd.config.users import Users


def _every_forty_minutes() -> Schedule:
    return parse_schedule("40m")


class Job(Section):
    """One source, one target, and what of the one comes to the other."""

    source: Text = Field(description="The name of a table under [sources]")
    target: Text = Field(description="The name of a table under [targets]")
    schedule: ScheduleText = Field(
        default_factory=_every_forty_minutes,
        json_schema_extra={"default": "40m"},
        description="When a cycle starts: a duration such as 30s, 5m or 1h, or cron's five fields; by default 40m",
    )
    full_every: Duration = Field(
        default=timedelta(hours=24),
        json_schema_extra={"default": "24h"},
        description="How often a cycle reads everything on both sides; by default 24h",
    )
    scope: Literal["assigned", "all"] = Field(
        default="assigned",
        description="assigned: who is assigned to the application; all: everybody the filters let in",
    )
    nested_groups: bool = Field(
        default=False, description="true: members of groups inside an assigned group count as assigned too"
    )
    drift: Literal["report", "repair", "ignore"] = Field(
        default="report",
        description="What is done about values and members of groups that somebody changed at the target",
    )
    precedence: int = Field(
        default=0,
        description="For several jobs on one target: an account that nobody has yet goes to the job with the higher "
        "number; one that a job has stays with it",
    )
    users: Annotated[Users, Late()] = Field(default_factory=Users.model_construct, description="Which users, and how")
    groups: Annotated[Groups, Late()] = Field(
        default_factory=Groups.model_construct, description="Which groups, and how"
    )
    guards: Annotated[Guards, Late()] = Field(
        default_factory=Guards.model_construct, description="What no cycle may do without approval"
    )
