"""The stream "groups": groups with their members, all of them or those that changed since the last round.

A changed group's members are read whole, and the round says so (`Page.whole`): whom the list does not show is no
member. Groups that may have changed are those that the filter on their times shows, that the System Log names, that the
last round could not tell, and built-in ones, which do not move their times. Where only the application's groups count,
its list is read each time and each group's own times tell whether its members have to be.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from connectors.errors import SourceError
from connectors.okta import groups
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.mirrored import Mirrored
from connectors.okta.oddities import Odd, Oddities, known_id
from connectors.okta.second_look import missing_groups
from connectors.okta.starting import Start
from connectors.okta.watermark import OVERLAP, SHOWN_WITHIN, Watermark, basis, okta_time
from connectors.okta.window import window
from syncd.core.model import Json, Membership, Page, Record, Removal

#: Groups in a row whose members cannot be read: then it is not the groups.
FAILING_GROUPS = 5

#: Groups, and users who came back, asked for by id in one round; the filter or a later round shows the others.
LOOKUPS = 200


@dataclass(kw_only=True, slots=True)
class _Round:
    """What one round has come across so far."""

    start: Start
    began: datetime | None = None
    seen: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    to_read: list[str] = field(default_factory=list)  #: groups whose members are read
    whole: set[str] = field(default_factory=set)
    builtin: set[str] = field(default_factory=set)
    stamps: dict[str, str] = field(default_factory=dict)
    later: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return self.start.mark is None


class GroupStream:
    """Reads groups and memberships. Page.unknown: groups, or whose members, that could not be read."""

    def __init__(self, client: OktaClient, oddities: Oddities, mirrored: Mirrored) -> None:
        self._client, self._oddities, self._mirrored = client, oddities, mirrored
        self._assigned_only = client.settings.assigned_groups_only

    async def pages(self, start: Start) -> AsyncGenerator[Page, None]:
        """One round. Raises Failure and SourceError."""
        at = _Round(start=start)
        removals: list[Removal] = []
        async with contextlib.aclosing(self._lists(at)) as lists:
            async for page in lists:
                at.began = at.began or self._client.server_time()
                yield self._page(at, self._taken_in(at, page))
        if at.full or self._assigned_only:
            found = await missing_groups(self._client, self._not_shown(at))
            if found.records:
                yield self._page(at, self._taken_in(at, found.records))
            # In a full round the sweep takes them.
            removals += [Removal(kind="group", id=id_) for id_ in found.gone if not at.full]
        if not at.full:
            for id_, record in await self._named(at):
                if record is None:
                    removals.append(Removal(kind="group", id=id_))
                else:
                    yield self._page(at, self._taken_in(at, [record]))
            async with contextlib.aclosing(self._returned(at)) as returned:
                async for edges in returned:
                    yield self._page(at, edges)
        async with contextlib.aclosing(self._members(at)) as given:
            async for edges in given:
                yield self._page(at, edges)
        yield Page(
            stream="groups",
            records=(),
            removals=tuple(removals),
            full=at.full,
            last=True,
            unknown=frozenset(at.unknown),
            whole=frozenset() if at.full else frozenset(at.whole - at.unknown),
            watermark=self._watermark(at),
        )

    @staticmethod
    def _page(at: _Round, records: Iterable[Record]) -> Page:
        return Page(stream="groups", records=tuple(records), full=at.full)

    def _lists(self, at: _Round) -> AsyncGenerator[list[Json], None]:
        mark = at.start.mark
        if mark is None or self._assigned_only:
            return groups.every_group(self._client)
        return groups.changed_groups(self._client, mark.since)

    def _taken_in(self, at: _Round, page: Iterable[Json]) -> list[Record]:
        """The groups of a page; those whose members have to be read are remembered."""
        records: list[Record] = []
        for record in page:
            try:
                group = groups.source_group(record)
            except Odd as odd:
                id_ = known_id(record)
                self._oddities.note("group", id_, str(odd))
                at.unknown |= set() if id_ is None else {id_}
                continue
            if group.id in at.seen:
                continue
            at.seen.add(group.id)
            records.append(group)
            self._decide(at, group.id, record)
        return records

    def _decide(self, at: _Round, id_: str, record: dict[str, Json]) -> None:
        """Whether the members of this group are read in this round."""
        if groups.builtin(record):
            at.builtin |= {id_} if groups.wanted(self._client, record) else set()
        stamp, mark, news = groups.stamp(record), at.start.mark, at.start.news
        self._remember(at, id_, stamp)
        if not groups.wanted(self._client, record):
            at.whole.add(id_)  # of a group that is not selected any more no member is kept
        elif mark is None or id_ in mark.again or id_ in news.groups:
            at.to_read.append(id_)
        elif groups.builtin(record):
            if id_ not in mark.builtin or news.moved_users or not news.heard:
                at.to_read.append(id_)
        elif not stamp or mark.stamps.get(id_) != stamp:
            at.to_read.append(id_)

    def _remember(self, at: _Round, id_: str, stamp: str) -> None:
        """A stamp counts once it is a while old: the members that were read may lack the change that it tells of, and what
        is changed in its second after our reading does not move it.

        Where the list is filtered by time, only what it may show again next time has to be remembered.
        """
        newest = max(stamp.split("|")) if stamp else ""
        began = at.began or self._client.server_time()
        settled = stamp if began is not None and newest < okta_time(began - SHOWN_WITHIN) else ""
        again = settled and began is not None and newest > okta_time(began - OVERLAP)
        if self._assigned_only or again:
            at.stamps[id_] = settled

    def _not_shown(self, at: _Round) -> set[str]:
        """Groups that should have been on the list."""
        known = set(self._mirrored.ids("groups")) if at.start.mark is None else set(at.start.mark.stamps)
        return known - at.seen - at.unknown

    async def _named(self, at: _Round) -> list[tuple[str, Json]]:
        """Groups that the filter did not show although there is reason to look at them: (id, record or None)."""
        mark, news = at.start.mark, at.start.news
        if mark is None or self._assigned_only:
            return []
        everyone = mark.builtin if news.moved_users or not news.heard else frozenset()
        at.builtin |= mark.builtin - at.seen
        urgent = sorted((mark.again | everyone) - at.seen)
        others = sorted(news.groups - at.seen - mark.again - everyone)
        ids = [*urgent, *others]
        at.later |= set(ids[LOOKUPS:])
        found: list[tuple[str, Json]] = []
        for id_ in ids[:LOOKUPS]:
            try:
                found.append((id_, await groups.group(self._client, id_)))
            except Failure as failure:
                if failure.status != 403:
                    raise
                # The log speaks of groups, too, that an administrator of some groups may not see.
                at.unknown |= {id_} & set(urgent)
        at.builtin -= {id_ for id_, record in found if record is None}
        return found

    async def _returned(self, at: _Round) -> AsyncGenerator[tuple[Membership, ...], None]:
        """Groups of known users who are active again: a list of members may have left them out meanwhile."""
        back = sorted(self._mirrored.among("user", at.start.news.returned_users))
        for user_id in islice(back, LOOKUPS):
            try:
                async for page in groups.groups_of(self._client, user_id):
                    mine = [one for one in page if self._kept(at, one)]
                    yield tuple(Membership(group_id=one["id"], member_id=user_id) for one in mine)
            except Failure as failure:
                if not failure.gone and failure.status != 403:
                    raise

    def _kept(self, at: _Round, record: Json) -> bool:
        """Whether a membership that a user's own list shows is taken in: not of a group that is being read whole."""
        id_ = known_id(record)
        if id_ is None or id_ in at.to_read or groups.builtin(record) or (self._assigned_only and id_ not in at.seen):
            return False
        return groups.wanted(self._client, record)

    async def _members(self, at: _Round) -> AsyncGenerator[tuple[Membership, ...], None]:
        """Memberships of the groups to read; one whose members cannot be read goes to `unknown`, and stops no other."""
        failing = 0
        walks = window(
            at.to_read,
            lambda group_id: groups.members(self._client, group_id),
            width=self._client.settings.concurrency,
        )
        async with contextlib.aclosing(walks):  # or its walks would go on behind a caller that gave up
            async for group_id, page in walks:
                if isinstance(page, Failure | SourceError):
                    failing += 1
                    hopeless = isinstance(page, Failure) and page.status == 401
                    if hopeless or failing >= FAILING_GROUPS:
                        raise page
                    self._oddities.note("members of group", group_id, str(page))
                    at.unknown.add(group_id)
                elif isinstance(page, Exception):
                    raise page
                elif page is None:
                    failing = 0
                    at.whole.add(group_id)
                else:
                    yield self._memberships(at, group_id, page)

    def _memberships(self, at: _Round, group_id: str, page: list[Json]) -> tuple[Membership, ...]:
        found: dict[str, Membership] = {}
        for record in page:
            try:
                member = groups.membership(group_id, record)
            except Odd as odd:
                self._oddities.note("members of group", group_id, str(odd))
                at.unknown.add(group_id)
                continue
            found[member.member_id] = member
        return tuple(found.values())

    def _watermark(self, at: _Round) -> str | None:
        began = at.began or self._client.server_time()
        if began is None:
            return None
        stamps = {id_: "" if id_ in at.unknown else stamp for id_, stamp in at.stamps.items()}
        return Watermark(
            basis=basis(self._client.settings),
            began=began,
            log=at.start.log,
            again=frozenset(at.unknown | at.later),
            builtin=frozenset(at.builtin),
            stamps=stamps,
        ).text
