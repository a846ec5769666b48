"""Tokens that Graph no longer knows: a full round of that stream, of no other, and only for the documented reasons."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from connectors.errors import Incomplete
from tests.contract.graph_world import World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        made.quirks.set({"users_page": 15})
        yield made


async def read(world: World, stream="users", **options):
    source = world.source(**options)
    try:
        return await world.mirror.read(source, stream)
    finally:
        await source.close()


async def expired(world: World):
    """A round from a token of eight days ago, without the connector's own rule of six."""
    start = world.clock.now()
    await read(world)
    world.clock.advance(8 * 86_400)
    world.forget()
    return await read(world, now=lambda: start)


async def test_graph_token_expired_400_sync_state_not_found(world):
    pages = await expired(world)
    assert [entry.status for entry in world.requests()][:2] == [400, 200]
    assert all(page.full for page in pages)
    assert world.same_users()


async def test_graph_token_expired_410_variant(world):
    world.quirks.expired_as = 410
    pages = await expired(world)
    assert [entry.status for entry in world.requests()][:2] == [410, 200]
    assert all(page.full for page in pages)
    assert world.same_users()


async def test_graph_plain_400_is_not_a_resync(world):
    await read(world)
    before = dict(world.mirror.watermarks)
    mark = orjson.loads(before["users"])
    world.mirror.watermarks["users"] = orjson.dumps({**mark, "deltaLink": mark["deltaLink"] + "tampered"}).decode()
    world.forget()
    with pytest.raises(Incomplete, match=r"400 Request_BadRequest .*run: syncd sync --full"):
        await read(world)
    assert len(world.requests()) == 1
    assert world.mirror.swept == []


@pytest.mark.parametrize("location", ["own", None, "http://127.0.0.2:9"])
@pytest.mark.parametrize("code", ["resyncRequired", "resyncApplyDifferences", "resyncUploadDifferences"])
async def test_graph_resync_codes_all_handled(world, code, location):
    await read(world)
    world.quirks.set({"resync_code": code, "resync_location": location})
    world.directory.reset_stream("users")
    world.forget()
    pages = await read(world)
    assert [entry.status for entry in world.requests()][:2] == [410, 200]
    assert all(page.full for page in pages)
    assert world.same_users()


async def test_graph_410_restarts_from_own_url(world):
    await read(world)
    world.directory.reset_stream("users")
    world.forget()
    await read(world)
    restart = world.requests()[1]
    assert restart.path == "/v1.0/users/delta"
    assert restart.query.startswith("$select=")


async def test_graph_stale_skiptoken_404_restarts_round(world):
    await read(world)
    for user in world.directory.users[:40]:
        world.directory.update_user(user.id, jobTitle="Moved")
    world.fault({"status": 404, "body": {"error": {"code": "UnknownError", "message": ""}}}, path=r"\$skiptoken", nth=1)
    pages = await read(world)
    assert [page.full for page in pages][:2] == [False, True]
    assert pages[-1].full
    assert world.mirror.swept == []
    assert world.same_users()


async def test_a_full_round_that_loses_its_place_is_incomplete_and_the_next_one_is_whole(world):
    await read(world)
    world.mirror.watermarks.clear()
    body = {"error": {"code": "UnknownError", "message": ""}}
    world.fault({"status": 404, "body": body}, path=r"\$skiptoken", nth=2)
    with pytest.raises(Incomplete, match="404 UnknownError"):
        await read(world)
    assert world.mirror.swept == []
    assert all(page.full for page in await read(world))
    assert world.same_users()


async def test_a_next_link_that_aged_is_handled_alike(world):
    world.quirks.skip_age_s = 60.0
    source = world.source()
    pages = source.read("users", None)
    await anext(pages)
    await anext(pages)
    world.clock.advance(120)
    with pytest.raises(Incomplete, match="404"):
        await _to_the_end(pages)
    await source.close()


async def _to_the_end(pages):
    async for _ in pages:
        pass


async def test_graph_resync_limited_to_one_stream(world):
    await read(world)
    await read(world, "groups")
    world.directory.reset_stream("users")
    assert all(page.full for page in await read(world))
    assert not any(page.full for page in await read(world, "groups"))


async def test_graph_resync_sweep_only_after_deltalink(world):
    await read(world)
    leaver = world.directory.users[5].id
    world.directory.purge(leaver)
    world.directory.reset_stream("users")
    for nth in (1, 2, 3):
        world.fault({"status": 400}, path=r"\$skiptoken", nth=nth)
        with pytest.raises(Incomplete):
            await read(world)
        assert world.mirror.swept == []
        world.emulator.faults.clear()
    await read(world)
    assert leaver not in world.mirror.users
    assert world.same_users()


async def test_graph_resync_finds_missed_hard_delete(world):
    world.quirks.removed_in_initial = False
    await read(world)
    leaver = world.directory.users[5].id
    world.directory.purge(leaver)
    world.directory.reset_stream("users")
    await read(world)
    assert world.mirror.swept == [leaver]


async def test_graph_token_refreshed_before_seven_days(world):
    await read(world)
    world.clock.advance(5.9 * 86_400)
    world.forget()
    assert not any(page.full for page in await read(world))
    world.clock.advance(5.9 * 86_400)
    assert not any(page.full for page in await read(world))
    world.clock.advance(6.1 * 86_400)
    world.forget()
    assert all(page.full for page in await read(world))
    assert {entry.status for entry in world.requests()} == {200}


async def test_a_watermark_of_another_tenant_or_host_is_not_used(world):
    await read(world)
    stored = world.mirror.watermarks["users"]
    world.mirror.watermarks["users"] = stored.replace("127.0.0.1", "127.0.0.2")
    assert all(page.full for page in await read(world))
    world.mirror.watermarks["users"] = stored
    assert all(page.full for page in await read(world, tenant_id="another"))
