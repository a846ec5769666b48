"""What many pages cost, and that it is the same to the mirror whether Graph tells all or only what changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from connectors.graph.credentials import make_credential
from connectors.graph.fault import Answer
from connectors.graph.source import GraphSource
from connectors.graph.transport import Limits, Transport
from connectors.graph.wire import Wire
from syncd.core.model import SourceUser
from tests.contract.graph_mirror import Mirror
from tests.contract.graph_world import PROFILE, TOKEN, World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        yield made


class MinimalWire(Wire):
    """Asks for what changed alone, which syncd does not do by itself."""

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        return await super().send(method, url, {**headers, "Prefer": "return=minimal"}, body)


def minimal(world: World) -> GraphSource:
    transport = Transport(
        lambda: MinimalWire(world.settings, make_credential(world.settings), body_bytes=1_000_000),
        source=world.settings.name,
        root=world.settings.root,
        limits=Limits(),
        sleep=world.sleep,
        now=world.clock.now,
        monotonic=world.clock.time,
    )
    return GraphSource(world.settings, transport)


async def test_graph_delta_minimal_mode_equals_default_mode(world: World):
    ways = {"default": (world.source(), Mirror()), "minimal": (minimal(world), Mirror())}
    for source, mirror in ways.values():
        await mirror.read(source, "users")
        await mirror.read(source, "groups")
    directory = world.directory
    led = [user.id for user in directory.users if user.live and user.manager is not None and user.manager.live][:2]
    others = [user.id for user in directory.users if user.live and user.id not in led][-6:]
    directory.update_user(led[0], jobTitle="Other")
    directory.set_manager(led[1], None)
    directory.clear_properties(others[0], ["department", "mobilePhone"])
    directory.set_manager(others[0], led[0])
    directory.disable_user(others[1])
    directory.update_group(directory.groups[0].id, description=None)
    directory.add_members(directory.groups[0].id, others[2])
    newcomer = directory.create_user(jobTitle="New")
    directory.delete(others[3])
    names: dict[str, list[int]] = {}
    for way, (source, mirror) in ways.items():
        world.forget()
        pages = await mirror.read(source, "users") + await mirror.read(source, "groups")
        assert {entry.headers.get("prefer") for entry in world.requests("/delta")} == {
            None if way == "default" else "return=minimal"
        }
        records = [record for page in pages for record in page.records if isinstance(record, SourceUser)]
        names[way] = sorted(len(record.attributes) for record in records if record.id != newcomer)
        world.mirror = mirror
        assert world.same_users()
        assert world.same_groups()
        await source.close()
    one, other = (mirror for _, mirror in ways.values())
    assert (one.users, one.groups, one.edges) == (other.users, other.groups, other.edges)
    assert sum(names["minimal"]) < sum(names["default"]) / 2, "the two modes were told different things"


PAGE = 100


def test_graph_memory_flat_while_paging():
    """Thirty pages hold what three do. With managers an id's hash stays of each user, for what Graph may say again.

    In a process of its own, so that the memory of the service is not counted.
    """
    with tenant(users=32 * PAGE, groups=1, memberships=1, assignments=1) as world:
        world.quirks.set({"users_page": PAGE, "removed_in_initial": False})
        script = f"""
import asyncio, gc, tracemalloc
from connectors.graph.settings import AccessToken, GraphSettings
from connectors.graph.source import open_source
from syncd.core.secret import Secret

async def read(attributes):
    source = open_source(GraphSettings(
        name="t", endpoint={world.root!r}, credential=AccessToken(token=Secret({TOKEN!r})),
        service_principal_id={world.directory.application.id!r}, user_attributes=frozenset(attributes),
    ))
    number, held = 0, []
    async for page in source.read("users", None):
        number += 1
        if number == 2:
            tracemalloc.start()
        if number in (4, 30):
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    await source.close()
    print(number, *held)

asyncio.run(read({sorted(PROFILE - {"manager"})!r}))
asyncio.run(read({sorted(PROFILE)!r}))
"""
        done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    for line, each in zip(done.stdout.splitlines(), (50, 250), strict=True):
        pages, early, late = map(int, line.split())
        assert pages >= 30
        assert (late - early) / (26 * PAGE) < each, "bytes that stay of each user"
