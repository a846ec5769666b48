"""One walk over the application's users does for two streams, read one after the other or side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from connectors.errors import Incomplete
from connectors.okta import shared_walk
from syncd.core.model import Stream
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def test_okta_expand_user_single_pass(world: World) -> None:
    world.people(1000)
    source = world.source()
    read = await world.read("users", source)
    assert len(read.users) == 1000
    assert source.requests == 2
    assert len((await world.read("assignments", source)).principals) == 1000
    assert source.requests == 3  # the application's groups; its users are known from just now


@pytest.mark.parametrize(("first", "second"), [("users", "assignments"), ("assignments", "users")])
async def test_the_second_stream_of_a_cycle_is_served_from_the_walk_of_the_first_once(
    world: World, first: Stream, second: Stream
) -> None:
    world.people(3)
    source = world.source()
    await world.read(first, source)
    served = await world.read(second, source)
    assert len(world.requests("expand=user")) == 1
    assert len(served.users) + len(served.principals) == 3
    world.people(1, prefix="new")
    again = await world.read(second, source)
    assert len(again.users) + len(again.principals) == 4
    assert len(world.requests("expand=user")) == 2


async def test_a_walk_that_began_long_ago_is_not_joined(world: World) -> None:
    world.people(3)
    source = world.source()
    await world.read("users", source)
    world.clock.advance(601)
    assert len((await world.read("assignments", source)).principals) == 3
    assert len(world.requests("expand=user")) == 2


async def test_two_streams_side_by_side_make_one_walk(world: World) -> None:
    users = world.people(23)
    world.options(page_size=5)
    source = world.source()
    one, other = await asyncio.gather(world.read("users", source), world.read("assignments", source))
    assert one.logins == [user.login for user in users]
    assert other.principals == [user.id for user in users]
    assert len(world.requests("expand=user")) == 5


async def test_more_rows_than_are_kept_cost_a_second_walk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_walk, "KEPT_ROWS", 7)
    world.people(12)
    world.options(page_size=5)
    source = world.source()
    assert len((await world.read("users", source)).users) == 12
    assert len((await world.read("assignments", source)).principals) == 12
    assert len(world.requests("expand=user")) == 6


async def test_a_slow_reader_is_waited_for_and_misses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_walk, "KEPT_ROWS", 7)
    users = world.people(40)
    world.options(page_size=5)
    source = world.source()
    slow = source.read("assignments", None)
    ids = [row.principal_id for row in (await anext(slow)).records]
    fast = asyncio.create_task(world.read("users", source))
    await asyncio.wait([fast], timeout=0.3)
    assert not fast.done()
    assert len(world.requests("expand=user")) <= 3
    async for page in slow:
        ids += [row.principal_id for row in page.records]
    assert ids == [user.id for user in users]
    assert (await fast).logins == [user.login for user in users]
    assert len(world.requests("expand=user")) == 8


async def test_a_reader_that_gives_up_does_not_hold_up_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_walk, "KEPT_ROWS", 7)
    users = world.people(40)
    world.options(page_size=5)
    source = world.source()
    slow = source.read("assignments", None)
    await anext(slow)
    fast = asyncio.create_task(world.read("users", source))
    await asyncio.wait([fast], timeout=0.3)
    await slow.aclose()
    assert (await fast).logins == [user.login for user in users]


async def test_a_reader_cancelled_in_mid_fetch_never_looks_like_the_end_of_the_list(world: World) -> None:
    world.people(23)
    world.options(page_size=5)
    source = world.source()
    other = source.read("assignments", None)
    await anext(other)
    world.fault({"delay_s": 1}, path="after=")
    fetching = asyncio.create_task(world.read("users", source))
    await asyncio.wait([fetching], timeout=0.2)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    with pytest.raises(Incomplete, match="interrupted"):
        await anext(other)
    assert len((await world.read("assignments", source)).principals) == 23


@pytest.mark.parametrize("stream", ["users", "assignments"])
async def test_a_walk_that_breaks_is_incomplete_for_both_streams(world: World, stream: Stream) -> None:
    world.people(12)
    world.options(page_size=5)
    world.fault({"status": 503}, path="/users?", nth=2, times=None)
    source = world.source()
    results = await asyncio.gather(
        world.read("users", source), world.read("assignments", source), return_exceptions=True
    )
    assert [type(result) for result in results] == [Incomplete, Incomplete]
    with pytest.raises(Incomplete):
        await world.read(stream, source)


async def test_with_everyone_read_from_the_user_list_nobody_is_asked_for_beside_the_assignments(world: World) -> None:
    world.people(12)
    source = world.source(scope="all")
    one, other = await asyncio.gather(world.read("users", source), world.read("assignments", source))
    assert (len(one.users), len(other.principals)) == (12, 12)
    assert len(world.requests(f"/apps/{world.app.id}/users?limit=500")) == 1
    assert world.requests("expand=user") == []
