"""What all reads of the service share: finding an object, selecting its properties, and pages with a skip token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from connectors.sandbox.graph.access import Data, opens
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Entity, Group, ServicePrincipal, User
from connectors.sandbox.graph.fault import GraphError, bad_request, not_found
from connectors.sandbox.graph.properties import DEFAULT, ELSEWHERE, known, with_nulls
from connectors.sandbox.graph.query import Query
from connectors.sandbox.graph.replica import Replica, View
from syncd.core.model import Json

Permissions = frozenset[str]

#: the data that a permission opens, by type; other types need Directory.Read.All
DATA: Mapping[type[Entity], Data] = {User: "users", Group: "groups", ServicePrincipal: "applications"}
_NAMED = ("id", "displayName")


class Listing:
    """Pages and records over one directory."""

    def __init__(self, directory: GraphDirectory) -> None:
        self.directory = directory
        self.replica = Replica(directory)

    def found(self, kind: type[Entity], name: str, view: View | None = None) -> Entity:
        """The live object with this id, user principal name or `appId=…`. Raises GraphError 404."""
        directory = self.directory
        found = directory.by_id.get(name)
        if found is None and name.startswith("appId="):
            app_id = name.removeprefix("appId=")
            found = next((p for p in directory.principals if p.values.get("appId") == app_id), None)
        elif found is None and kind is User and "@" in name:
            try:
                found = directory.user(name)
            except KeyError:
                found = None
        if not isinstance(found, kind) or not (view or self.replica.view()).shows(found):
            raise not_found(name)
        return found

    def record(self, found: Entity, names: Iterable[str], *, expand: str = "") -> dict[str, Json]:
        """The named properties, null where there is none; the manager's where it is expanded."""
        record = with_nulls(found, names)
        if expand and isinstance(found, User) and found.manager is not None and found.manager.live:
            manager = found.manager
            shown: Sequence[str] = DEFAULT.get(type(manager), _NAMED)
            if "$select=" in expand:
                inner = expand.partition("$select=")[2].rstrip(")").partition(";")[0]
                shown = ("id", *(name for name in inner.split(",") if name != "id"))
            record["manager"] = {"@odata.type": manager.odata_type, **with_nulls(manager, shown)}
        return record

    def member(
        self, member: Entity, names: Sequence[str], permissions: Permissions, *, selected: bool
    ) -> dict[str, Json]:
        """A record among others of mixed types; only type and id of what the permissions do not open."""
        kind = type(member)
        if not (opens(permissions, DATA[kind]) if kind in DATA else "Directory.Read.All" in permissions):
            return {"@odata.type": member.odata_type, "id": member.id}
        if not selected:
            names = DEFAULT.get(kind, _NAMED)
        elif kind is not User:
            names = [name for name in names if known(kind, name)]
        return {"@odata.type": member.odata_type, **with_nulls(member, names)}

    def page(self, query: Query, collection: str, records: Sequence[Json], place: int | str | None) -> dict[str, Json]:
        """A page; `place` is where the next one begins, None after the last."""
        page: dict[str, Json] = {"@odata.context": f"{query.base}/$metadata#{collection}{context(query)}"}
        if place is not None:
            host = self.directory.quirks.foreign_host_link
            base = f"{host}/v1.0" if host else query.base
            # The link keeps the rest of the query as the client wrote it.
            skip = ("$skiptoken=", "%24skiptoken=")
            kept = [part for part in query.raw_query.split("&") if part and not part.startswith(skip)]
            options = "&".join([*kept, f"$skiptoken={quote(_token(place), safe='._~-')}"])
            page["@odata.nextLink"] = f"{base}{query.path}?{options}"
        page["value"] = list(records)
        return page


def selected(query: Query, kind: type[Entity]) -> tuple[str, ...]:
    """The properties to show. Raises GraphError 400 for an unknown one, 501 for one that is kept elsewhere."""
    if query.select is None:
        return DEFAULT.get(kind, _NAMED)
    for name in query.select:
        if name in ELSEWHERE:
            raise GraphError(501, "NotImplemented", f"The property '{name}' is not supported here.")
        if not known(kind, name):
            resource = kind.odata_type.removeprefix("#")
            raise bad_request(f"Could not find a property named '{name}' on type '{resource}'.")
    return query.select if "id" in query.select else (*query.select, "id")


def context(query: Query) -> str:
    """The selection as `@odata.context` shows it."""
    return f"({','.join(query.select)})" if query.select else ""


def place_of(query: Query) -> int:
    """Where the page begins that a skip token asks for. Raises GraphError 400."""
    token = query.options.get("$skiptoken")
    if token is None:
        return 0
    number = token.removeprefix("p").removesuffix(".~_-")
    if not token.startswith("p") or not number.isdigit():
        raise bad_request("The skip token is not valid.")
    return int(number)


def _token(place: int | str) -> str:
    return place if isinstance(place, str) else f"p{place}.~_-"
