"""Who the ids in memberships and references are: a report names people."""

from __future__ import annotations

from collections.abc import Iterable

from state.journal import Row
from state.mirror import names
from state.store import Store
from syncd.core.change import NEW
from syncd.core.model import Json
from syncd.report.result import JobResult


class Names:
    """Names by target id, or by `new:<source>:<source id>` where a plan is to make the account."""

    def __init__(self, result: JobResult, store: Store) -> None:
        self._result, self._store = result, store
        self._known: dict[str, str] = {}

    def of(self, ids: Iterable[str]) -> list[str]:
        """The names in the order of the ids; of somebody unknown the id."""
        asked = list(ids)
        self._learn(sorted({id_ for id_ in asked if id_ not in self._known}))
        return [self._known[id_] for id_ in asked]

    def _learn(self, ids: list[str]) -> None:
        self._known |= {id_: id_ for id_ in ids}
        new = f"{NEW}{self._result.source}:"
        if coming := [id_.removeprefix(new) for id_ in ids if id_.startswith(new)]:
            found = self._store.mirror.objects(self._result.source, "user", coming)
            self._known |= {new + id_: names(one)[0] for id_, one in found.items()}
        if there := [id_ for id_ in ids if not id_.startswith(new)]:
            for id_, link in self._store.links.owners(self._result.target, "user", there).items():
                name = next((link.wrote[key] for key in ("userName", "displayName") if link.wrote.get(key)), None)
                if isinstance(name, str):
                    self._known[id_] = name


def member_ids(row: Row, *, added: bool) -> list[str]:
    """The target ids that a row adds to its group, or takes out."""
    ids: Json = (row.change.after if added else row.change.before).get("members")
    return [str(id_) for id_ in ids or ()]
