"""Throttling, faults of servers and connections, redirects, bounds: each one met over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from connectors.errors import AccessDenied, Incomplete
from connectors.graph.transport import Limits
from tests.contract.graph_world import World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        made.quirks.set({"users_page": 20})
        yield made


async def read(world: World, stream="users", **options):
    source = world.source(**options)
    try:
        await world.mirror.read(source, stream)
        return source.requests
    finally:
        await source.close()


@pytest.mark.parametrize("status", [429, 503, 504])
@pytest.mark.parametrize(("retry_after", "waited"), [(7, 7.0), ("date:9", 9.0), (0, 0.0)])
async def test_graph_429_retry_after_seconds_and_date(world, status, retry_after, waited):
    world.fault({"status": status, "retry_after": retry_after}, path="users/delta", nth=2)
    requests = await read(world)
    assert world.sleeps == [pytest.approx(waited, abs=1.0 if retry_after == "date:9" else 0)]
    first, second, *others = [entry.status for entry in world.requests()]
    assert (first, second, set(others)) == (200, status, {200})
    assert requests == len(world.requests())
    assert world.same_users()


async def test_graph_429_retry_after_beyond_180s(world):
    world.fault({"status": 429, "retry_after": 600}, path="users/delta", times=2)
    await read(world)
    assert world.sleeps == [600.0, 600.0]
    assert world.same_users()


async def test_a_wait_over_the_budget_of_the_round_is_not_begun(world):
    world.fault({"status": 429, "retry_after": 3600}, path="users/delta")
    with pytest.raises(Incomplete, match=r"429 TooManyRequests .*3600 seconds is over the budget"):
        await read(world)
    assert world.sleeps == []


async def test_graph_429_without_retry_after(world):
    world.fault({"status": 429}, path="users/delta", times=3)
    await read(world, jitter=lambda: 0.0)
    assert world.sleeps == [0.5, 1.0, 2.0]
    world.forget()
    world.mirror.watermarks.clear()
    world.fault({"status": 429}, path="users/delta", times=3)
    await read(world, jitter=lambda: 1.0)
    assert world.sleeps == [1.0, 2.0, 4.0]


async def test_graph_429_forever_ends_incomplete(world):
    world.fault({"status": 429, "retry_after": 1}, path=r"\$skiptoken", times=None)
    with pytest.raises(Incomplete, match="gave up after 10 attempts"):
        await read(world)
    assert len(world.requests()) == 11
    assert world.mirror.swept == []


async def test_graph_throttle_percentage_slows_down(world):
    world.fault({"add_headers": {"x-ms-throttle-limit-percentage": "0.9"}}, path="users/delta", times=2)
    await read(world)
    assert world.sleeps[0] == pytest.approx(0.6)
    assert sorted(world.sleeps, reverse=True) == world.sleeps
    assert {entry.status for entry in world.requests()} == {200}


async def test_graph_priority_low_in_full_rounds(world):
    await read(world)
    assert {entry.headers.get("x-ms-throttle-priority") for entry in world.requests()} == {"low"}
    world.forget()
    await read(world)
    assert {entry.headers.get("x-ms-throttle-priority") for entry in world.requests()} == {None}


async def survives(world: World, action, nth: int) -> None:
    """One fault costs one wait and nothing else."""
    world.fault(action, path="users/delta", nth=nth)
    await read(world)
    assert len(world.sleeps) == 1
    assert world.same_users()


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("action", [*({"status": n} for n in (408, 500, 502, 503, 504)), {"html": 502}], ids=str)
async def test_graph_5xx_and_html_errors_retried(world, action, nth):
    await survives(world, action, nth)


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("drop", ["before", "answer", "body"])
async def test_graph_connection_errors_retried(world, drop, reset, nth):
    await survives(world, {"drop": drop, "reset": reset}, nth)


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize(
    "action",
    [
        {"html": 200},
        {"truncate": 0},
        {"truncate": 0.5},
        {"truncate": 0.5, "length": "wrong"},
        {"corrupt_gzip": True},
        {"add_headers": {"content-encoding": "br"}},
    ],
    ids=str,
)
async def test_graph_truncated_or_corrupt_body_retried(world, action, nth):
    await survives(world, action, nth)


async def test_a_service_that_is_down_ends_the_round_after_bounded_attempts(world):
    limits = Limits(attempts=4)
    with pytest.raises(Incomplete, match=r"ConnectError.* gave up after 4 attempts"):
        await read(world, endpoint="http://127.0.0.1:9/v1.0", limits=limits)
    assert world.sleeps == [1.0, 2.0, 4.0]


async def test_graph_timeout_is_bounded(world):
    world.fault({"delay_s": 1}, path="users/delta", times=None)
    limits = Limits(attempts=2, attempt_s=0.2)
    with pytest.raises(Incomplete, match=r"no answer within 0\.2 seconds"):
        await asyncio.wait_for(read(world, limits=limits), 3)


async def test_a_round_that_takes_too_long_is_ended(world):
    world.fault({"status": 503, "retry_after": 40}, path="users/delta", times=None)
    with pytest.raises(Incomplete, match="took more than 60 seconds"):
        await read(world, limits=Limits(round_s=60.0))
    assert len(world.requests()) == 2


@pytest.mark.parametrize("kind", ["plain", "gzip bomb"])
async def test_an_answer_without_bound_is_not_read_to_its_end(world, kind):
    body = {"value": ["x" * 2_000_000]}
    if kind == "plain":
        world.emulator.gzip_level = 0
    world.fault({"replace": body}, path="users/delta", times=None)
    with pytest.raises(Incomplete, match="more than 1000000 bytes"):
        await read(world, limits=Limits(attempts=2, body_bytes=1_000_000))


async def test_graph_one_request_in_flight_per_chain(world):
    await read(world)
    assert {entry.concurrent for entry in world.requests()} == {1}
    world.forget()
    world.mirror.watermarks.clear()
    source = world.source()
    await asyncio.gather(world.mirror.read(source, "users"), _drain(source, "groups"))
    await source.close()
    assert max(entry.concurrent for entry in world.requests()) <= 2


async def test_the_next_page_is_on_its_way_while_the_caller_works(world):
    source = world.source()
    pages = source.read("users", None)
    await anext(pages)
    asked = len(world.requests())
    for _ in range(100):  # the caller works and gives the event loop no turn
        if (asked := len(world.requests())) > 1:
            break
        time.sleep(0.01)
    assert asked == 2
    await pages.aclose()
    await source.close()


async def _drain(source, stream):
    async for _ in source.read(stream, None):
        pass


async def test_graph_redirect_to_other_host_refused(world):
    with tenant(users=0) as other:
        for status in (301, 302, 303, 307, 308):
            world.fault({"redirect": f"{other.root}/users/delta", "status": status}, path="users/delta")
            with pytest.raises(Incomplete, match="redirect to another host"):
                await read(world)
        assert other.requests() == []


async def test_a_redirect_on_the_same_host_is_followed_a_few_times(world):
    world.fault({"redirect": "same", "status": 307}, path="users/delta", times=2)
    await read(world)
    assert world.same_users()
    world.mirror.watermarks.clear()
    world.fault({"redirect": "same", "status": 307}, path="users/delta", times=None)
    with pytest.raises(Incomplete, match="too many redirects"):
        await read(world)


async def test_graph_foreign_nextlink_gets_no_token(world):
    with tenant(users=0) as other:
        world.quirks.foreign_host_link = other.url
        with pytest.raises(Incomplete, match="another host"):
            await read(world)
        assert other.requests() == []
        assert len(world.requests()) == 1


async def test_graph_idle_cycle_call_budget(world):
    for stream in ("users", "groups", "assignments"):
        await read(world, stream)
    world.forget()
    source = world.source()
    for stream in ("users", "groups", "assignments"):
        await world.mirror.read(source, stream)
    await source.close()
    assert len(world.requests()) == source.requests == 4


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("stream", ["users", "groups", "assignments"])
async def test_graph_401_403_stop_without_removals(world, status, stream):
    await read(world, stream)
    world.forget()
    world.fault({"status": status}, times=None, path="/v1.0/")
    with pytest.raises(AccessDenied) as caught:
        await read(world, stream)
    assert len(world.requests()) == 1
    assert f"{status} " in str(caught.value)
    assert world.mirror.swept == []


async def test_a_missing_permission_is_named(world):
    world.fault({"status": 403}, path="groups/delta")
    with pytest.raises(AccessDenied) as caught:
        await read(world, "groups")
    assert str(caught.value) == (
        "Source contoso refused reading groups (403 Authorization_RequestDenied Insufficient privileges to complete the "
        "operation.). Give the application the permission GroupMember.Read.All, with the consent of an admin. "
        "Then run: syncd check"
    )
