"""The same world gives the same plan, row by row, and the same checksum on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import uvloop

from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.world import World, WorldSize
from state.store import Store
from state.tables import meta
from syncd.config import load
from syncd.cycle import Wish, sync
from syncd.report.result import JobResult, row_data
from syncd.runtime import Runtime
from tests import servers

JOBS = ("entra", "okta")
STEPS = 3


def shake(world: World, dice: random.Random) -> None:
    """Some changes at both sources."""
    graph, okta = world.graph, world.okta
    people = [user for user in graph.users if user.live]
    for user in dice.sample(people, 6):
        match dice.randrange(6):
            case 0:
                graph.update_user(user.id, jobTitle=dice.choice(["Lead", None, "Éditeur"]))
            case 1:
                graph.update_user(user.id, userPrincipalName=f"{dice.choice('aAzZ_é')}{dice.random()}@contoso.example")
            case 2:
                graph.disable_user(user.id)
            case 3:
                graph.delete(user.id)
            case 4:
                graph.set_manager(user.id, dice.choice([None, people[0].id]))
            case _:
                graph.create_user(userPrincipalName=f"new{dice.random()}@contoso.example")
    group = dice.choice([group for group in graph.groups if group.live])
    graph.rename_group(group.id, f"{group.values['displayName']} {dice.randrange(99)}")
    graph.add_members(group.id, *(user.id for user in dice.sample([u for u in graph.users if u.live], 3)))
    members = [member.id for member in group.members()]
    graph.remove_members(group.id, *dice.sample(members, min(2, len(members))))
    active = sorted(user.id for user in okta.users if user.status == "ACTIVE")
    *some, leaver = dice.sample(active, 5)
    for id_ in some:
        okta.update_user(id_, {"title": dice.choice(["Lead", "Head", "Éditeur"])})
    okta.set_status(leaver, "SUSPENDED")


def plans(runtime: Runtime, **wish: Any) -> list[tuple[str | None, list[dict[str, Any]]]]:
    """What each job would do, or did, less the ids that the target invents and the clock."""
    results: list[JobResult] = uvloop.run(sync(runtime, JOBS, Wish(previews=True, **wish)))
    assert [str(result.error) for result in results if result.error] == []
    return [(result.checksum, [row_data(row) for row in result.rows(runtime.store)]) for result in results]


@pytest.mark.parametrize("seed", range(3))
def test_plan_and_checksum_are_the_same_on_both(tmp_path: Path, postgres: servers.Postgres, seed: int) -> None:
    """Two worlds from one seed, one kept in step with the help of each database."""
    size = WorldSize(users=25, seed=seed + 1, quirks=Quirks(ids="name"))
    urls = (f"sqlite:///{tmp_path}/state.db", postgres.database())
    with World(size) as one, World(size) as other:
        runtimes = [
            Runtime(load(world.write_config(tmp_path)), Store.open(url))
            for world, url in zip((one, other), urls, strict=True)
        ]
        share_key(runtimes)
        for step in range(STEPS):
            dry = [plans(runtime, dry=True) for runtime in runtimes]
            assert dry[0] == dry[1]
            assert sum(len(rows) for _, rows in dry[0]) > 5
            carried_out = [plans(runtime) for runtime in runtimes]
            assert [checksum for checksum, _ in carried_out[0]] == [checksum for checksum, _ in dry[0]]
            assert carried_out[0] == carried_out[1]
            for world in (one, other):
                shake(world, random.Random(f"{seed} {step}"))
        for runtime in runtimes:
            runtime.close()


def share_key(runtimes: list[Runtime]) -> None:
    """Each installation has a key of its own; these two conceal and draw alike."""
    key = runtimes[0].store.key().hex()
    with runtimes[1].store.engine.begin() as c:
        c.execute(meta.insert().values(key="key", value=key))
