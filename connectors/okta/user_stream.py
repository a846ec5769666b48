"""The stream "users": everybody, or whoever changed since the last round."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime

from connectors.okta.app_users import AppUsers
from connectors.okta.client import OktaClient
from connectors.okta.mirrored import Mirrored
from connectors.okta.oddities import Odd, Oddities, known_id
from connectors.okta.pager import walk
from connectors.okta.proof import PROOFS, prove, some
from connectors.okta.starting import Start
from connectors.okta.system_log import News
from connectors.okta.users import LISTS, changed_since, changing, source_user, user
from connectors.okta.watermark import Watermark, basis
from syncd.core.model import Json, Page, SourceUser


class UserStream:
    """Reads users. Absence proves nothing at Okta by itself, so no page here is full: who is gone is a Removal.

    With scope "assigned" the users come with the application's users, all of them each time: that list knows no time.
    With scope "all" a round from a watermark asks for those that changed.
    """

    def __init__(self, client: OktaClient, oddities: Oddities, app_users: AppUsers, mirrored: Mirrored) -> None:
        self._client, self._oddities, self._app_users, self._mirrored = client, oddities, app_users, mirrored
        self._everyone = client.settings.scope == "all"

    async def pages(self, start: Start) -> AsyncGenerator[Page, None]:
        """One round. Raises Failure and SourceError."""
        seen: set[str] = set()
        unknown: set[str] = set()
        again: set[str] = set()
        began: datetime | None = None
        async with contextlib.aclosing(self._lists(start.mark)) as pages:
            async for users, odd, moving in pages:
                began = began or self._client.server_time()
                seen.update(one.id for one in users)
                unknown |= odd
                again |= moving
                yield Page(stream="users", records=users, full=False)
        asked, later = self._to_ask(start, seen, unknown)
        hearsay = start.news.users - start.news.deleted_users
        proven = await prove(self._client, self._oddities, asked, hearsay=hearsay)
        again |= proven.again | later | unknown
        began = began or self._client.server_time()
        mark = None
        if began is not None:
            mark = Watermark(
                basis=basis(self._client.settings),
                began=began,
                log=start.log,
                again=frozenset(again) if self._everyone else frozenset(later),
            )
        yield Page(
            stream="users",
            records=tuple(proven.users),
            removals=tuple(proven.removals),
            full=False,
            last=True,
            unknown=frozenset(unknown - seen),
            watermark=mark.text if mark else None,
        )

    def _to_ask(self, start: Start, seen: set[str], unknown: set[str]) -> tuple[list[str], set[str]]:
        """Whom to ask for by id in this round, and whom in the next because there are too many."""
        if start.mark is None:
            missing = set(self._mirrored.ids("users")) - seen - unknown
            if not self._everyone:  # everybody who was ever unassigned is missing here, and most of them exist
                return some(missing), set()
            asked = some(missing, most=10 * PROOFS)
            return asked, missing - set(asked)
        heard: News = start.news
        deleted = set(self._mirrored.among("user", heard.deleted_users - seen))
        rest = (heard.users if self._everyone else frozenset()) - heard.deleted_users
        urgent = sorted(deleted | (start.mark.again - seen))
        other = sorted(rest - seen - deleted - start.mark.again)
        # Others are left: the filter will show them next time, as its overlap is longer than the index lags.
        return [*urgent, *other][:PROOFS], set(urgent[PROOFS:])

    def _lists(
        self, mark: Watermark | None
    ) -> AsyncGenerator[tuple[tuple[SourceUser, ...], frozenset[str], frozenset[str]], None]:
        if not self._everyone:
            return self._assigned()
        return self._every() if mark is None else self._changed(mark.since)

    async def _assigned(self) -> AsyncGenerator[tuple[tuple[SourceUser, ...], frozenset[str], frozenset[str]], None]:
        async with contextlib.aclosing(self._app_users.pages("users")) as pages:
            async for page in pages:
                yield page.users, page.unknown_users, frozenset()

    async def _changed(
        self, since: str
    ) -> AsyncGenerator[tuple[tuple[SourceUser, ...], frozenset[str], frozenset[str]], None]:
        async for records in walk(self._client, changed_since(since), step="users"):
            yield self._sorted_out(records)

    async def _every(self) -> AsyncGenerator[tuple[tuple[SourceUser, ...], frozenset[str], frozenset[str]], None]:
        """The plain list, then the deactivated. Who is on both changed meanwhile, or the index lags: asked by id."""
        earlier: set[str] = set()
        for first in LISTS:
            seen: set[str] = set()
            async for records in walk(self._client, first, step="users"):
                fresh = [one for one in records if (id_ := known_id(one)) is None or id_ not in seen]
                seen.update(id_ for one in fresh if (id_ := known_id(one)) is not None)
                yield self._sorted_out(
                    [await user(self._client, one["id"]) if known_id(one) in earlier else one for one in fresh]
                )
            earlier |= seen

    def _sorted_out(self, records: list[Json]) -> tuple[tuple[SourceUser, ...], frozenset[str], frozenset[str]]:
        """Users, ids of odd records, and ids of users whose status is about to change."""
        users: list[SourceUser] = []
        unknown: set[str] = set()
        moving: set[str] = set()
        for record in records:
            try:
                users.append(source_user(record, deactivate_suspended=self._client.settings.deactivate_suspended))
            except Odd as odd:
                id_ = known_id(record)
                self._oddities.note("user", id_, str(odd))
                unknown |= set() if id_ is None else {id_}
            else:
                moving |= {users[-1].id} if changing(record) else set()
        return tuple(users), frozenset(unknown), frozenset(moving)
