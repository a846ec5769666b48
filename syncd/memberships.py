"""Memberships as changes: sets compared with sets, additions before removals, never a whole group."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from syncd.core.change import Action, Change
from syncd.evaluate import Evaluated


def member_changes(
    group: Evaluated,
    target_id: str,
    *,
    want: Mapping[str, str],
    written: Mapping[str, str],
    found: Mapping[str, str] | None = None,
    joining: Collection[str] = (),
) -> list[Change]:
    """At most three rows of a group: members that it has and that are to be remembered (`found`), ADD_MEMBERS and
    REMOVE_MEMBERS. `want`, `written`, `found`: {source id: target id}. `joining`: source ids of those who are not added,
    as they may have been.

    A member whose account was replaced at the target is added under its new id; the old id went with the old account.
    """
    added = {target for source, target in want.items() if written.get(source) != target and source not in joining}
    wanted = set(want.values())  # an account may have passed to another object of the source, and stays
    removed = {target for source, target in written.items() if source not in want} - wanted
    rows = [
        (
            Action.ADD_MEMBERS,
            (found or {}).values(),
            (found or {}).values(),
            "members of the group at the target already",
        ),
        (Action.ADD_MEMBERS, (), added, "members of the group at the source"),
        (Action.REMOVE_MEMBERS, removed, (), "no longer members, or no longer in scope"),
    ]
    return [
        Change(
            action=action,
            kind="group",
            source_id=group.object.id,
            target_id=target_id,
            name=group.name,
            before=_members(before),
            after=_members(after),
            why=why,
        )
        for action, before, after, why in rows
        if before or after
    ]


def _members(ids: Collection[str]) -> dict[str, list[str]]:
    return {"members": sorted(ids)} if ids else {}
