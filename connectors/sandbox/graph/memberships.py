"""Who is in which group: members, transitive members, and the groups of a member.

Source: Microsoft Graph documentation, "List group members", "List group transitive members", "List memberOf".
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sandbox.graph.access import opens, require
from connectors.sandbox.graph.entity import TYPES, Entity, Group, User
from connectors.sandbox.graph.fault import GraphError, denied, not_found
from connectors.sandbox.graph.listing import Listing, Permissions, place_of, selected
from connectors.sandbox.graph.query import Query
from syncd.core.model import Json


class Memberships:
    """Answers reads of edges; every method gives the JSON of a 200 or raises GraphError."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._directory = listing.directory

    def members(self, query: Query, permissions: Permissions) -> Json:
        """`GET /groups/{id}/members` and `/transitiveMembers`, with or without a cast."""
        require(permissions, "groups")
        view = self._listing.replica.view()
        group = self._listing.found(Group, query.segments[1], view)
        if not isinstance(group, Group):
            raise not_found(query.segments[1])
        if group.hidden and not opens(permissions, "hidden membership"):
            if self._directory.quirks.hidden_membership == "forbidden":
                raise denied()
            return self._listing.page(query, "directoryObjects", [], None)
        if query.segments[2] == "transitiveMembers":
            found: Sequence[Entity | None] = _flattened(group)
        else:
            found = group.order if view.fresh else view.members(group)
        return self._page(query, found, permissions, cast=query.segments[3:])

    def member_of(self, query: Query, permissions: Permissions) -> Json:
        """`GET /users/{id}/memberOf` and `/groups/{id}/memberOf`; transitiveMemberOf goes all the way up."""
        require(permissions, "groups")
        member = self._listing.found(User if query.segments[0] == "users" else Group, query.segments[1])
        groups = [group for group in self._directory.groups if group.live and member in group]
        if query.segments[2] == "transitiveMemberOf":
            groups = self._upwards(groups)
        return self._page(query, groups, permissions, cast=query.segments[3:])

    def _page(
        self, query: Query, found: Sequence[Entity | None], permissions: Permissions, *, cast: tuple[str, ...]
    ) -> Json:
        kind: type[Entity] | None = None
        if cast:
            kind = TYPES.get(cast[0].removeprefix("graph."))
            if kind is None or len(cast) > 1:
                raise not_found("/".join(cast))
            if not query.advanced:
                message = "An OData cast needs $count=true and the header ConsistencyLevel: eventual."
                raise GraphError(400, "Request_UnsupportedQuery", message)

        def shown(member: Entity | None) -> bool:
            return member is not None and member.live and (kind is None or type(member) is kind)

        names = selected(query, kind or User)
        top, place = query.top(), place_of(query)
        records: list[Json] = []
        while place < len(found) and len(records) < top:
            member = found[place]
            place += 1
            if member is None or not shown(member):
                continue
            record = self._listing.member(member, names, permissions, selected=query.select is not None)
            if kind is not None:
                del record["@odata.type"]
            records.append(record)
        more = any(shown(member) for member in found[place:])
        collection = kind.collection if kind else "directoryObjects"
        page = self._listing.page(query, collection, records, place if more else None)
        if query.advanced:
            count = sum(1 for member in found if shown(member))
            page = {"@odata.context": page.pop("@odata.context"), "@odata.count": count, **page}
        return page

    def _upwards(self, groups: Sequence[Group]) -> list[Group]:
        found = dict.fromkeys(groups)
        waiting = list(groups)
        while waiting:
            inner = waiting.pop()
            for outer in self._directory.groups:
                if outer.live and outer not in found and inner in outer:
                    found[outer] = None
                    waiting.append(outer)
        return list(found)


def _flattened(group: Group) -> list[Entity]:
    """Everything below a group, nested groups included, each object once; circles do not matter."""
    found: dict[Entity, None] = {}
    waiting = [group]
    while waiting:
        for member in waiting.pop().members():
            if member in found or member is group:
                continue
            found[member] = None
            if isinstance(member, Group):
                waiting.append(member)
    return list(found)
