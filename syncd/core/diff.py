"""The decision table: from what is wished, linked and observed to the change, if any.

desired | link     | observed            | change
--------|----------|---------------------|----------------------------------------------------------------------------
unknown | any      | any                 | -            what could not be read removes nobody
yes     | no       | none                | CREATE       only if it is active
yes     | no       | one                 | ADOPT        and what differs, in the same row
yes     | no       | several             | CREATE, held duplicate: every target id named
yes     | no       | another job's       | ADOPT, held  conflict: the incumbent keeps it, both jobs named
yes     | active   | gone                | as if there were no link
yes     | active   | any                 | UPDATE       of what changed in desired since we last wrote; nothing: no row
        |          |                     | DEACTIVATE   where desired is inactive (disabled at the source)
yes     | inactive | any                 | REACTIVATE   with what differs; UPDATE while it stays inactive
no      | no       | any                 | -            not ours
no      | active   | any                 | DEACTIVATE   by policy; DELETE by policy, of a group, or if gone for good
no      | inactive | any                 | DELETE       once the grace is over or it is gone for good; else nothing

`observed` is a drift when it differs from what was written: compared letter case aside, reported, repaired by policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Change, Link, Observed
from syncd.core.mapping import Desired
from syncd.core.model import Json, Kind, State
from syncd.core.scope import Scope, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What a job may do to one kind of object."""

    actions: frozenset[str]  #: create, update, deactivate, delete
    out_of_scope: Literal["deactivate", "delete", "ignore"] = "deactivate"
    delete_after: timedelta | None = None  #: grace of a deactivated account; None: it is kept

    def allows(self, action: Action) -> bool:
        match action:
            case Action.CREATE:
                return "create" in self.actions
            case Action.ADOPT:
                return bool(self.actions & {"create", "update"})
            case Action.DELETE:
                return "delete" in self.actions
            case Action.DEACTIVATE | Action.REACTIVATE:  # at Entra both are updates
                return bool(self.actions & {"update", "deactivate"})
            case _:
                return "update" in self.actions


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """All that is known of one object when its change is decided."""

    kind: Kind
    source_id: str
    name: str
    state: State
    verdict: Verdict
    desired: Desired | None  #: the wished resource when in scope; what leaving writes when out
    link: Link | None
    matches: Sequence[Observed] | None = None  #: found by match attributes; None: not looked for
    owner: str | None = None  #: another job that owns the match
    gone: bool = False  #: the linked object was looked for and is not there


def diff(one: Situation, policy: Policy, *, now: datetime, mark: Callable[[Json], Json]) -> Change | None:
    """The change for one object; None where nothing is to be done. `mark`: what stands for a redacted value."""
    if one.verdict.scope is Scope.UNKNOWN:
        return None
    if one.verdict.scope is Scope.IN:
        change = _wanted(one, one.desired, mark) if one.desired is not None else None
    else:
        change = _unwanted(one, policy, now, mark)
    return change if change is not None and policy.allows(change.action) else None


def _wanted(one: Situation, desired: Desired, mark: Callable[[Json], Json]) -> Change | None:
    link = None if one.gone else one.link
    if link is None:
        return _unlinked(one, desired)
    before, after = edits(desired, link.wrote, mark)
    if link.active and not desired.active:
        return _change(one, Action.DEACTIVATE, before, after, "disabled at the source")
    if not link.active and desired.active:
        return _change(
            one, Action.REACTIVATE, {"active": False, **before}, {"active": True, **after}, one.verdict.clause
        )
    if after:
        return _change(one, Action.UPDATE, before, after, "changed at the source")
    return None


def _unlinked(one: Situation, desired: Desired) -> Change | None:
    if not desired.active:
        return None  # a disabled account is not created, and an existing one is not ours to judge
    present = {path: value for path, value in desired.values.items() if value is not None}
    found = one.matches or ()
    if not found:
        again = "its account is gone at the target" if one.gone else "no account matches at the target"
        return _change(one, Action.CREATE, {}, present, f"{one.verdict.clause}; {again}", target_id=None)
    if len(found) > 1:
        ids = ", ".join(sorted(observed.id for observed in found))
        twins = f"{len(found)} objects at the target match ({ids}); remove or rename all but one there"
        return _change(one, Action.CREATE, {}, present, one.verdict.clause, target_id=None, held=twins)
    before, after = differences(desired, found[0])
    held = None
    if one.owner is not None:
        held = (
            f"{found[0].id} belongs to job {one.owner}, which keeps it; take {one.name} out of the scope of one of them"
        )
    why = f"{one.verdict.clause}; the target has this account already"
    return _change(one, Action.ADOPT, before, after, why, target_id=found[0].id, held=held)


def _unwanted(one: Situation, policy: Policy, now: datetime, mark: Callable[[Json], Json]) -> Change | None:
    link = one.link
    if link is None or one.gone:
        return None
    why = one.verdict.clause
    if one.state == "gone" and policy.allows(Action.DELETE):
        return _change(one, Action.DELETE, {}, {}, why)
    if policy.out_of_scope == "ignore":
        return None
    if one.kind == "group" or policy.out_of_scope == "delete":
        return _change(one, Action.DELETE, {}, {}, why)
    if link.active:
        before, after = edits(one.desired, link.wrote, mark) if one.desired else ({}, {})
        return _change(one, Action.DEACTIVATE, before, after, why) if after else None
    if policy.delete_after is not None and link.out_since is not None and now - link.out_since >= policy.delete_after:
        return _change(one, Action.DELETE, {}, {}, f"{why} since {link.out_since:%Y-%m-%d}, longer than delete_after")
    return None


def edits(
    desired: Desired, wrote: Mapping[str, Json], mark: Callable[[Json], Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """(before, after) of the paths whose wish changed since we last wrote: compared exactly."""
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for path, want in desired.values.items():
        if path in desired.on_create:
            continue
        had = wrote.get(path)
        known = mark(want) if path in desired.redacted and want is not None else want
        if known != had:
            before[path], after[path] = had, want
    return before, after


def differences(desired: Desired, seen: Observed) -> tuple[dict[str, Json], dict[str, Json]]:
    """(before, after) of an account that is taken over, for all that is wished: where it is right already, both are the
    wish. It keeps what the wish leaves empty: it was not us who wrote that."""
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for path, want in desired.values.items():
        if want is None or path in desired.on_create:
            continue
        had = read(seen.resource, parse_path(path))
        before[path], after[path] = (want if same(want, had, fold=False) else had), want
    return before, after


def drifted(link: Link, seen: Observed, *, shown: Callable[[str], bool]) -> dict[str, tuple[Json, Json]]:
    """{path: (wrote, seen)} where the target no longer has what we wrote. `shown`: does the target show this path."""
    found: dict[str, tuple[Json, Json]] = {}
    for path, wrote in link.wrote.items():
        if isinstance(wrote, Mapping) and "redacted" in wrote:
            continue
        had = read(seen.resource, parse_path(path))
        if not same(wrote, had, fold=True) and shown(path):
            found[path] = (wrote, had)
    return found


def same(want: Json, had: Json, *, fold: bool) -> bool:
    """Whether two values mean the same: nothing, "" and [] alike; "True" and true alike; lists in any order."""
    if want in (None, "", []) or had in (None, "", []):
        return want in (None, "", []) and had in (None, "", [])
    if isinstance(want, list) and isinstance(had, list):
        rest = list(had)
        for item in want:
            found = next((other for other in rest if same(item, other, fold=fold)), None)
            if found is None:
                return False
            rest.remove(found)
        return not rest
    if isinstance(want, Mapping) and isinstance(had, Mapping):  # a server may add $ref, display, primary
        return all(same(value, had.get(key), fold=fold) for key, value in want.items())
    if isinstance(want, bool) or isinstance(had, bool):
        return str(want).lower() == str(had).lower()
    return str(want).casefold() == str(had).casefold() if fold else str(want) == str(had)


def _change(
    one: Situation,
    action: Action,
    before: Mapping[str, Json],
    after: Mapping[str, Json],
    why: str,
    *,
    target_id: str | Literal["link"] | None = "link",
    held: str | None = None,
) -> Change:
    linked = one.link.target_id if one.link else None
    id_ = linked if target_id == "link" else target_id
    return Change(
        action=action,
        kind=one.kind,
        source_id=one.source_id,
        target_id=id_,
        name=one.name,
        before=before,
        after=after,
        why=why,
        held=held,
        out=one.verdict.scope is Scope.OUT,
        redacted=(one.desired.redacted & after.keys()) if one.desired else frozenset(),
    )
