"""The rate and the number of requests in flight, on a clock that is passed in."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.scim.gate import Gate
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


def test_the_gate_halves_when_overloaded_and_grows_by_one_a_good_round() -> None:
    gate = Gate(8)

    def answer(*, overloaded: bool = False) -> None:
        gate.in_flight += 1
        gate.leave(overloaded=overloaded)

    answer(overloaded=True)
    assert gate.size == 4
    for _ in range(4):
        answer()
    assert gate.size == 5
    for _ in range(100):
        answer()
    assert gate.size == 8
