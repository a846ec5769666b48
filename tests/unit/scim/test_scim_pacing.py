"""The rate and the number of requests in flight, on a clock that is passed in."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.scim.breaker import Breaker
from connectors.scim.gate import Gate
from connectors.scim.latency import Latency
from connectors.scim.pace import Pace
from tests.contract.quick_time import QuickTime


async def test_no_more_than_the_rate_leave_in_any_second() -> None:
    time = QuickTime()
    pace = Pace(25, time.timing)
    left: list[float] = []
    for _ in range(100):
        await pace.wait()
        left.append(time.elapsed_s)
    assert all(left[n + 25] - left[n] >= 1 - 1e-9 for n in range(75))
    assert left[-1] == pytest.approx(99 / 25)


async def test_without_a_rate_nothing_waits() -> None:
    time = QuickTime()
    pace = Pace(None, time.timing)
    for _ in range(1000):
        await pace.wait()
    assert time.slept == []


async def test_a_pause_holds_everything_and_a_shorter_one_does_not_end_it() -> None:
    time = QuickTime()
    pace = Pace(None, time.timing)
    pace.pause(60)
    pace.pause(1)
    await pace.wait()
    assert time.elapsed_s == 60


async def test_a_burst_of_tasks_shares_the_rate() -> None:
    time = QuickTime()
    pace = Pace(10, time.timing)
    await asyncio.gather(*(pace.wait() for _ in range(20)))
    assert time.elapsed_s >= 1.9


@settings(deadline=None)
@given(steps=st.lists(st.booleans(), max_size=60), maximum=st.integers(1, 16))
def test_the_gate_stays_within_its_bounds_and_loses_no_place(steps: list[bool], maximum: int) -> None:
    async def run() -> None:
        gate = Gate(maximum)
        for overloaded in steps:
            await gate.enter()
            assert 0 < gate.in_flight <= gate.maximum
            gate.leave(overloaded=overloaded)
            assert 1 <= gate.size <= gate.maximum
        assert gate.in_flight == 0

    asyncio.run(run())


async def test_the_gate_admits_no_more_than_its_size_and_everybody_in_the_end() -> None:
    gate = Gate(3)
    running = most = done = 0

    async def work() -> None:
        nonlocal running, most, done
        await gate.enter()
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        gate.leave()
        done += 1

    await asyncio.gather(*(work() for _ in range(50)))
    assert (most, done, gate.in_flight) == (3, 50, 0)


async def test_a_cancelled_waiter_leaves_no_hole() -> None:
    gate = Gate(1)
    await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    admitted = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    waiting.cancel()
    gate.leave()
    await admitted
    assert gate.in_flight == 1
    late = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gate.leave()
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    assert gate.in_flight == 0


def answer(gate: Gate, times: int = 1, **judged: bool) -> None:
    for _ in range(times):
        gate.in_flight += 1
        gate.leave(**judged)


def test_the_gate_begins_small_grows_by_one_a_good_round_and_halves_when_overloaded() -> None:
    gate = Gate(8)
    assert gate.size == 4
    answer(gate, 4)
    assert gate.size == 5
    answer(gate, 100)
    assert gate.size == 8
    answer(gate, overloaded=True)
    assert gate.size == 4


def test_a_round_of_slow_answers_takes_one_place_away_and_never_the_last() -> None:
    gate = Gate(8)
    answer(gate, 4, slow=True)
    assert gate.size == 3
    answer(gate, 100, slow=True)
    assert gate.size == 1
    answer(gate)
    assert gate.size == 2


def served_by(one_after_the_other_s: float, at_once_s: float, rounds: int) -> Gate:
    """The gate after many requests to a service of this speed."""
    gate, latency, dice = Gate(32), Latency(), random.Random(7)
    for _ in range(rounds):
        seconds = at_once_s * dice.uniform(0.4, 1.6) + gate.size * one_after_the_other_s
        answer(gate, slow=not latency.holds("POST", seconds, alone=gate.size == 1))
    return gate


def test_a_service_that_became_slower_for_good_is_measured_anew() -> None:
    gate, latency = Gate(16), Latency()
    sizes = []
    for seconds in (0.1, 0.9):
        for _ in range(2_000):
            answer(gate, slow=not latency.holds("GET", seconds, alone=gate.size == 1))
        sizes.append(gate.size)
    assert sizes == [16, 16]


@pytest.mark.parametrize(
    ("one_after_the_other_s", "at_once_s", "fewest", "most"),
    [(0.0, 0.3, 32, 32), (0.001, 0.0, 32, 32), (0.2, 0.0, 1, 14), (0.0, 0.001, 32, 32)],
    ids=["slow, however many", "fast, one after the other", "password hashing, one after the other", "fast"],
)
def test_the_gate_finds_how_many_a_service_takes(
    one_after_the_other_s: float, at_once_s: float, fewest: int, most: int
) -> None:
    sizes = [served_by(one_after_the_other_s, at_once_s, rounds).size for rounds in (800, 900, 1000, 1100)]
    assert all(fewest <= size <= most for size in sizes), sizes


def test_slow_answers_of_one_method_say_nothing_about_another() -> None:
    latency = Latency()
    for _ in range(20):
        assert latency.holds("GET", 0.01, alone=False)
        assert latency.holds("POST", 0.9, alone=False)


def opened(time: QuickTime) -> Breaker:
    breaker = Breaker(8, time.timing)
    for _ in range(breaker.limit):
        assert breaker.rest_s() == 0
        breaker.failed("503: gone fishing", trial=False)
    return breaker


def test_the_breaker_opens_after_so_many_failures_in_a_row_and_an_answer_begins_anew() -> None:
    breaker = Breaker(8, QuickTime().timing)
    for _ in range(3):
        for _ in range(breaker.limit - 1):
            breaker.failed("x", trial=False)
        breaker.answered()
    assert not breaker.is_open
    assert opened(QuickTime()).is_open


def test_one_trial_goes_after_the_rest_and_an_answer_closes_the_breaker() -> None:
    time = QuickTime()
    breaker = opened(time)
    assert breaker.rest_s() == pytest.approx(5)
    time.elapsed_s += 5
    assert breaker.rest_s() == 0
    assert breaker.rest_s() > 0, "the second one waits for the end of the trial"
    breaker.answered()
    assert (breaker.is_open, breaker.rest_s()) == (False, 0)


def test_each_failed_trial_doubles_the_rest_up_to_a_minute_and_late_failures_do_not() -> None:
    time = QuickTime()
    breaker = opened(time)
    breaker.failed("a request that left before it opened", trial=False)
    assert breaker.rest_s() == pytest.approx(5)
    rests = []
    for _ in range(6):
        time.elapsed_s += breaker.rest_s()
        assert breaker.rest_s() == 0
        breaker.failed("still away", trial=True)
        rests.append(breaker.rest_s())
    assert rests == pytest.approx([10, 20, 40, 60, 60, 60])


def test_the_breaker_tells_its_state() -> None:
    time = QuickTime()
    breaker = opened(time)
    time.elapsed_s += 2
    assert breaker.words == (
        "16 requests in a row failed, the last with: 503: gone fishing; the circuit breaker is open for 2 s and lets the "
        "next one try in 3 s"
    )
