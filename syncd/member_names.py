"""What the members of a group are called at the target, for one that is told that beside their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from state.store import Store
from syncd.core.change import Action, Change
from syncd.core.model import Json
from syncd.job import Job


def names_in_plan(store: Store, job: Job, plan: str, members: Mapping[str, str]) -> dict[str, str]:
    """User names by target id, as they will be when a plan is carried out. `members`: {source id: target id, or "new:…"}."""
    links = store.links.of(job.name, "user", members)
    names = {id_: link.wrote.get("userName") for id_, link in links.items()}
    names |= store.journal.planned_names(plan, "user", members)
    return _texts({members[id_]: name for id_, name in names.items()})


def named(store: Store, job: Job, change: Change) -> Change:
    """A row with real ids, with the names of the members that it adds, as they are now."""
    if change.action is not Action.ADD_MEMBERS:
        return change
    owners = store.links.owners(job.target, "user", change.after["members"])
    return replace(change, called=_texts({id_: link.wrote.get("userName") for id_, link in owners.items()}))


def _texts(names: Mapping[str, Json]) -> dict[str, str]:
    """Those that are known: a name that no log may show is kept as a mark, and is not told."""
    return {id_: name for id_, name in names.items() if isinstance(name, str)}
