"""The table [jobs.<name>.groups]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from syncd.config.identifier import Text
from syncd.config.late import Late
from syncd.config.pattern import pattern_fault
from syncd.config.scoped_objects import Match, ScopedObjects
from syncd.config.section import Section, Wrong
from syncd.core.model import Json

GroupAction = Literal["create", "update", "delete"]


class GroupRule(Section):
    """Picks groups by name."""

    name: Text | None = Field(default=None, description="The whole name")
    prefix: Text | None = Field(default=None, description="What the name begins with")
    regex: Text | None = Field(default=None, description="A regular expression that is found in the name")

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        ways = [key for key in ("name", "prefix", "regex") if key in raw]
        if len(ways) != 1:
            found = " and ".join(ways) if ways else "no name, prefix or regex"
            yield Wrong(found, "give exactly one of name, prefix and regex")
        pattern = raw.get("regex")
        if isinstance(pattern, str) and (wrong := pattern_fault(pattern, key="regex")):
            yield wrong


def _not_empty(rules: tuple[GroupRule, ...]) -> tuple[GroupRule, ...]:
    # Nobody who removes the last rule means every group of the directory.
    if not rules:
        raise Wrong("an empty list", "give it a rule, or remove the key for every group in scope").error()
    return rules


class Groups(ScopedObjects):
    """Which groups a job brings to the target, and how."""

    enabled: bool = Field(default=True, description="Whether groups are provisioned at all")
    actions: tuple[GroupAction, ...] = Field(
        default=("create", "update", "delete"), description="What the job may do: create, update, delete"
    )
    match: Match = Field(
        default=("displayName",),
        description="Target attributes by which an existing group is found, in order; also externalId where the "
        "target can",
    )
    select: Annotated[tuple[Annotated[GroupRule, Late()], ...], AfterValidator(_not_empty)] | None = Field(
        default=None,
        description="Groups by name, prefix or regular expression, as with Okta's group push; none: every group in scope",
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        yield from super().relations(raw)
        mappings = raw.get("mappings")
        for index, row in enumerate(mappings if isinstance(mappings, list | tuple) else ()):
            if not isinstance(row, Mapping) or str(row.get("target", "")).strip().lower() != "members":
                continue
            if row.get("source") != "members":
                right = 'memberships come from the source\'s own groups; write source = "members"'
                yield Wrong("members from something else", right, key=("mappings", index, "target"))
