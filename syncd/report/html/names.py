"""Who the ids in memberships and references are: a report names people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from state.journal import Row
from state.store import Store
from syncd.core.change import NEW
from syncd.core.model import Json
from syncd.report.result import JobResult


class Names:
    """Names by target id, or by `new:<source>:<source id>` where the plan is to make the account."""

    def __init__(self, result: JobResult, store: Store, rows: Sequence[Row]) -> None:
        self._known = {
            id_: row.change.name
            for row in rows
            if row.change.kind == "user"
            for id_ in (row.change.target_id, f"{NEW}{result.source}:{row.change.source_id}")
            if id_ is not None
        }
        asked = {id_ for id_ in chain.from_iterable(_ids(row) for row in rows) if id_ not in self._known}
        for id_, link in store.links.owners(result.target, "user", sorted(asked)).items():
            name = next((link.wrote[key] for key in ("userName", "displayName") if link.wrote.get(key)), None)
            if isinstance(name, str):
                self._known[id_] = name

    def of(self, id_: str) -> str:
        """The name, or the id of somebody unknown."""
        return self._known.get(id_, id_)


def member_ids(row: Row, *, added: bool) -> list[str]:
    """The target ids that a row adds to its group, or takes out."""
    ids: Json = (row.change.after if added else row.change.before).get("members")
    return [str(id_) for id_ in ids or ()]


def _ids(row: Row) -> Iterator[str]:
    if row.change.kind == "group":
        yield from member_ids(row, added=True)
        yield from member_ids(row, added=False)


def few(names: Iterable[str], most: int) -> tuple[list[str], int]:
    """The first ones in order, and how many are left."""
    found = sorted(names, key=str.casefold)
    return found[:most], max(len(found) - most, 0)
