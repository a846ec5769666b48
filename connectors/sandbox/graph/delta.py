"""The delta engine: initial rounds, later rounds, and the end of tokens.

Source: Microsoft Graph documentation, "Use delta query to track changes in Microsoft Graph data", "user: delta",
"group: delta". Page sizes are not documented; those of Quirks are what has been reported.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Entity, Group, ServicePrincipal, User
from connectors.sandbox.graph.fault import GraphError, bad_request
from connectors.sandbox.graph.fragments import Fragments
from connectors.sandbox.graph.properties import DEFAULT, ELSEWHERE, NAVIGATION, ever_set, known
from connectors.sandbox.graph.query import Query
from connectors.sandbox.graph.round import Round, Touched
from connectors.sandbox.graph.token import Token, read, written
from syncd.core.model import Json

STREAMS: Mapping[str, type[Entity]] = {"users": User, "groups": Group, "servicePrincipals": ServicePrincipal}
#: options that delta does not know and ignores
IGNORED = ("$top", "$expand", "$orderby")
_IDS = regex.compile(r"\s*id\s+eq\s+'([^']+)'\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Manner:
    """How one request is to be answered, beside what its token says."""

    minimal: bool  #: Prefer: return=minimal, in a later round
    see_hidden: bool  #: the bearer has Member.Read.Hidden


class Delta:
    """Answers delta requests over one directory."""

    def __init__(self, directory: GraphDirectory) -> None:
        self._directory = directory
        self._fragments = Fragments()
        self._rounds: dict[tuple[Json, ...], Round] = {}

    @property
    def _key(self) -> bytes:
        return f"{self._directory.seed} {self._directory.domain}".encode()[:64]

    def token(self, text: str) -> Token:
        """The token in a link. Raises GraphError 400."""
        return read(text, self._key)

    def answer(self, query: Query, *, see_hidden: bool = True) -> Json:
        """One page of a round, or the error that ends it (GraphError). `see_hidden`: the bearer has Member.Read.Hidden."""
        stream = query.segments[0]
        token = self._started(query, stream) or self._first(query, stream)
        if query.options.get("$deltatoken") == "latest":
            return self._page(query, replace(token, after=token.last), [], None)
        prefers_minimal = "return=minimal" in query.headers.get("prefer", "").lower()
        manner = _Manner(minimal=token.phase == "later" and prefers_minimal, see_hidden=see_hidden)
        quirks = self._directory.quirks
        records, after = self._cut(token, manner)
        if quirks.endless_chain:
            return self._page(query, token, records, replace(token, page=token.page + 1))
        if quirks.empty_pages and not token.blank and (token.page % 3 == 0 or after is None):
            return self._page(query, token, [], replace(token, page=token.page + 1, blank=True))
        if quirks.duplicates and after is not None:
            records = [*records, *self._older(after, manner)]
        return self._page(query, token, records, after)

    # Starting a round

    def _first(self, query: Query, stream: str) -> Token:
        """An initial round, or with `latest` none at all; everything is in the query."""
        select = query.select
        for name in select or ():
            if name in ELSEWHERE or not (known(STREAMS[stream], name) or name in NAVIGATION or name.endswith("@delta")):
                raise bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.{stream[:-1]}'.")
        directory = self._directory
        visible = directory.log.until(directory.clock.time() - directory.quirks.late_visibility)
        return Token(
            stream=stream,
            select=select,
            ids=_ids(query.options.get("$filter")),
            phase="initial",
            after=visible,
            last=visible,
            end=len(self._objects(stream)),
            generation=directory.generations[stream],
            issued=directory.clock.time(),
        )

    def _started(self, query: Query, stream: str) -> Token | None:
        """The token that came in, None for a request that starts from nothing."""
        quirks, now = self._directory.quirks, self._directory.clock.time()
        text = query.options.get("$skiptoken") or query.options.get("$deltatoken")
        if not text or text == "latest":
            return None
        token = self.token(text)
        if token.stream != stream or token.delta == ("$skiptoken" in query.options):
            raise bad_request("The token is not valid for this request.")
        if quirks.strict_tokens and ("$select" in query.options or "$filter" in query.options):
            raise bad_request("$select and $filter are part of the token and must not be repeated.")
        if token.generation != self._directory.generations[stream]:
            raise self._resync(query, stream)
        if token.delta and now - token.issued > quirks.delta_age_s:
            code = "syncStateNotFound" if quirks.expired_as == 400 else "SyncStateNotFound"
            raise GraphError(
                quirks.expired_as,
                code,
                "The sync state generation is not found; a new full synchronization is required.",
            )
        if not token.delta and quirks.skip_age_s is not None and now - token.issued > quirks.skip_age_s:
            raise GraphError(404, "UnknownError", "")
        if not token.delta:
            return token
        last = max(token.last, self._directory.log.until(now - quirks.late_visibility))
        return replace(
            token,
            phase="later",
            after=token.last,
            last=last,
            position=(0, 0),
            page=0,
            blank=False,
            issued=now,
            delta=False,
        )

    def _resync(self, query: Query, stream: str) -> GraphError:
        quirks = self._directory.quirks
        headers = {}
        if quirks.resync_location is not None:
            base = query.base if quirks.resync_location == "own" else f"{quirks.resync_location}/v1.0"
            headers["location"] = f"{base}/{stream}/delta?$deltatoken="
        return GraphError(410, quirks.resync_code, "Resynchronization is required.", headers)

    # Pages

    def _objects(self, stream: str) -> Sequence[Entity]:
        directory = self._directory
        if stream == "users":
            return directory.users
        return directory.groups if stream == "groups" else directory.principals

    def _size(self, token: Token) -> int:
        quirks = self._directory.quirks
        size = quirks.users_page if token.stream == "users" else quirks.groups_page
        if token.stream == "groups" and quirks.single_group_pages:
            return 1
        if quirks.short_pages:
            return random.Random(token.page).randint(1, size)  # noqa: S311 - any length will do
        return size

    def _cut(self, token: Token, manner: _Manner) -> tuple[list[Json], Token | None]:
        """The records of a page and the token of the next one, None after the last."""
        return self._initial(token, manner) if token.phase == "initial" else self._later(token, manner)

    def _initial(self, token: Token, manner: _Manner) -> tuple[list[Json], Token | None]:
        """A page of everything: the live objects of the frozen list, group members in portions."""
        objects, quirks = self._objects(token.stream), self._directory.quirks
        scalars, navigation = _selected(token)
        records: list[Json] = []
        if token.page == int(token.blank):
            records += self._removed_for_show(token)
        size, budget = max(self._size(token), len(records) + 1), quirks.members_budget
        place, at = token.position
        ids = None if token.ids is None else set(token.ids)
        order = _order(token.end, scattered=quirks.random_order, salt=token.last)
        while place < token.end and len(records) < size and budget > 0:
            found = objects[order(place)]
            if not found.live or (ids is not None and found.id not in ids):
                place, at = place + 1, 0
                continue
            more: dict[str, Json] = {}
            if isinstance(found, User) and "manager" in navigation and found.manager is not None and found.manager.live:
                more["manager@delta"] = [_reference(found.manager)]
            if isinstance(found, Group) and "members" in navigation:
                members, at = self._portion(found, at, min(budget, quirks.members_page), manner)
                if members:
                    more["members@delta"] = members
                budget -= len(members)
            # The quirk looks into the records, which a fragment does not allow.
            whole = {**ever_set(found, scalars), "id": found.id, **more} if quirks.duplicates else None
            records.append(whole or self._fragments.record(found, scalars, more))
            if isinstance(found, Group) and "members" in navigation and at < len(found.order):
                if quirks.repeat_on_page:
                    continue
                break
            place, at = place + 1, 0
        return records, None if place >= token.end else token.moved(place, at)

    def _portion(self, group: Group, at: int, most: int, manner: _Manner) -> tuple[list[Json], int]:
        """Up to so many members from a position in the group's order on, and the position behind them."""
        members: list[Json] = []
        if group.hidden and not manner.see_hidden:
            return members, len(group.order)
        show_removed = self._directory.quirks.removed_in_initial
        while at < len(group.order) and len(members) < most:
            member = group.order[at]
            at += 1
            if member is None:
                continue
            if member.live:
                members.append(_reference(member))
            elif show_removed and at % 2:
                members.append(_reference(member, removed=True))
        return members, at

    def _removed_for_show(self, token: Token) -> list[Json]:
        """A few objects that are in the bin: an initial round may name them."""
        if not self._directory.quirks.removed_in_initial or token.ids is not None:
            return []
        kind = STREAMS[token.stream]
        gone = [found for found in self._directory.bin.values() if isinstance(found, kind)]
        return [{"id": found.id, "@removed": {"reason": found.reason}} for found in gone[:2]]

    def _later(self, token: Token, manner: _Manner) -> tuple[list[Json], Token | None]:
        """A page of what changed between two sequence numbers, objects with many edges in portions."""
        scalars, navigation = _selected(token)
        quirks = self._directory.quirks
        whole = self._round(token)
        size, budget = self._size(token), quirks.members_budget
        place, at = token.position
        records: list[Json] = []
        while place < len(whole.touched) and len(records) < size and budget > 0:
            touched = whole.touched[place]
            record = _changed(touched, scalars, minimal=manner.minimal)
            most = min(budget, quirks.members_page)
            hidden = isinstance(touched.entity, Group) and touched.entity.hidden and not manner.see_hidden
            edges = touched.edges[at : at + most] if touched.entity.live and not hidden else []
            if edges:
                name = next(iter(navigation & {"members", "manager"}))
                record[f"{name}@delta"] = [_reference(other, removed=removed) for other, removed in edges]
                budget -= len(edges)
            records.append(record)
            at += most
            if edges and at < len(touched.edges):
                if quirks.repeat_on_page:
                    continue
                break
            place, at = place + 1, 0
        return records, None if place >= len(whole.touched) else token.moved(place, at)

    def _round(self, token: Token) -> Round:
        """What changed in this round, worked out once for all of its pages."""
        _, navigation = _selected(token)
        key = (
            token.stream,
            token.select,
            token.ids,
            token.after,
            token.last,
            self._directory.quirks.replays,
            self._directory.quirks.restore_invisible,
            self._directory.quirks.manager_single_entry,
        )
        found = self._rounds.get(key)
        if found is None or found.log is not self._directory.log:
            while len(self._rounds) >= 16:
                self._rounds.pop(next(iter(self._rounds)))
            found = Round.between(
                self._directory,
                STREAMS[token.stream],
                after=token.after,
                last=token.last,
                properties=frozenset(_selected(token)[0]),
                navigation=navigation,
                ids=token.ids,
            )
            self._rounds[key] = found
        return found

    def _older(self, after: Token, manner: _Manner) -> list[Json]:
        """An earlier state of the object that the next page begins with: the newer one comes there."""
        following, _ = self._cut(after, manner)
        for record in following:
            if "displayName" in record and "@removed" not in record:
                older = {name: found for name, found in record.items() if not name.endswith("@delta")}
                return [{**older, "displayName": f"{record['displayName']} (before)"}]
        return []

    def _page(self, query: Query, token: Token, records: list[Json], after: Token | None) -> Json:
        quirks, now = self._directory.quirks, self._directory.clock.time()
        base = f"{quirks.foreign_host_link}/v1.0" if quirks.foreign_host_link else query.base
        if after is None:
            link, name, after = "@odata.deltaLink", "$deltatoken", replace(token, delta=True, page=0)
        else:
            link, name = "@odata.nextLink", "$skiptoken"
        text = written(
            replace(after, issued=now if after.delta else token.issued), self._key, awkward=quirks.awkward_tokens
        )
        context = f"({','.join(token.select)})" if token.select else ""
        return {
            "@odata.context": f"{query.base}/$metadata#{token.stream}{context}",
            link: f"{base}/{token.stream}/delta?{name}={text}",
            "value": records,
        }


def _selected(token: Token) -> tuple[tuple[str, ...], frozenset[str]]:
    """The scalars and the navigation properties that this chain shows; without $select groups show members."""
    if token.select is None:
        return DEFAULT[STREAMS[token.stream]], frozenset({"members"} if token.stream == "groups" else ())
    names = [name.removesuffix("@delta") for name in token.select]
    return tuple(name for name in names if name not in NAVIGATION), frozenset(names) & NAVIGATION


def _changed(touched: Touched, scalars: tuple[str, ...], *, minimal: bool) -> dict[str, Json]:
    found = touched.entity
    if not found.live:
        return {"id": found.id, "@removed": {"reason": found.reason}}
    names = scalars if touched.whole or not minimal else tuple(name for name in scalars if name in touched.properties)
    return ever_set(found, names) | {"id": found.id}


def _reference(entity: Entity, *, removed: bool = False) -> Json:
    if removed:
        return {"@odata.type": entity.odata_type, "id": entity.id, "@removed": {"reason": "deleted"}}
    return {"@odata.type": entity.odata_type, "id": entity.id}


def _ids(text: str | None) -> tuple[str, ...] | None:
    """The ids of `id eq 'x' or id eq 'y'`, at most 50; delta knows no other filter."""
    if text is None:
        return None
    parts = [_IDS.fullmatch(part) for part in regex.split(r"\sor\s", text)]
    ids = [part[1] for part in parts if part]
    if len(ids) != len(parts) or len(ids) > 50:
        raise bad_request("Unsupported filter: delta takes id eq, joined by or, for at most 50 ids.")
    return tuple(ids)


def _order(count: int, *, scattered: bool, salt: int) -> Callable[[int], int]:
    """Positions 0..count-1, each once, in their own order or in a scattered one."""
    if not scattered or count < 3:
        return lambda place: place
    steps = range(count // 2 + salt % 7 + 1, 2 * count + 9)
    step = next(step for step in steps if math.gcd(step, count) == 1)
    return lambda place: place * step % count
