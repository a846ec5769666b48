"""When the next request may go: budgets by Okta's clock, waits after refusals, lanes."""

from __future__ import annotations

import asyncio
import random
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.okta.backoff import Backoff, concurrency_exceeded
from connectors.okta.buckets import LONGEST_WAIT_S, Buckets, bucket_of
from connectors.okta.lanes import Lanes

SERVER = 1_800_000_000.0


class World:
    """A clock of ours that is `skew` seconds off Okta's, and a sleep that moves both."""

    def __init__(self, skew: float = 0.0) -> None:
        self.time, self.skew = SERVER, skew
        self.slept: list[float] = []
        self.buckets = Buckets(clock=lambda: self.time + self.skew, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def answer(self, path: str, *, limit: int, remaining: int, reset: float) -> None:
        self.buckets.learn(
            path,
            {
                "Date": formatdate(self.time, usegmt=True),
                "X-Rate-Limit-Limit": str(limit),
                "X-Rate-Limit-Remaining": str(remaining),
                "X-Rate-Limit-Reset": str(int(reset)),
            },
        )


@pytest.mark.parametrize("skew", [0.0, 600.0, -600.0])
async def test_an_exhausted_budget_waits_for_its_reset_by_okta_s_clock(skew: float) -> None:
    world = World(skew)
    world.answer("/api/v1/users?limit=200", limit=600, remaining=60, reset=SERVER + 30)
    with await world.buckets.admit("/api/v1/users?after=x"):
        pass
    assert world.slept == [31.0]


async def test_a_reserve_of_a_tenth_is_left_to_others() -> None:
    world = World()
    world.answer("/api/v1/users", limit=100, remaining=11, reset=SERVER + 30)
    first = await world.buckets.admit("/api/v1/users")
    assert world.slept == []
    with first, await world.buckets.admit("/api/v1/users"):  # the one in flight will take the eleventh
        pass
    assert len(world.slept) == 1


async def test_an_exhausted_budget_holds_up_no_other() -> None:
    world = World()
    world.answer("/api/v1/apps/0oa1/users", limit=100, remaining=0, reset=SERVER + 60)
    with await world.buckets.admit("/api/v1/users"), await world.buckets.admit("/api/v1/groups/00g1/users"):
        pass
    assert world.slept == []


async def test_answers_that_overtake_each_other_do_not_give_budget_back() -> None:
    world = World()
    world.answer("/api/v1/users", limit=100, remaining=5, reset=SERVER + 30)
    world.answer("/api/v1/users", limit=100, remaining=80, reset=SERVER + 30)
    with await world.buckets.admit("/api/v1/users"):
        pass
    assert world.slept == [31.0]


async def test_a_reset_far_ahead_is_not_believed() -> None:
    world = World()
    world.answer("/api/v1/users", limit=100, remaining=0, reset=SERVER + 100)
    world.answer("/api/v1/users", limit=100, remaining=0, reset=SERVER + 1_000_000)
    entered = asyncio.create_task(world.buckets.admit("/api/v1/users"))
    for _ in range(20):
        await asyncio.sleep(0)
    entered.cancel()
    assert max(world.slept) <= LONGEST_WAIT_S


async def test_a_budget_of_one_request_is_still_used() -> None:
    world = World()
    world.answer("/api/v1/users", limit=1, remaining=1, reset=SERVER + 30)
    with await world.buckets.admit("/api/v1/users"):
        pass
    assert world.slept == []


@pytest.mark.parametrize(
    ("path", "bucket"),
    [
        ("/api/v1/users?limit=200", "users"),
        ("/api/v1/users/00u1", "users/{id}"),
        ("/api/v1/users/00u1/groups?limit=200", "users/{id}/groups"),
        ("/api/v1/groups", "groups"),
        ("/api/v1/groups/00g1/users?after=a/b", "groups/{id}/users"),
        ("/api/v1/apps/0oa1", "apps/{id}"),
        ("/api/v1/apps/0oa1/users/00u1", "apps"),
        ("/api/v1/apps", "apps"),
        ("/api/v1/logs", "logs"),
        ("/api/v1/meta/types/user", "other"),
        ("/oauth2/v1/token", "oauth2"),
    ],
)
def test_every_kind_of_endpoint_has_a_budget(path: str, bucket: str) -> None:
    assert bucket_of(path) == bucket


@given(st.integers(1, 1000), st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 5000)), max_size=5))
def test_no_header_makes_the_pacing_wait_longer_than_its_bound(ahead: int, seen: list[tuple[int, int]]) -> None:
    async def run() -> None:
        world = World()
        for limit, remaining in seen:
            world.answer("/api/v1/users", limit=limit, remaining=remaining, reset=SERVER + ahead % 60)
        with await world.buckets.admit("/api/v1/users"):
            assert sum(world.slept) <= 2 * LONGEST_WAIT_S

    asyncio.run(run())


BACKOFF = Backoff(random=random.Random(1))


def headers(**more: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in more.items()}


def test_a_refusal_waits_until_reset() -> None:
    given_ = headers(X_Rate_Limit_Limit="600", X_Rate_Limit_Remaining="0", X_Rate_Limit_Reset=str(int(SERVER) + 20))
    assert BACKOFF.throttled_s(1, given_, SERVER) == 21


def test_retry_after_wins_when_it_is_later() -> None:
    given_ = headers(X_Rate_Limit_Limit="600", X_Rate_Limit_Reset=str(int(SERVER) + 20))
    assert BACKOFF.throttled_s(1, {**given_, "Retry-After": "45"}, SERVER) == 45
    assert BACKOFF.throttled_s(1, {**given_, "Retry-After": "3"}, SERVER) == 21
    date = formatdate(SERVER + 40, usegmt=True)
    assert BACKOFF.throttled_s(1, {**given_, "Retry-After": date}, SERVER) == 41


@pytest.mark.parametrize("value", ["", "soon", "Thu, 99 Foo 2026", "-5"])
def test_a_retry_after_that_says_nothing_is_ignored(value: str) -> None:
    assert 0.25 <= BACKOFF.throttled_s(1, {"Retry-After": value}, SERVER) <= 0.5


def test_a_concurrency_limit_is_backed_off_whatever_its_reset() -> None:
    given_ = headers(X_Rate_Limit_Limit="0", X_Rate_Limit_Remaining="0", X_Rate_Limit_Reset=str(int(SERVER) + 59))
    assert concurrency_exceeded(given_)
    assert BACKOFF.throttled_s(1, given_, SERVER) <= 0.5


def test_the_wait_doubles_up_to_its_bound_and_is_never_the_same() -> None:
    waits = [[BACKOFF.jitter_s(n) for _ in range(50)] for n in range(1, 12)]
    for n, some in enumerate(waits):
        whole = min(30.0, 0.5 * 2**n)
        assert all(whole / 2 <= wait <= whole for wait in some)
        assert len(set(some)) > 1


async def test_lanes_let_in_as_many_as_they_are_wide_and_fewer_once_narrowed() -> None:
    lanes = Lanes(4)
    inside = most = 0

    async def one() -> None:
        nonlocal inside, most
        async with lanes.one():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 4
    lanes.narrow()
    lanes.narrow()
    lanes.narrow()
    most = 0
    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 1
