"""The window of one stage: intents before requests, answers durable soon after, a bounded number in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from state.engine import parts
from state.row import Row
from syncd.core.change import Action, Change, Outcome
from syncd.window import MOST, TOGETHER, Sent, Window


def rows(number: int) -> list[Row]:
    return [
        Row(
            key=f"{n:05}",
            rev=None,
            status="planned",
            change=Change(
                action=Action.CREATE,
                kind="user",
                source_id=str(n),
                target_id=None,
                name=str(n),
                before={},
                after={},
                why="",
            ),
        )
        for n in range(number)
    ]


class Stage:
    """Keeps a record of what the window does; `fails` says where it goes wrong."""

    def __init__(self, *, fails: dict[str, BaseException] | None = None, seconds: float = 0.0) -> None:
        self.fails = fails or {}
        self.seconds = seconds
        self.marked: list[str] = []
        self.sent: list[str] = []
        self.closed: list[str] = []
        self.commits = self.open = self.most = 0
        self.writing = False
        self.kinds: Counter[str] = Counter()
        self.stop_after: int | None = None

    async def _commit(self, what: str) -> None:
        assert not self.writing, "one commit at a time"
        self.writing = True
        await asyncio.sleep(0.002)
        self.writing = False
        self.commits += 1
        self.kinds[what] += 1
        if (failure := self.fails.get(f"{what} {self.kinds[what]}")) is not None:
            raise failure

    async def mark(self, some: Sequence[Row]) -> list[Sent]:
        await self._commit("mark")
        self.marked += [row.key for row in some]
        return [Sent(row=row, link=None) for row in some]

    async def send(self, sent: Sent) -> Outcome:
        key = sent.row.key
        assert key in self.marked, "durable before it is sent"
        self.sent.append(key)
        self.open += 1
        self.most = max(self.most, len(self.sent) - len(self.closed))
        await asyncio.sleep(self.seconds * (1 + int(key) % 3))
        self.open -= 1
        if (failure := self.fails.get(f"send {key}")) is not None:
            raise failure
        return Outcome(status="done", target_id=key)

    async def close(self, answered: Sequence[tuple[Sent, Outcome]]) -> None:
        await self._commit("close")
        for sent, outcome in answered:
            assert sent.row.key == outcome.target_id
            self.closed.append(sent.row.key)

    def over(self) -> bool:
        return self.stop_after is not None and len(self.marked) >= self.stop_after

    async def run(self, number: int) -> None:
        window = Window(mark=self.mark, send=self.send, close=self.close)
        await window.run(parts(rows(number), TOGETHER), over=self.over)


@pytest.mark.parametrize("number", [0, 1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 1_234])
async def test_every_row_is_marked_sent_and_closed_once(number: int) -> None:
    stage = Stage(seconds=0.001)
    await stage.run(number)
    wanted = [row.key for row in rows(number)]
    assert stage.marked == sorted(stage.sent) == sorted(stage.closed) == wanted
    assert stage.most <= MOST
    assert stage.commits <= 2 + number / 10, "many rows share a commit"


async def test_a_slow_answer_holds_up_nobody_else() -> None:
    stage = Stage()
    slow = asyncio.Event()
    usual = stage.send

    async def send(sent: Sent) -> Outcome:
        if sent.row.key == "00000":
            await slow.wait()
        return await usual(sent)

    stage.send = send  # type: ignore[method-assign]  # one answer that takes its time
    running = asyncio.create_task(stage.run(500))
    while len(stage.closed) < 499:
        await asyncio.sleep(0.001)
    slow.set()
    await running
    assert stage.closed[-1] == "00000"


async def test_when_it_is_over_no_further_row_begins_and_the_others_are_finished() -> None:
    stage = Stage(seconds=0.001)
    stage.stop_after = 2 * TOGETHER
    await stage.run(1_000)
    assert len(stage.marked) == len(stage.closed) == 2 * TOGETHER


@pytest.mark.parametrize("where", ["mark 2", "mark 3", "close 2", "close 4"])
async def test_a_commit_that_fails_ends_it_and_what_is_under_way_is_still_closed(where: str) -> None:
    stage = Stage(fails={where: OSError("disk full")}, seconds=0.001)
    with pytest.raises(OSError, match="disk full"):
        await stage.run(1_000)
    assert stage.open == 0
    lost = set(stage.sent) - set(stage.closed)
    assert lost == set() if where.startswith("mark") else 0 < len(lost) <= MOST
    assert len(stage.marked) < 1_000


class Killed(BaseException):
    """The process ends here."""


async def test_a_killed_process_closes_nothing_more() -> None:
    stage = Stage(fails={"send 00150": Killed()}, seconds=0.001)
    with pytest.raises(Killed):
        await stage.run(1_000)
    closed, sent = list(stage.closed), list(stage.sent)
    await asyncio.sleep(0.02)
    assert (stage.closed, stage.sent) == (closed, sent)
    assert "00150" not in closed


async def test_a_cancelled_run_leaves_what_was_sent_to_be_settled() -> None:
    stage = Stage(seconds=0.05)
    running = asyncio.create_task(stage.run(1_000))
    await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    sent = list(stage.sent)
    await asyncio.sleep(0.2)
    assert stage.sent == sent
    assert stage.open == len(sent), "they were broken off in the middle"
