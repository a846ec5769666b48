"""The application's users: one walk that gives both the assignments and the users behind them.

`GET /apps/{id}/users?expand=user` embeds the whole user in each app user (Okta API documentation, "List all application
users"). So the stream that is asked for second within a cycle need not be walked again, unless it is very long.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from connectors.okta.assignments import app_path, user_assignment, user_assignment_id
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, Oddities, known_id
from connectors.okta.pager import walk
from connectors.okta.users import source_user, user
from syncd.core.model import Assignment, Json, SourceUser

Side = Literal["users", "assignments"]

KEPT_ROWS = 20_000  #: of the side that nobody asked for yet: some 80 MB of users at most
KEPT_S = 600.0
LOOKUPS = 500  #: of users that an answer should have embedded, in one walk


@dataclass(frozen=True, kw_only=True, slots=True)
class AppUserPage:
    """One page, told apart into its two sides, with the ids of rows whose state nobody can tell."""

    users: tuple[SourceUser, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    unknown_users: frozenset[str] = frozenset()
    unknown_assignments: frozenset[str] = frozenset()

    def only(self, side: Side) -> AppUserPage:
        """This page less the other side."""
        if side == "users":
            return replace(self, assignments=(), unknown_assignments=frozenset())
        return replace(self, users=(), unknown_users=frozenset())


@dataclass(kw_only=True, slots=True)
class _Kept:
    side: Side
    at: float
    pages: list[AppUserPage] = field(default_factory=list)
    rows: int = 0


class AppUsers:
    """Reads the application's users, and keeps what the other stream will ask for next."""

    def __init__(self, client: OktaClient, oddities: Oddities, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._oddities, self._clock = client, oddities, clock
        self._kept: _Kept | None = None

    async def pages(self, side: Side) -> AsyncIterator[AppUserPage]:
        """Every app user once, seen from one side: from the last walk if that was for the other side and just now."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.side == side and self._clock() - kept.at < KEPT_S:
            for page in kept.pages:
                yield page
            return
        other: Side = "assignments" if side == "users" else "users"
        keep: _Kept | None = _Kept(side=other, at=self._clock())
        async for page in self._walk():
            yield page.only(side)
            if keep is not None:
                keep.pages.append(page.only(other))
                keep.rows += len(page.users)
                keep = keep if keep.rows <= KEPT_ROWS else None
        self._kept = keep

    async def _walk(self) -> AsyncGenerator[AppUserPage, None]:
        settings = self._client.settings
        seen: set[str] = set()
        lookups = 0
        first = app_path(settings.app_id, "users") + "?expand=user&limit=500"
        async for records in walk(self._client, first, step="assignments"):
            users: list[SourceUser] = []
            assignments: list[Assignment] = []
            unknown_users: set[str] = set()
            unknown_assignments: set[str] = set()
            for record in records:
                id_ = known_id(record)
                if id_ in seen:
                    continue
                if id_ is None:
                    self._oddities.note("assignment", None, "no usable id")
                    continue
                seen.add(id_)
                try:
                    if (assignment := user_assignment(record)) is None:
                        continue
                    assignments.append(assignment)
                except Odd as odd:
                    self._oddities.note("assignment of user", id_, str(odd))
                    unknown_assignments.add(user_assignment_id(id_))
                try:
                    embedded = _embedded(record)
                    if embedded is None and lookups < LOOKUPS:
                        lookups += 1
                        embedded = await self._looked_up(id_)
                    found = source_user(embedded, deactivate_suspended=settings.deactivate_suspended)
                    if found.id != id_:
                        raise Odd("its app user is another's")
                    users.append(found)
                except Odd as odd:
                    self._oddities.note("user", id_, str(odd))
                    unknown_users.add(id_)
            yield AppUserPage(
                users=tuple(users),
                assignments=tuple(assignments),
                unknown_users=frozenset(unknown_users),
                unknown_assignments=frozenset(unknown_assignments),
            )

    async def _looked_up(self, id_: str) -> Json:
        try:
            return await user(self._client, id_)
        except Failure as failure:
            if not failure.gone:
                raise
            raise Odd("deleted while it was read") from None


def _embedded(record: dict[str, Json]) -> Json:
    embedded = record.get("_embedded")
    return embedded.get("user") if isinstance(embedded, dict) else None
