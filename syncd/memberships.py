"""Memberships as changes: sets compared with sets, additions before removals, never a whole group."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.core.change import Action, Change
from syncd.evaluate import Evaluated


def member_changes(
    group: Evaluated, target_id: str, *, want: Mapping[str, str], written: Mapping[str, str]
) -> list[Change]:
    """At most one ADD_MEMBERS and one REMOVE_MEMBERS row of a group. `want`, `written`: {source id: target id}.

    A member whose account was replaced at the target is added under its new id; the old id went with the old account.
    """
    added = sorted(target for source, target in want.items() if written.get(source) != target)
    wanted = set(want.values())  # an account may have passed to another object of the source, and stays
    removed = sorted({target for source, target in written.items() if source not in want} - wanted)
    rows: list[Change] = []
    for action, ids in ((Action.ADD_MEMBERS, added), (Action.REMOVE_MEMBERS, removed)):
        if ids:
            members = {"members": ids}
            adds = action is Action.ADD_MEMBERS
            rows.append(
                Change(
                    action=action,
                    kind="group",
                    source_id=group.object.id,
                    target_id=target_id,
                    name=group.name,
                    before={} if adds else members,
                    after=members if adds else {},
                    why="members of the group at the source" if adds else "no longer members, or no longer in scope",
                )
            )
    return rows
