"""A simulated process: it may die at any turn of the loop and at any commit, and its database may fail it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from state.process import Process as Mark
from state.process import this_host

current: ContextVar[Process | None] = ContextVar("current", default=None)
_dead_marks: set[str] = set()
_FAULTS = {
    "full": "database or disk is full",
    "locked": "database is locked",
    "io": "disk I/O error",
}


class Killed(BaseException):
    """The process is no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """When a process dies: at the turn, or before or after the commit, of this number."""

    at: Literal["turn", "before commit", "after commit"]
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BadDisk:
    """From this statement on, so many that write fail."""

    how: Literal["full", "locked", "io"]
    number: int
    lasting: int


@dataclass(eq=False)
class Process:
    """What one process has done, and what is to befall it."""

    number: int
    death: Death | None = None
    disk: BadDisk | None = None
    dead: bool = False
    turns: int = 0
    commits: int = 0
    statements: int = 0
    task: asyncio.Task[Any] | None = None
    mark: _Mark = field(init=False)

    def __post_init__(self) -> None:
        self.mark = _Mark(host=this_host(), mark=f"1:{self.number}")
        _dead_marks.discard(self.mark.mark)

    def turn(self) -> None:
        self.turns += 1
        if not self.dead and self.death is not None and self.death.at == "turn" and self.turns >= self.death.number:
            self.die()

    def die(self) -> None:
        """From here on nothing that it does lasts, and its tasks are torn down."""
        self.dead = True
        self.ended()
        if self.task is not None:
            self.task.get_loop().call_soon(self.task.cancel)

    def ended(self) -> None:
        """Others may know by now that it does not live any more."""
        _dead_marks.add(self.mark.mark)

    def check(self) -> None:
        if self.dead:
            raise Killed

    def statement(self, text: str) -> None:
        self.check()
        if text.startswith(("SELECT", "PRAGMA", "BEGIN ", "BEGIN")) and not text.startswith("BEGIN IMMEDIATE"):
            return
        self.statements += 1
        if (bad := self.disk) is not None and bad.number <= self.statements < bad.number + bad.lasting:
            raise sqlite3.OperationalError(_FAULTS[bad.how])

    def commit(self, carry_out: Any) -> None:
        self.check()
        self.commits += 1
        dies = self.death is not None and self.commits == self.death.number
        if dies and self.death is not None and self.death.at == "before commit":
            self.die()
            raise Killed
        carry_out()
        if dies and self.death is not None and self.death.at == "after commit":
            self.die()
            raise Killed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mark(Mark):
    """Told apart from the process that simulates it."""

    def knows_dead(self, host: str, mark: str) -> bool:
        return mark in _dead_marks


@contextlib.contextmanager
def watched(engine: sa.Engine) -> Iterator[None]:
    """All statements and commits of this engine pass the process that makes them."""
    dialect = engine.dialect
    commit, execute, execute_many = dialect.do_commit, dialect.do_execute, dialect.do_executemany

    def do_commit(connection: Any) -> None:
        if (process := current.get()) is None:
            commit(connection)
        else:
            process.commit(lambda: commit(connection))

    def do_execute(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        if (process := current.get()) is not None:
            process.statement(statement)
        execute(cursor, statement, parameters, context)

    def do_execute_many(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        if (process := current.get()) is not None:
            process.statement(statement)
        execute_many(cursor, statement, parameters, context)

    new = {"do_commit": do_commit, "do_execute": do_execute, "do_executemany": do_execute_many}
    for name, method in new.items():
        setattr(dialect, name, method)
    try:
        yield
    finally:
        for name in new:
            delattr(dialect, name)
