"""What one run of one job came to: the facts that every form of report shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from state.journal import Row
from state.store import Store
from syncd.core.change import Action, Change, Status
from syncd.core.errors import SyncdError
from syncd.core.model import Json
from syncd.log_entry import modified

COUNTED = (
    "create",
    "adopt",
    "update",
    "reactivate",
    "add_members",
    "remove_members",
    "deactivate",
    "delete",
    "skip",
    "held",
    "failed",
)

#: rows that may stand for something to remember alone, or whose members count one by one
_BY_VALUE = (Action.ADD_MEMBERS, Action.REMOVE_MEMBERS, Action.REFERENCE)


@dataclass(kw_only=True)
class JobResult:
    """One job's run."""

    job: str
    source: str
    target: str
    dry: bool
    started: datetime
    cycle: str = "incremental"
    checksum: str | None = None
    complete: bool = True
    seconds: float = 0.0
    read: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("users", "groups", "assignments", "requests"), 0)
    )
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    plans: list[str] = field(default_factory=list)
    planned: int = 0  #: rows that a dry run found to do
    approvable: int = 0  #: held rows that an approval lets go; the others are conflicts
    waiting: int = 0  #: failing objects that wait for their next try
    seats: str | None = None
    warnings: list[dict[str, str | None]] = field(default_factory=list)
    drift: list[dict[str, Json]] = field(default_factory=list)
    error: SyncdError | None = None

    @property
    def exit_code(self) -> int:
        """0 nothing left to do · 1 error · 3 held · 4 some objects failed · 2 a dry run found changes."""
        if self.error is not None:
            return 1
        if self.counts["held"]:
            return 3
        if self.counts["failed"] or self.waiting:
            return 4
        return 2 if self.dry and self.planned else 0

    @property
    def word(self) -> str:
        """ok, held, partial or failed: the metric's label."""
        return {0: "ok", 3: "held", 4: "partial"}.get(self.exit_code, "failed")

    def count(self, store: Store) -> None:
        """Count the rows of all plans of this run."""
        counts = dict.fromkeys(COUNTED, 0) | {"skip": self.counts["skip"]}
        self.planned = self.approvable = 0

        def add(action: Action, status: Status, guarded: bool, number: int, weight: int) -> None:
            if status in ("held", "failed"):
                counts[status] += number
                self.approvable += number if status == "held" and guarded else 0
            elif status in ("planned", "done"):
                self.planned += number if status == "planned" else 0
                counts[action.word] += weight

        for plan in self.plans:
            for (action, status, guarded), number in store.journal.counted(plan, but=_BY_VALUE).items():
                if status != "held" or plan == self.plans[-1]:
                    add(action, status, guarded, number, number)
            for row in self._told(plan, _one_by_one(store, plan)):
                add(row.change.action, row.status, row.guarded, 1, weight(row.change))
        self.counts = counts

    def rows(self, store: Store) -> Iterator[Row]:
        """The rows of all plans of this run in their order, redacted values hidden."""
        for plan in self.plans:
            yield from self._told(plan, store.journal.rows(plan, shown=True))

    def _told(self, plan: str, rows: Iterable[Row]) -> Iterator[Row]:
        """Each plan looks again at all that is held, so what an earlier one of this run held shows in the last one."""
        for row in rows:
            if not row.change.only_remembers and (row.status != "held" or plan == self.plans[-1]):
                yield row

    def data(self, store: Store) -> dict[str, Json]:
        """The contract's object for one job."""
        return {
            "job": self.job,
            "cycle": self.cycle,
            "source": self.source,
            "target": self.target,
            "checksum": self.checksum,
            "complete": self.complete,
            "started": self.started.isoformat().replace("+00:00", "Z"),
            "seconds": round(self.seconds, 3),
            "read": self.read,
            "counts": self.counts,
            "changes": [row_data(row) for row in self.rows(store)],
            "seats": self.seats,
            "warnings": self.warnings,
            "drift": self.drift,
            "error": str(self.error) if self.error else None,
        }


def _one_by_one(store: Store, plan: str) -> Iterator[Row]:
    """The rows of a plan that are not counted without a look at what they change or came to."""
    for action in _BY_VALUE:
        yield from store.journal.rows(plan, action=action, shown=True)
    for row in store.journal.rows(plan, statuses=("sent",), shown=True):
        if row.change.action not in _BY_VALUE:
            yield row


def row_data(row: Row) -> dict[str, Json]:
    """The contract's object for one change."""
    change = row.change
    return {
        "action": change.action.word,
        "kind": change.kind,
        "source_id": change.source_id,
        "target_id": change.target_id,
        "name": change.name,
        "why": change.why,
        "modified": modified(change),
        "requests": row.requests or [],
        "held": change.held,
        "status": row.status,
        "error": error_data(row.error),
    }


def error_data(error: Json) -> Json:
    """An error with all its fields."""
    if not error:
        return None
    return {key: error.get(key) for key in ("code", "http_status", "message", "next_try", "remedy")}


def weight(change: Change) -> int:
    """How much a row counts: memberships count their members."""
    if change.action.of_members:
        return len(change.after.get("members") or change.before.get("members") or ())
    return 1
