"""One walk for two readers: whoever is ahead fetches the next page, the other one finds it waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field, replace
from typing import Literal

from syncd.core.model import Assignment, SourceUser

Side = Literal["users", "assignments"]

#: Rows that wait for a side at most: some 80 MB of users. A side that nobody reads yet then has to walk for itself, one
#: that is being read is waited for.
KEPT_ROWS = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class AppUserPage:
    """One page of app users, told apart into its two sides, with the ids of rows whose state nobody can tell."""

    users: tuple[SourceUser, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    unknown_users: frozenset[str] = frozenset()
    unknown_assignments: frozenset[str] = frozenset()

    def only(self, side: Side) -> AppUserPage:
        """This page less the other side."""
        if side == "users":
            return replace(self, assignments=(), unknown_assignments=frozenset())
        return replace(self, users=(), unknown_users=frozenset())

    @property
    def rows(self) -> int:
        return max(len(self.users), len(self.assignments))


@dataclass(kw_only=True, eq=False)
class _Share:
    """What one side has to come."""

    state: Literal["free", "reading", "out"] = "free"
    pages: deque[AppUserPage] = field(default_factory=deque)
    rows: int = 0


class SharedWalk:
    """The pages of one walk, for each of `sides` once. What breaks the walk is raised for both.

    `interrupted` is raised for the other side when one is cancelled while it fetches: the walk is then lost, and its
    end must not be taken for the end of the list.
    """

    def __init__(
        self,
        pages: AsyncGenerator[AppUserPage, None],
        *,
        begun: float,
        interrupted: Exception,
        sides: Collection[Side] = ("users", "assignments"),
    ) -> None:
        self.begun = begun
        self._source, self._interrupted = pages, interrupted
        self._shares: dict[Side, _Share] = {
            side: _Share(state="free" if side in sides else "out") for side in ("users", "assignments")
        }
        self._ended = False
        self._failure: Exception | None = None
        self._moved = asyncio.Condition()

    def free(self, side: Side) -> bool:
        """Whether this side can still be read from its first page."""
        return self._shares[side].state == "free"

    async def read(self, side: Side) -> AsyncGenerator[AppUserPage, None]:
        """All pages for one side."""
        share = self._shares[side]
        share.state = "reading"
        try:
            while (page := await self._next(side)) is not None:
                yield page
        finally:
            share.state = "out"
            share.pages.clear()
            async with self._moved:
                self._moved.notify_all()

    async def _next(self, side: Side) -> AppUserPage | None:
        mine = self._shares[side]
        other: Side = "assignments" if side == "users" else "users"
        theirs = self._shares[other]
        async with self._moved:
            while not mine.pages and theirs.state == "reading" and theirs.rows > KEPT_ROWS:
                await self._moved.wait()
            if mine.pages:
                page = mine.pages.popleft()
                mine.rows -= page.rows
                self._moved.notify_all()
                return page
            if self._failure is not None:
                raise self._failure
            if self._ended:
                return None
            self._failure = self._interrupted
            try:
                page = await anext(self._source)
            except StopAsyncIteration:
                self._ended, self._failure = True, None
                return None
            except Exception as failure:
                self._failure = failure
                raise
            self._failure = None
            self._keep(theirs, page.only(other))
            return page.only(side)

    @staticmethod
    def _keep(share: _Share, page: AppUserPage) -> None:
        share.rows += page.rows
        if share.state == "free" and share.rows > KEPT_ROWS:
            share.state = "out"
            share.pages.clear()
        if share.state != "out":
            share.pages.append(page)
