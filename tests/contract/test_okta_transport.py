"""What Okta's network does to a reader: refusals, breaks, silence. Every wait moves the sandbox's clock alone."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator

import pytest

from connectors.errors import Incomplete
from tests.contract.okta_world import World, organisation

RATE_HEADERS = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", "retry-after")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        made.people(12)
        made.options(page_size=5)
        yield made
        await made.close()


async def reads_everyone(world: World) -> None:
    assert len((await world.read("users")).users) == 12


async def test_okta_429_waits_until_reset(world: World) -> None:
    reset = int(world.clock.time()) + 40
    headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    world.fault({"status": 429, "headers": headers}, path="after=")
    await reads_everyone(world)
    refused = next(entry for entry in world.requests() if entry.status == 429)
    after = next(entry for entry in world.requests() if entry.n > refused.n)
    assert after.at >= reset
    assert after.at < reset + 5


async def test_okta_429_without_headers_backs_off(world: World) -> None:
    world.fault({"status": 429, "strip_headers": RATE_HEADERS}, path="after=", times=3)
    await reads_everyone(world)
    assert len(world.sleeps) == 3
    assert sorted(world.sleeps) == world.sleeps
    assert 0.25 <= world.sleeps[0] <= 0.5


@pytest.mark.parametrize("value", [90, "date:90"])
async def test_okta_429_with_retry_after_honoured(world: World, value: int | str) -> None:
    world.fault({"status": 429, "retry_after": value}, path="after=")
    await reads_everyone(world)
    assert 89 <= max(world.sleeps) <= 92


async def test_okta_429_concurrency_backs_off(world: World) -> None:
    for n in range(12):
        group = world.directory.create_group(f"Group {n}")
        for user in world.directory.users:
            world.directory.add_member(group.id, user.id)
    headers = {"x-rate-limit-limit": "0", "x-rate-limit-remaining": "0"}
    world.fault({"status": 429, "headers": headers}, path="/groups/[^/]+/users", times=3)
    world.fault({"delay_s": 0.02}, path="/groups/[^/]+/users", times=None)
    source = world.source(concurrency=4)
    read = await world.read("groups", source)
    assert all(len(members) == 12 for members in read.members.values())
    last_refused = max(entry.n for entry in world.requests() if entry.status == 429)
    assert max(entry.concurrent for entry in world.requests() if entry.n > last_refused + 4) == 1
    assert source.throttled == 3


async def test_okta_429_forever_ends_incomplete(world: World) -> None:
    world.fault({"status": 429}, path="after=", times=None)
    with pytest.raises(Incomplete, match="429"):
        await world.read("users")
    assert len(world.requests("after=")) <= 16
    assert sum(world.sleeps) <= 1800


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("strip", [(), RATE_HEADERS])
async def test_okta_5xx_backoff_and_recover(world: World, status: int, strip: tuple[str, ...]) -> None:
    world.fault({"status": status, "strip_headers": strip}, path="/users?", times=3)
    await reads_everyone(world)
    assert sum(world.sleeps) > 0.25


async def test_an_html_error_page_is_retried_like_any_other_502(world: World) -> None:
    world.fault({"html": 502}, path="/users?", times=2)
    await reads_everyone(world)


async def test_okta_500_on_list_shrinks_limit(world: World) -> None:
    world.fault({"status": 500}, path="limit=(500|250)&?", times=None)
    world.options(page_size=None)
    await reads_everyone(world)
    limits = [part for entry in world.requests() for part in entry.query.split("&") if part.startswith("limit=")]
    assert limits == ["limit=500"] * 2 + ["limit=250"] * 2 + ["limit=125"]


@pytest.mark.parametrize(
    "action",
    [
        {"drop": "before"},
        {"drop": "before", "reset": True},
        {"drop": "answer"},
        {"drop": "body"},
        {"drop": "body", "reset": True},
        {"truncate": 0.5, "length": "wrong"},
        {"truncate": 0.5},
        {"corrupt_gzip": True},
    ],
)
async def test_okta_connection_failures_retried(world: World, action: dict[str, object]) -> None:
    world.fault(action, path="after=", times=2)
    await reads_everyone(world)
    assert world.emulator.faults.data[0]["hit"] == 2
    assert world.sleeps  # aiohttp itself tries a kept connection that broke once more, at once


async def test_a_refused_connection_ends_incomplete_after_bounded_attempts(world: World) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(Incomplete, match="after 8 attempts"):
            await world.read("users", org_url=url)


async def test_okta_timeout_is_bounded(world: World) -> None:
    world.fault({"delay_s": 5}, path="after=", times=None)
    started = time.monotonic()
    with pytest.raises(Incomplete, match="Timeout"):
        await world.read("users", timeout_s=0.05)
    assert time.monotonic() - started < 4


async def test_okta_pacing_keeps_reserve(world: World) -> None:
    world.options(page_size=1, buckets={"apps": 16}, plan="workforce")  # eight for one token
    world.people(20, prefix="more")
    source = world.source()
    read = await world.read("users", source)
    assert len(read.users) == 32
    assert source.throttled == 0
    assert len(world.sleeps) >= 3
    assert all(entry.status == 200 for entry in world.requests())


async def test_okta_buckets_paced_independently(world: World) -> None:
    world.options(page_size=1, buckets={"apps": 16}, plan="workforce")
    source = world.source()
    pages = source.read("users", None)
    for _ in range(6):
        await anext(pages)
    before = list(world.sleeps)
    assert (await source.find("group", "Everyone"))[0].kind == "group"
    groups = world.requests("/api/v1/groups")
    assert groups
    assert world.sleeps[: len(before)] == before
    await pages.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("skew", [600.0, -600.0])
async def test_okta_clock_skew_uses_server_date(world: World, skew: float) -> None:
    world.skew = skew
    reset = int(world.clock.time()) + 40
    headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    world.fault({"status": 429, "headers": headers}, path="after=")
    await reads_everyone(world)
    assert 39 <= max(world.sleeps) <= 43


@pytest.mark.parametrize("target", ["same", "http://127.0.0.1:9/api/v1/users", "//["])
async def test_okta_redirect_refused(world: World, target: str) -> None:
    world.fault({"redirect": target, "status": 302}, path="after=", times=None)
    with pytest.raises(Incomplete, match=r"a redirect.*, which is not followed"):
        await world.read("users")
    assert len(world.requests("after=")) == 1


async def test_okta_response_size_capped(world: World) -> None:
    world.fault({"transform": "oversized", "with": 3_000_000}, path="after=", times=None)
    with pytest.raises(Incomplete, match="more than 1000000 bytes"):
        await world.read("users", max_body_bytes=1_000_000)
    assert len(world.requests("after=")) == 1


async def test_okta_single_connection_reused(world: World) -> None:
    source = world.source(concurrency=1)
    await world.read("users", source)
    await world.read("groups", source)
    await world.read("assignments", source)
    assert len({entry.client_port for entry in world.requests()}) == 1


async def test_a_round_that_is_given_up_leaves_nothing_running(world: World) -> None:
    for n in range(12):
        world.directory.create_group(f"Group {n}")
    source = world.source()
    pages = source.read("groups", None)
    await anext(pages)
    await anext(pages)
    await anext(pages)
    await pages.aclose()  # type: ignore[attr-defined]
    sent = source.requests
    await source.find("group", "Group 1")
    assert source.requests - sent <= 6
