"""What the System Log says since the last time: a quicker word on changes than the lists, and the only one on deletions.

Never the only truth: whatever is heard here is asked for by id, and what is not heard is found by a full read. Okta API
documentation, "System Log": an ascending query without `until` is a poll. Each of its answers links to the next one,
which brings what was stored later; that link is kept, not a time, since events are stored out of their order in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from connectors.okta.client import OktaClient
from connectors.okta.failure import CURSOR_EXPIRED, WINDOW_PASSED, Failure
from connectors.okta.oddities import Odd, identifier
from connectors.okta.settings import LOGS_SCOPE
from connectors.okta.watermark import OVERLAP, okta_time
from syncd.core.model import Json

LIMIT = 1000  #: events a page, the most that there is
PAGES = 50  #: of one poll; what is behind them waits for the next
_ATTEMPTS = 3  #: it can be done without

_REMODELLED = frozenset(
    {
        "directory.app_user_profile.update",
        "directory.user_profile.update",
        "directory.mapping.update",
        "application.provision.field_mapping_rule.change",
    }
)
_BACK = frozenset({"user.lifecycle.activate", "user.lifecycle.reactivate"})
_FAMILIES = ("user.lifecycle.", "group.lifecycle.", "group.user_membership.")
_TYPES = ("user.account.update_profile", "group.profile.update", *sorted(_REMODELLED))
_FILTER = " or ".join([f'eventType sw "{one}"' for one in _FAMILIES] + [f'eventType eq "{one}"' for one in _TYPES])


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What happened since a position in the log. Sets: order and repetition do not matter."""

    link: str = ""  #: the position behind it: path and query of the next poll
    heard: bool = False  #: the log could be read, and `link` is where to go on
    lost: bool = False  #: Okta does not know the position any more: only a full read tells what happened
    remodelled: bool = False  #: a schema or mapping changed: any user may look different without having changed
    users: frozenset[str] = frozenset()  #: created, changed, moved between statuses or deleted
    deleted_users: frozenset[str] = frozenset()
    returned_users: frozenset[str] = frozenset()  #: active again, or for the first time
    groups: frozenset[str] = frozenset()  #: made, changed, deleted, or with other members
    moved_users: bool = False  #: somebody's lifecycle moved, so that groups of everybody may have changed


class SystemLog:
    """One organisation's log, for all streams of a cycle: who asks at the same position gets the same answer."""

    def __init__(self, client: OktaClient) -> None:
        self._client = client
        self._turn = asyncio.Lock()
        self._told: dict[str, News] = {}
        self._begun: str | None = None
        self._end = ""  #: the newest position at which nothing more was stored
        self._given: set[str] = set()  #: every position that was handed out here

    @property
    def _readable(self) -> bool:
        return self._client.settings.system_log and self._client.may_ask(LOGS_SCOPE)

    async def start(self) -> str:
        """The position behind everything that is stored now; "" where the log is not to be read.

        Where it may not be read now, a position from which it can be once it may.
        """
        if not self._readable:
            return ""
        async with self._turn:
            if self._begun is None:
                self._begun = await self._first_position()
                self._given.add(self._begun)
            return self._begun

    async def news(self, position: str) -> News:
        """What was stored behind this position. Never raises for a log that cannot be read."""
        if not position or not self._readable:
            return News(link=position)
        async with self._turn:
            if position not in self._told:
                self._told[position] = await self._poll(position)
                self._given.add(self._told[position].link)
            return self._told[position]

    async def _first_position(self) -> str:
        if self._client.server_time() is None:
            try:
                await self._client.get("/api/v1/logs?limit=1")
            except Failure as failure:
                if not self._readable:
                    return ""  # its scope is not granted
                if self._client.server_time() is None or failure.status == 401:
                    raise
        now = self._client.server_time()
        if now is None:
            return ""
        query = {"since": okta_time(now - OVERLAP), "filter": _FILTER, "sortOrder": "ASCENDING", "limit": LIMIT}
        first = f"/api/v1/logs?{urlencode(query)}"
        found = await self._poll(first)
        return first if found.lost else found.link

    async def _poll(self, position: str) -> News:
        link, said, ended = position, _Said(self._client.settings.app_id), False
        for _ in range(PAGES):
            try:
                answer = await self._client.get(link, attempts=_ATTEMPTS)
            except Failure as failure:
                if failure.code in (CURSOR_EXPIRED, WINDOW_PASSED):
                    return News(lost=True)
                return said.news(link, heard=link != position)
            if not isinstance(answer.data, list) or answer.next is None:
                return said.news(link, heard=link != position)
            link, ended = answer.next, not said.take(answer.data)  # a short page is no end: only one without news is
            if ended:
                break
        if ended and position not in self._given and self._end:
            # Another stream, which had stayed behind elsewhere, has just got to the end: from there both go on as one.
            link = self._end
        elif ended:
            self._end = link
        return said.news(link, heard=True)


class _Said:
    """Events taken in one after the other."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._uuids: set[str] = set()
        self._users: set[str] = set()
        self._deleted: set[str] = set()
        self._returned: set[str] = set()
        self._groups: set[str] = set()
        self._remodelled = self._moved = False

    def take(self, events: Iterable[Json]) -> bool:
        """Whether there was any event among them that did not come before."""
        before = len(self._uuids)
        for event in events:
            type_ = event.get("eventType") if isinstance(event, dict) else None
            if isinstance(type_, str):
                self._uuids.add(str(event.get("uuid")))
                targets = event.get("target")
                self._one(type_, [one for one in targets if isinstance(one, dict)] if isinstance(targets, list) else [])
        return len(self._uuids) > before

    def _one(self, type_: str, targets: list[dict[str, Json]]) -> None:
        if type_ in _REMODELLED:
            apps = _ids(targets, "AppInstance")
            self._remodelled |= not apps or self._app_id in apps
        elif type_.startswith("user."):
            ids = _ids(targets, "User")
            self._users |= ids
            self._moved |= type_.startswith("user.lifecycle.")
            if type_.startswith("user.lifecycle.delete"):
                self._deleted |= ids
            elif type_ in _BACK:
                self._returned |= ids
        elif type_.startswith("group."):
            self._groups |= _ids(targets, "UserGroup")

    def news(self, link: str, *, heard: bool) -> News:
        return News(
            link=link,
            heard=heard,
            remodelled=self._remodelled,
            users=frozenset(self._users),
            deleted_users=frozenset(self._deleted),
            returned_users=frozenset(self._returned),
            groups=frozenset(self._groups),
            moved_users=self._moved,
        )


def _ids(targets: list[dict[str, Json]], type_: str) -> set[str]:
    """The order of an event's targets is not promised; their types tell them apart."""
    found = set()
    for target in targets:
        if target.get("type") == type_:
            try:
                found.add(identifier(target))
            except Odd:
                continue
    return found
