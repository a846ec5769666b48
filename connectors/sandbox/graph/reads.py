"""Collections, single objects, managers, deleted items and getByIds.

Source: Microsoft Graph documentation of each endpoint ("List users", "Get user", "List manager",
"directoryObject: getByIds", "List deletedItems (directory objects)").
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from connectors.sandbox.graph.access import require
from connectors.sandbox.graph.entity import TYPES, Entity, Group, User
from connectors.sandbox.graph.fault import bad_request, not_found
from connectors.sandbox.graph.filter import compiled
from connectors.sandbox.graph.listing import DATA, Listing, Permissions, context, place_of, selected
from connectors.sandbox.graph.properties import DEFAULT
from connectors.sandbox.graph.query import Query
from syncd.core.model import Json


class Reads:
    """Answers reads of objects; every method gives the JSON of a 200 or raises GraphError."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._directory = listing.directory

    def collection(self, query: Query, kind: type[Entity], permissions: Permissions) -> Json:
        """`GET /users`, `/groups`, `/servicePrincipals`, with $select, $top, $filter, $expand=manager, $count."""
        require(permissions, DATA[kind])
        expand = query.options.get("$expand", "")
        if "$skip" in query.options:
            raise bad_request("$skip is not supported.")
        if expand and not (kind is User and expand.startswith("manager")):
            raise bad_request(f"$expand={expand} is not supported here.")
        names = selected(query, kind)
        test = compiled(query.options["$filter"], kind) if "$filter" in query.options else None
        view = self._listing.replica.view()

        def shown(found: Entity) -> bool:
            return view.shows(found) and (test is None or test(found))

        objects, top, place = self._objects(kind), query.top(), place_of(query)
        records: list[Json] = []
        while place < len(objects) and len(records) < top:
            if shown(objects[place]):
                records.append(self._listing.record(objects[place], names, expand=expand))
            place += 1
        while place < len(objects) and not shown(objects[place]):
            place += 1
        page = self._listing.page(query, kind.collection, records, place if place < len(objects) else None)
        if query.advanced:
            page["@odata.count"] = sum(1 for found in objects if shown(found))
        return page

    def one(self, query: Query, kind: type[Entity], permissions: Permissions) -> Json:
        """`GET /users/{id or userPrincipalName}`, `/groups/{id}`, `/servicePrincipals/{id}` or `(appId='…')`."""
        require(permissions, DATA[kind])
        found = self._listing.found(kind, query.segments[1])
        record = self._listing.record(found, selected(query, kind), expand=query.options.get("$expand", ""))
        return {"@odata.context": f"{query.base}/$metadata#{kind.collection}{context(query)}/$entity", **record}

    def manager(self, query: Query, permissions: Permissions) -> Json:
        """`GET /users/{id}/manager`: 404 when there is none."""
        require(permissions, "users")
        user = self._listing.found(User, query.segments[1])
        manager = user.manager if isinstance(user, User) else None
        if manager is None or not manager.live:
            raise not_found("manager")
        names = selected(query, type(manager)) if type(manager) in DEFAULT else ("id", "displayName")
        return {
            "@odata.context": f"{query.base}/$metadata#directoryObjects/$entity",
            "@odata.type": manager.odata_type,
            **self._listing.record(manager, names),
        }

    def deleted(self, query: Query, permissions: Permissions) -> Json:
        """`GET /directory/deletedItems/microsoft.graph.user` or `…group` (the cast is required), or `/{id}`."""
        cast = query.segments[2] if len(query.segments) > 2 else ""
        one = self._directory.bin.get(cast)
        if one is not None:
            require(permissions, "users" if isinstance(one, User) else "deleted groups")
            return {
                "@odata.context": f"{query.base}/$metadata#directoryObjects/$entity",
                "@odata.type": one.odata_type,
                **self._listing.record(one, self._of_deleted(query, type(one))),
            }
        kind = TYPES.get(cast.removeprefix("graph."))
        if not cast:
            raise bad_request("The type of the deleted items is missing: add /microsoft.graph.user.")
        if kind is None:
            raise not_found(cast)
        require(permissions, "users" if kind is User else "deleted groups")
        test = compiled(query.options["$filter"], kind) if "$filter" in query.options else None
        after, top = query.options.get("$skiptoken", "").removeprefix("bin."), query.top()
        rows = [found for found in self._directory.bin.values() if type(found) is kind and _bin_key(found) > after]
        rows = sorted((found for found in rows if test is None or test(found)), key=_bin_key)
        names = self._of_deleted(query, kind)
        records = [self._listing.record(found, names) for found in rows[:top]]
        return self._listing.page(
            query, kind.collection, records, f"bin.{_bin_key(rows[top - 1])}" if len(rows) > top else None
        )

    def get_by_ids(self, query: Query, permissions: Permissions) -> Json:
        """`POST /directoryObjects/getByIds`: what exists of up to 1,000 ids, in no order."""
        ids, types = query.json.get("ids"), query.json.get("types") or ["directoryObject"]
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids) or len(ids) > 1_000:
            raise bad_request("ids: a collection of at most 1000 strings.")
        if query.select is not None and not self._directory.quirks.get_by_ids_select:
            raise bad_request("$select is not supported on getByIds.")
        kinds = tuple(TYPES[name] for name in types if name in TYPES)
        for kind in kinds:
            require(permissions, DATA.get(kind, "users"))
        if "directoryObject" in types:
            kinds = tuple(TYPES.values())
        names = selected(query, kinds[0] if len(kinds) == 1 else User)
        view = self._listing.replica.view()
        found = [self._directory.by_id.get(one) for one in dict.fromkeys(ids)]
        records = [
            self._listing.member(one, names, permissions, selected=query.select is not None)
            for one in found
            if one is not None and isinstance(one, kinds) and view.shows(one)
        ]
        random.Random(len(ids) + self._directory.seed).shuffle(records)  # noqa: S311 - no client may rely on the order
        return {"@odata.context": f"{query.base}/$metadata#directoryObjects", "value": records}

    def _objects(self, kind: type[Entity]) -> Sequence[Entity]:
        if kind is User:
            return self._directory.users
        return self._directory.groups if kind is Group else self._directory.principals

    def _of_deleted(self, query: Query, kind: type[Entity]) -> tuple[str, ...]:
        names = selected(query, kind)
        return names if query.select else tuple(dict.fromkeys([*names, "deletedDateTime"]))


def _bin_key(found: Entity) -> str:
    return f"{found.deleted or 0:020.3f}.{found.id}"
