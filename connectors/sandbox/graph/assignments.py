"""Who is assigned to which application, and with which role.

Source: Microsoft Graph documentation, "List appRoleAssignedTo", "List appRoleAssignments granted to a user".
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.sandbox.graph.access import opens, require
from connectors.sandbox.graph.entity import AppRoleAssignment, Group, ServicePrincipal, User
from connectors.sandbox.graph.fault import bad_request
from connectors.sandbox.graph.listing import Listing, Permissions, place_of
from connectors.sandbox.graph.properties import stamp, value
from connectors.sandbox.graph.query import Query
from syncd.core.model import Json

#: the reverse endpoints were reported to stop here without a nextLink
_REVERSE_LIMIT = 999


class Assignments:
    """Answers reads of app role assignments; gives the JSON of a 200 or raises GraphError."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._directory = listing.directory

    def assigned_to(self, query: Query, permissions: Permissions) -> Json:
        """`GET /servicePrincipals/{id}/appRoleAssignedTo`: users, groups and service principals, a row a role."""
        require(permissions, "applications")
        resource = self._listing.found(ServicePrincipal, query.segments[1])
        quirks, top = self._directory.quirks, query.top()
        if any(name in query.options.get("$filter", "") for name in ("appRoleId", "principalType")):
            raise bad_request("Unsupported filter clause.")
        hide_principals = quirks.assignment_rows_need_top and query.options.get("$top") != "999"

        def shown(row: AppRoleAssignment) -> bool:
            return row.resource is resource and not (hide_principals and isinstance(row.principal, ServicePrincipal))

        page = self._page(query, shown, top, "appRoleAssignedTo")
        if quirks.assignment_rows_missing and "$skiptoken" not in query.options:
            quirks.assignment_rows_missing -= 1
            page["value"] = [row for n, row in enumerate(page["value"]) if n % 5 != 4]
        return page

    def assignments_of(self, query: Query, permissions: Permissions) -> Json:
        """`GET /users/{id}/appRoleAssignments` and `/groups/{id}/appRoleAssignments`, at most 999 rows in all."""
        require(permissions, "users" if opens(permissions, "users") else "applications")
        kind = User if query.segments[0] == "users" else Group
        principal = self._listing.found(kind, query.segments[1])
        wanted = query.options.get("$filter", "")

        def shown(row: AppRoleAssignment) -> bool:
            return row.principal is principal and (not wanted or row.resource.id in wanted)

        page = self._page(query, shown, query.top(default=_REVERSE_LIMIT), "appRoleAssignments")
        if len(page["value"]) == _REVERSE_LIMIT:
            page.pop("@odata.nextLink", None)
        return page

    def _page(
        self, query: Query, shown: Callable[[AppRoleAssignment], bool], top: int, navigation: str
    ) -> dict[str, Json]:
        rows, place = self._directory.assignments, place_of(query)
        seen_at = self._directory.clock.time() - self._directory.quirks.assignment_lag
        records: list[Json] = []
        more: int | None = None
        while place < len(rows):
            row = rows[place]
            if shown(row) and row.created <= seen_at and (row.ended is None or row.ended > seen_at):
                if len(records) == top:
                    more = place
                    break
                records.append(_record(row))
            place += 1
        collection = f"{query.segments[0]}('{query.segments[1]}')/{navigation}"
        return self._listing.page(query, collection, records, more)


def _record(row: AppRoleAssignment) -> Json:
    name = value(row.principal, "displayName")
    # Seven digits of a second, one more than most parsers of dates take.
    fraction = f".{int(row.created * 10_000_000) % 10_000_000:07d}Z"
    return {
        "id": row.id,
        "deletedDateTime": None,
        "appRoleId": row.role_id,
        "createdDateTime": stamp(row.created).removesuffix("Z") + fraction,
        "principalDisplayName": name if isinstance(name, str) else None,
        "principalId": row.principal.id,
        "principalType": type(row.principal).__name__,
        "resourceDisplayName": row.resource.values.get("displayName"),
        "resourceId": row.resource.id,
    }
