"""The application's users: one walk that gives both the assignments and the users behind them.

`GET /apps/{id}/users?expand=user` embeds the whole user in each app user (Okta API documentation, "List all application
users"). The two streams that live on it are read side by side or one after the other; either way one walk does for both.
Where all of the organisation's users are read from their own list, nobody asks for them here.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable

from connectors.errors import Incomplete
from connectors.okta.assignments import app_path, user_assignment, user_assignment_id
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, Oddities, known_id
from connectors.okta.pager import walk
from connectors.okta.shared_walk import AppUserPage, SharedWalk, Side
from connectors.okta.users import source_user, user
from syncd.core.model import Assignment, Json, SourceUser

SHARED_FOR_S = 600.0  #: a walk that began earlier is not joined any more
LOOKUPS = 500  #: of users that an answer should have embedded, in one walk


class AppUsers:
    """Reads the application's users for the streams "users" and "assignments"."""

    def __init__(self, client: OktaClient, oddities: Oddities, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._oddities, self._clock = client, oddities, clock
        self._latest: SharedWalk | None = None

    async def pages(self, side: Side) -> AsyncGenerator[AppUserPage, None]:
        """Every app user once, seen from one side: of the walk that the other side has begun just now, or of a new one."""
        shared, now = self._latest, self._clock()
        if shared is None or not shared.free(side) or now - shared.begun > SHARED_FOR_S:
            settings = self._client.settings
            sides: tuple[Side, ...] = ("users", "assignments") if settings.scope == "assigned" else ("assignments",)
            shared = self._latest = SharedWalk(
                self._walk(embedded="users" in sides),
                begun=now,
                interrupted=Incomplete(
                    source=settings.name, step="assignments", detail="interrupted while it was read for two streams"
                ),
                sides=sides,
            )
        async with contextlib.aclosing(shared.read(side)) as pages:
            async for page in pages:
                yield page

    async def _walk(self, *, embedded: bool) -> AsyncGenerator[AppUserPage, None]:
        settings = self._client.settings
        seen: set[str] = set()
        lookups = 0
        first = app_path(settings.app_id, "users") + ("?expand=user&limit=500" if embedded else "?limit=500")
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
                if not embedded:
                    continue
                try:
                    raw = _embedded(record)
                    if raw is None and lookups < LOOKUPS:
                        lookups += 1
                        raw = await self._looked_up(id_)
                    found = source_user(raw, deactivate_suspended=settings.deactivate_suspended)
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
