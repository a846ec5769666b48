"""The decision table: from what is wished, linked and observed to the change, if any.

desired | link     | observed            | change
--------|----------|---------------------|----------------------------------------------------------------------------
unknown | any      | any                 | -            what could not be read removes nobody
yes     | no       | none                | CREATE       only if it is active
yes     | no       | one                 | ADOPT        and what differs, in the same row; only if it is active
yes     | no       | several             | CREATE, held duplicate: every target id named
yes     | no       | another job's       | ADOPT, held  conflict: the incumbent keeps it, both jobs named
yes     | active   | gone                | as if there were no link
yes     | active   | any                 | UPDATE       of what changed in desired since we last wrote; nothing: no row
        |          |                     | DEACTIVATE   where desired is inactive (disabled at the source)
yes     | inactive | any                 | REACTIVATE   with what differs; UPDATE while it stays inactive
        |          |                     | UPDATE       of nothing: the end of a grace that has begun is forgotten
no      | no       | any                 | -            not ours
no      | any      | gone                | -            nothing is there to be taken away
no      | any      | any                 | DELETE       by policy, of a group, or if gone for good
no      | active   | any                 | DEACTIVATE   what the rows with IsSoftDeleted say; nothing: no row
no      | inactive | any                 | DELETE       once the grace is over; else nothing
        |          |                     | UPDATE       of nothing, where it was inactive before: its grace begins

A change that the job's actions do not allow is no change. One that they allow in part goes in part: where "update" is
not among them, an account is adopted as it is, and a deactivation or reactivation writes `active` alone.

`observed` is a drift when it differs from what was written: compared letter case aside, reported, repaired by policy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Change, Link, Observed
from syncd.core.desired import Desired
from syncd.core.likeness import same
from syncd.core.model import Json, Kind, State
from syncd.core.scope import Scope, Verdict

__all__ = ["Policy", "Situation", "diff", "differences", "drifted", "edits", "same"]


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
    #: paths that somebody changed at the target and that are to be repaired: the link has what was seen
    drifted: Collection[str] = ()


def diff(one: Situation, policy: Policy, *, now: datetime, mark: Callable[[Json], Json]) -> Change | None:
    """The change for one object; None where nothing is to be done. `mark`: what stands for a redacted value."""
    if one.verdict.scope is Scope.UNKNOWN:
        return None
    if one.verdict.scope is Scope.IN:
        change = _wanted(one, one.desired, mark) if one.desired is not None else None
    else:
        change = _unwanted(one, policy, now, mark)
    if change is None:
        return None
    if not policy.allows(change.action) and (change.action is not Action.UPDATE or change.after):
        return None
    return change if "update" in policy.actions else _without_updates(change)


def _without_updates(change: Change) -> Change:
    """The part of a change that is no update of attributes."""
    match change.action:
        case Action.ADOPT:  # the link remembers what is right already, and nothing else is claimed
            kept = [path for path, want in change.after.items() if change.before.get(path) == want]
        case Action.REACTIVATE | Action.DEACTIVATE if not change.out:
            kept = [path for path in change.after if path == "active"]
        case _:
            return change
    before = {path: change.before.get(path) for path in kept}
    return replace(
        change,
        before=before,
        after={path: change.after[path] for path in kept},
        redacted=change.redacted & before.keys(),
    )


def _wanted(one: Situation, desired: Desired, mark: Callable[[Json], Json]) -> Change | None:
    link = None if one.gone else one.link
    if link is None:
        return _unlinked(one, desired)
    before, after = edits(desired, link.wrote, mark)
    if link.active and after.get("active") is False:
        return _change(one, Action.DEACTIVATE, before, after, "disabled at the source")
    if not link.active and desired.active:
        before, after = {"active": False, **before}, {**after, "active": True}
        why = f"{one.verdict.clause}; deactivated at the target" if "active" in one.drifted else one.verdict.clause
        return _change(one, Action.REACTIVATE, before, after, why)
    if after:
        return _change(one, Action.UPDATE, before, after, _where_changed(after.keys(), one.drifted))
    if link.out_since is not None:
        return _change(one, Action.UPDATE, {}, {}, f"{one.verdict.clause}; it was out of scope")
    return None


def _where_changed(paths: Collection[str], drifted: Collection[str]) -> str:
    at_target = [path for path in paths if path in drifted]
    if not at_target:
        return "changed at the source"
    return "changed at the target" if len(at_target) == len(paths) else "changed at the source and at the target"


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
    before, after = edits(one.desired, link.wrote, mark) if one.desired else ({}, {})
    if after:
        return _change(one, Action.DEACTIVATE if link.active else Action.UPDATE, before, after, why)
    if policy.delete_after is None:
        return None
    if link.out_since is None:  # disabled while it was in scope: the grace counts from its leaving
        return None if link.active else _change(one, Action.UPDATE, {}, {}, why)
    if now - link.out_since >= policy.delete_after:
        return _change(one, Action.DELETE, {}, {}, f"{why} since {link.out_since:%Y-%m-%d}, longer than delete_after")
    return None


def edits(
    desired: Desired, wrote: Mapping[str, Json], mark: Callable[[Json], Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """(before, after) of the paths whose wish changed since we last wrote: compared exactly.

    A redacted value is known by its mark alone. Where the target says that letter case does not count, case alone is no change; it goes along with another one.
    """
    wish = desired.values
    written = wrote.get
    changed = [path for path, want in wish.items() if written(path) != want]  # most often none, so this has to be quick
    # A value that was written before its row redacted it is still in the open: its mark takes its place.
    changed += [path for path in desired.redacted if wish.get(path) is not None and written(path) == wish[path]]
    if not changed:
        return {}, {}
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    aside = 0
    for path in changed:
        old, want = written(path), wish[path]
        if path in desired.on_create:
            continue
        if want is not None and path in desired.redacted and mark(want) == old:
            continue
        before[path], after[path] = old, want
        aside += path in desired.caseless and None not in (old, want) and same(want, old, fold=True)
    return (before, after) if aside < len(after) else ({}, {})


def differences(desired: Desired, seen: Observed) -> tuple[dict[str, Json], dict[str, Json]]:
    """(before, after) of an account that is taken over, for all that is wished: where it is right already, both are the
    wish. It keeps what the wish leaves empty: it was not us who wrote that."""
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for path, want in desired.values.items():
        if want is None or path in desired.on_create:
            continue
        had = read(seen.resource, parse_path(path))
        before[path], after[path] = (want if same(want, had, fold=path in desired.caseless) else had), want
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
