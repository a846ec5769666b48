"""A move: somebody who has an account passes out of the scope of the job that keeps it, into that of another."""

from __future__ import annotations

from tests.simulation import invariants
from tests.simulation.titles import SECRET_TITLE
from tests.simulation.world import World

_TITLES = (None, "Clerk", "Director", SECRET_TITLE)


def move(world: World) -> str | None:
    """One at random, by a new title. Says which; None where no title moves anybody."""
    ids = {id_: name for name, id_ in world.company.directory.ids.items()}
    found = []
    for link in invariants.links(world):
        person = world.company.people.get(ids.get(link.source_id, ""))
        if person is None or ids[link.source_id] not in world.company.entitled() or link.job not in world.titles:
            continue
        keeps = world.titles[link.job]
        others = [titles for job, titles in world.titles.items() if job != link.job]
        found += [
            (ids[link.source_id], title)
            for title in _TITLES
            if keeps.has(person.title) and not keeps.has(title) and any(other.has(title) for other in others)
        ]
    if not found:
        return None
    name, title = world.dice.choice(sorted(found, key=str))
    world.company.set_title(name, title)
    return f"{name} {title}"
