"""Accounts that other jobs on the same target are making: their requests have left, their links are not written yet.

Two directories that hire the same person are read in the same minute. Whoever comes second must neither write to the
account nor link it, or it would change hands before it had an owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from state.store import Store
from syncd.core.attributes import parse_path, read
from syncd.core.change import Observed
from syncd.core.model import Kind
from syncd.job import Job
from syncd.precedence import named

#: no request lasts so long: what is still open then was left by a process that was killed
LONGEST = timedelta(minutes=5)


def makers(
    others: Callable[[], Iterable[Job]], store: Store, kind: Kind, found: Sequence[Observed], *, now: datetime
) -> dict[str, str]:
    """The jobs that are making these accounts, by target id. To be asked before the links are: a creation that ends in
    between has its link by then."""
    making: dict[str, str] = {}
    for other in others() if found else ():
        if kind not in other.kinds:
            continue
        sent = store.journal.creations_since(other.name, kind, now - LONGEST)
        names = {name for values in sent for name in named(other, kind, values)}
        for one in found if names else ():
            has = {path: read(one.resource, parse_path(path)) for path in other.kinds[kind].mapping.match}
            if not names.isdisjoint(named(other, kind, has)):
                making[one.id] = other.name
    return making
