"""Accounts and groups that other jobs on the same target are making: their requests have left, their links may not be there yet.

Two directories that hire the same person are read in the same minute. Whoever comes second must neither write to the
account nor link it, or it would change hands before it had an owner; nor may it make a second group of the same name, which
many services let it (RFC 7643 section 4.2 asks for no unique displayName).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from state.in_hand import LONGEST_REQUEST
from state.row import Row
from state.store import Store
from syncd.core.attributes import parse_path, read
from syncd.core.change import Action, Observed
from syncd.core.model import Json, Kind
from syncd.job import Job
from syncd.precedence import named


def makers(
    others: Callable[[], Iterable[Job]], store: Store, kind: Kind, found: Sequence[Observed], *, now: datetime
) -> dict[str, str]:
    """The jobs that are making these accounts, or taking them over, by target id. To be asked before the links are: a creation
    that ends in between has its link by then."""
    making: dict[str, str] = {}
    for other in others() if found else ():
        if kind not in other.kinds:
            continue
        sent = store.journal.creations_since(other.name, kind, now - LONGEST_REQUEST)
        names = {name for values in sent for name in named(other, kind, values)}
        for one in found if names else ():
            has = {path: read(one.resource, parse_path(path)) for path in other.kinds[kind].mapping.match}
            if not names.isdisjoint(named(other, kind, has)):
                making[one.id] = other.name
        taking = store.journal.adopted([other.name], kind, [one.id for one in found], now=now)
        making |= dict.fromkeys(taking, other.name)
    return making


def twins(others: Callable[[], Iterable[Job]], store: Store, job: Job, plan: str, rows: Sequence[Row]) -> set[str]:
    """Keys of rows that create groups which another job is making, or has made since the plan looked for them.

    To be asked once these rows are marked as sent: of two jobs that mark theirs in the same moment one at least sees the
    other, and may see it in vain, since both look again.
    """
    made = [row for row in rows if row.change.action is Action.CREATE and row.change.kind == "group"]
    found: set[str] = set()
    for other in others() if made else ():
        if "group" not in other.kinds:
            continue
        beside = store.journal.made_beside(plan, other.name, "group", within=LONGEST_REQUEST)
        there = store.links.places(other.name, "group", [id_ for id_, done, _ in beside if done])
        values = [after for id_, done, after in beside if not done or id_ in there]
        theirs = {name for each in values for name in named(job, "group", each)}
        found |= {row.key for row in made if not theirs.isdisjoint(named(job, "group", row.change.after))}
    return found


def made_by_others(
    others: Iterable[Job], store: Store, source: str, kind: Kind, ids: Collection[str], *, since: datetime
) -> dict[str, dict[str, Json]]:
    """What other jobs have sent since then to create these very objects of a source, without an answer: {source id: values
    by path}. Whoever was renamed since is not found by a name that nobody at the target has yet."""
    found: dict[str, dict[str, Json]] = {}
    for other in others:
        if other.source == source and kind in other.kinds:
            found |= store.journal.open_creations(other.name, kind, ids, since=since)
    return found
