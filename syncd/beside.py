"""What a dry run stands beside: a cycle at work, and what earlier ones left open. It settles nothing, so it says so."""

from __future__ import annotations

from datetime import datetime

from state.store import Store


def beside(store: Store, job: str, *, now: datetime) -> list[dict[str, str | None]]:
    """Warnings of a dry run: what it shows is what would be done if all that stopped now."""
    planned, sent = _left(store, job, now)
    if (worker := store.leases.worker(job, now=now)) is not None:
        text = (
            f"Job {job} is being worked on by {worker}, so this is old in a moment: {planned:,} changes of its plan are "
            f"not sent yet and {sent:,} are not answered. To see when it is done: syncd status --job {job}"
        )
        return [{"code": "Working", "message": text, "name": None}]
    if planned or sent:
        text = (
            f"an earlier cycle of job {job} did not end: {planned:,} of its changes were not sent, and of {sent:,} nobody "
            f"knows whether they were carried out; those are looked up first, and may be nothing to do: syncd sync --job {job}"
        )
        return [{"code": "Unsettled", "message": text, "name": None}]
    return []


def _left(store: Store, job: str, now: datetime) -> tuple[int, int]:
    """How many rows of plans that have not ended were not sent, and of how many nobody knows whether they were carried
    out, less those whose object somebody has dealt with since."""
    journal, plans = store.journal, store.journal.unfinished(job, now=now)
    counts = [(status, n) for plan in plans for (_, _, status), n in journal.tally(plan).items()]
    sent = [row for plan in plans for row in journal.rows(plan, statuses=("sent",))]
    dealt_with = journal.superseded(job, sent)
    return sum(n for status, n in counts if status == "planned"), sum(row.key not in dealt_with for row in sent)
