"""`syncd status`: how each job stands, from the state DB alone."""

from __future__ import annotations

from collections.abc import Iterable

from syncd.core.model import Json
from syncd.runtime import Runtime


def status(runtime: Runtime, jobs: Iterable[str] = ()) -> list[dict[str, Json]]:
    """The contract's object for each job, with what else is worth knowing: links, who is at work, the target's ways."""
    store = runtime.store
    rows: list[dict[str, Json]] = []
    for name in runtime.job_names(jobs):
        said, memory, links = runtime.settings.jobs[name], store.jobs.get(name), store.links.count(name)
        facts = store.facts(said.target)
        rows.append(
            {
                "job": name,
                "source": said.source,
                "target": said.target,
                "schedule": str(said.schedule),
                "last_cycle": memory.last,
                "next_cycle": _text(memory.next_at),
                "counts": (memory.last or {}).get("counts"),
                "links": {
                    f"{kind}s": {"active": links.get((kind, True), 0), "inactive": links.get((kind, False), 0)}
                    for kind in ("user", "group")
                },
                "held": store.pending.count(name, "held"),
                "failing": store.pending.count(name, "failed"),
                "quarantine": memory.quarantine,
                "paused": memory.paused,
                "steady_since": _text(memory.steady_since),
                "working": store.leases.holder(name, now=runtime.clock.now()),
                "learned": list((facts or {}).get("learned", ())),
                "learned_at": _text(store.facts_at(said.target)),
            }
        )
    return rows


def _text(moment: Json) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
