"""References between users (a manager), written once both ends exist; whoever waits for an end is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from state.pending import Wait
from syncd.core.change import Action, Change
from syncd.core.model import Json
from syncd.core.scope import Scope
from syncd.evaluate import Evaluated


def reference_change(
    one: Evaluated, ends: Mapping[str, str], *, found: Mapping[str, Json] | None = None, now: datetime
) -> tuple[Change | None, list[Wait]]:
    """The REFERENCE row of a user, if its references differ from what was written, and what it waits for.

    `ends`: {source id: target id} of everybody who is linked or whom this plan creates. `found`: {path: target id} that an
    account has which is taken over: what is right already is remembered by a row that sends nothing. A reference whose other end is
    not there is cleared, and completed in the very cycle in which that end comes.
    """
    own = ends.get(one.object.id)
    if own is None or one.desired is None or one.verdict.scope is not Scope.IN or not one.desired.active:
        return None, []
    # Under another target id it is another account: nothing of the old one's was written to it.
    wrote = one.link.wrote if one.link and one.link.target_id == own else {}
    before: dict[str, Json] = {}
    after: dict[str, str | None] = {}
    waits: list[Wait] = []
    for path, wanted in one.desired.references.items():
        if path in one.desired.on_create and wrote.get(path) is not None:
            continue  # written once, and left alone since
        target_id = ends.get(wanted) if wanted else None
        if wanted and target_id is None:
            waits.append(
                Wait(kind="user", source_id=one.object.id, reason="reference", wants=wanted, since=now, due_at=now)
            )
        if wrote.get(path) != target_id:
            before[path], after[path] = (found or wrote).get(path, wrote.get(path)), target_id
    if not after:
        return None, waits
    change = Change(
        action=Action.REFERENCE,
        kind="user",
        source_id=one.object.id,
        target_id=own,
        name=one.name,
        before=before,
        after=after,
        why="reference set at the source" if any(after.values()) else "reference no longer holds",
    )
    return change, waits
