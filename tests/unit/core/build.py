"""Small worlds for the tests of the pure middle: entries, mappings, links and situations, with the usual left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.core.attribute_type import AttributeType
from syncd.core.change import Change, Link, Observed
from syncd.core.desired import Desired
from syncd.core.diff import Policy, Situation, diff
from syncd.core.entry import Entry
from syncd.core.expression import EvaluationContext
from syncd.core.mapping import MappingSpec, ObjectMapping, compile_mapping
from syncd.core.model import Kind
from syncd.core.scope import Scope, Verdict
from syncd.core.vocabulary import SourceKind, vocabulary

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
DAY = timedelta(days=1)
CONTEXT = EvaluationContext(now=lambda: NOW)
EVERYTHING = frozenset({"create", "update", "deactivate", "delete"})
IN = Verdict(scope=Scope.IN, clause="assigned directly")
OUT = Verdict(scope=Scope.OUT, clause="user is not assigned to the application")
UNKNOWN = Verdict(scope=Scope.UNKNOWN, clause="the pattern takes too long")
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
WORK = 'emails[type eq "work"].value'


def entry(kind: Kind = "user", /, *, enabled: bool = True, roles: Sequence[str] = (), **given: Any) -> Entry:
    return Entry(kind=kind, id="u1", attributes=given, enabled=enabled, soft_deleted=not enabled, roles=tuple(roles))


def mapping(
    *rows: Mapping[str, Any] | tuple[str, str],
    match: Sequence[str] = ("userName",),
    source: SourceKind = "graph",
    kind: Kind = "user",
    types: Mapping[str, AttributeType] | None = None,
    required: Sequence[str] = (),
    on_create: frozenset[str] = frozenset(),
) -> ObjectMapping:
    """A pair is target and source attribute."""
    specs = [
        MappingSpec(target=row[0], source=row[1]) if isinstance(row, tuple) else MappingSpec(**row) for row in rows
    ]
    return compile_mapping(
        specs,
        vocabulary=vocabulary(source, kind),
        match=match,
        types=types,
        required=required,
        on_create=on_create,
        job="wiki",
    )


def value(row: Mapping[str, Any], type_: AttributeType | None = None, /, **given: Any) -> Any:
    """What one row gives; "absent" where it leaves the attribute alone."""
    (path,) = (found := mapping(row)).paths
    if type_ is not None:
        found = mapping(row, types={path.partition("[")[0].lower(): type_})
    return found.desired(entry(**given), CONTEXT).values.get(path, "absent")


def desired(**values: Any) -> Desired:
    none: frozenset[str] = frozenset()
    return Desired(values=values, references={}, on_create=none, redacted=none)


def link(*, active: bool = True, out_since: datetime | None = None, **wrote: Any) -> Link:
    return Link(
        job="wiki", kind="user", source_id="u1", target_id="t1", active=active, wrote=wrote, out_since=out_since
    )


def observed(id_: str = "t1", /, **resource: Any) -> Observed:
    return Observed(id=id_, resource=resource)


def situation(**given: Any) -> Situation:
    usual: dict[str, Any] = {
        "kind": "user",
        "source_id": "u1",
        "name": "jane",
        "state": "live",
        "verdict": IN,
        "desired": None,
        "link": None,
    }
    one = Situation(**{**usual, **given})
    # A link of a group is a link of a group.
    return replace(one, link=replace(one.link, kind="group")) if one.kind == "group" and one.link else one


def mark(seen: Any) -> Any:
    return {"redacted": f"mark of {seen}"}


def decided(*, policy: Policy | None = None, now: datetime = NOW, **given: Any) -> Change | None:
    return diff(situation(**given), policy or Policy(actions=EVERYTHING), now=now, mark=mark)
