"""The pace that a target asks for, or that it shows by failing: waits, pauses, the circuit breaker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.errors import Unreachable
from syncd.core.change import Action
from tests.contract.target_contract import change, person
from tests.contract.target_world import Open


@pytest.mark.parametrize(("told", "waited"), [(7, 7.35), ("date:20", 20.5), (None, 0.5)])
async def test_429_waits_as_told_and_then_goes_on(world: Open, told: Any, waited: float) -> None:
    w = world()
    await w.target.discover()
    w.time.start = w.emulator.clock.now()
    action = {"status": 429} | ({} if told is None else {"retry_after": told})
    w.fault(action, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert outcome.status == "done"
    assert outcome.requests == 2
    assert sum(w.time.slept) == pytest.approx(waited, abs=1.6 if isinstance(told, str) else 0.01)
    assert len(w.store.users()) == 1


async def test_a_429_that_does_not_end_is_a_failure_with_its_words(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.fault({"status": 429, "retry_after": 1}, times=None, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert (outcome.status, outcome.code, outcome.requests) == ("failed", "TooManyRequests", 5)
    assert "(it asks to wait 1)" in outcome.message


async def test_a_wait_beyond_patience_is_not_waited(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.fault({"status": 429, "retry_after": 86_400}, times=None, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert (outcome.code, outcome.requests, w.time.slept) == ("TooManyRequests", 1, [])


async def test_a_pause_holds_all_requests_to_the_target(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.fault({"status": 429, "retry_after": 30}, method="POST")
    outcomes = await asyncio.gather(*(w.target.send(change(Action.CREATE, after=person()), {}) for _ in range(8)))
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert w.time.elapsed_s >= 30


async def test_reads_survive_a_few_5xx_and_then_say_so(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"status": 503}, times=2, method="GET")
    assert await w.target.get("user", target_id) is not None
    w.fault({"status": 502, "html": 502}, times=None, method="GET")
    with pytest.raises(Unreachable) as caught:
        await w.target.get("user", target_id)
    assert caught.value.target == "t"


async def test_a_target_that_is_away_is_tried_gently_and_for_two_minutes(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.emulator.journal.clear()
    w.fault({"status": 503}, times=None)
    found = await asyncio.gather(
        *(w.target.find("user", {"userName": str(n)}) for n in range(40)), return_exceptions=True
    )
    assert all(isinstance(error, Unreachable) for error in found)
    last = str(found[-1])
    assert "requests in a row failed, the last with: 503" in last
    assert "the circuit breaker is open for" in last
    assert w.time.elapsed_s < 300
    assert len(w.emulator.journal.since(0)) < 45, "a dozen to notice, then single trials"


async def test_a_target_that_comes_back_is_used_again_at_once(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"status": 502}, times=18)
    seen = await asyncio.gather(*(w.target.get("user", target_id) for _ in range(12)))
    assert all(one is not None for one in seen)
    assert not w.target._service.reader.breaker.is_open


async def test_an_overloaded_target_gets_fewer_requests_at_a_time(world: Open) -> None:
    w = world()
    await w.target.discover()
    gate = w.target._service.reader.gate
    w.fault({"status": 503, "retry_after": 1}, times=3, method="GET")
    await asyncio.gather(*(w.target.get("user", "x") for _ in range(4)))
    assert gate.size < gate.maximum
    for _ in range(60):
        await w.target.get("user", "x")
    assert gate.size == gate.maximum
    assert gate.in_flight == 0
