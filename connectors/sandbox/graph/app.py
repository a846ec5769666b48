"""The Graph service with its control API: what a test, the demo or `syncd sandbox` serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, cast

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Control, Emulator, emulator
from connectors.sandbox.faults import Faults
from connectors.sandbox.graph.delta import IGNORED
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Entity, Group, User
from connectors.sandbox.graph.fault import CODES, GraphError, error_body
from connectors.sandbox.graph.generate import Tenant, generate
from connectors.sandbox.graph.properties import KNOWN, ever_set
from connectors.sandbox.graph.query import taken_apart
from connectors.sandbox.graph.service import GraphService
from connectors.sandbox.journal import Journal
from connectors.sandbox.misfortune import Answer
from syncd.core.model import Json


class GraphControl(Control):
    """Reset, mutations, quirks and state of the Graph service.

    Mutations have the names and arguments of `GraphDirectory`'s methods, as
    `{"op": "update_user", "user": "kim@contoso.example", "department": null}`; lists stand for repeated arguments:
    `{"op": "add_members", "group": "Sales", "members": ["kim@contoso.example"]}`. Besides: `grant` and `revoke`
    of a token, `challenge` (every token meets a claims challenge again).
    """

    def __init__(self, service: GraphService) -> None:
        self.service = service
        self.directory = service.directory
        self.transforms = _TRANSFORMS

    def reset(self, options: Mapping[str, Json]) -> Json:
        """A new tenant: the fields of `Tenant`, and `tokens`: {token: [permissions]}."""
        given = dict(options)
        tokens = given.pop("tokens", {})
        quirks = given.pop("quirks", {})
        unknown = given.keys() - {field.name for field in fields(Tenant)}
        if unknown:
            raise ValueError(f"unknown option {', '.join(sorted(unknown))}")
        generate(self.directory, Tenant(**given))
        self.directory.quirks.clear()
        self.directory.quirks.set(quirks)
        self.service.access.reset()
        self.service.throttle.reset()
        for token, permissions in tokens.items():
            self.service.access.grant(token, permissions)
        return self._summary()

    def mutate(self, op: str, arguments: Mapping[str, Json]) -> Json:
        """One mutation by the name of the directory's method."""
        given = dict(arguments)
        access = self.service.access
        match op:
            case "grant":
                return access.grant(given["token"], given["permissions"])
            case "revoke":
                return access.revoke(given["token"])
            case "challenge":
                return access.challenge()
            case "add_members" | "remove_members":
                method = getattr(self.directory, op)
                return method(given["group"], *given["members"])
        if op not in _MUTATIONS:
            raise ValueError(f"no mutation {op}; there are {', '.join(sorted(_MUTATIONS))}")
        method = cast("Callable[..., Json]", getattr(self.directory, op))
        return method(**given)

    def quirks(self, switches: Mapping[str, Json]) -> Json:
        """Set switches of `Quirks` by name; gives all of them."""
        return self.directory.quirks.set(switches)

    def state(self) -> Json:
        """Every object with everything that was ever set, edges, assignments, the bin, and what was spent."""
        directory = self.directory
        with directory.lock:
            return {
                **self._summary(),
                "users": {
                    user.id: _truth(user) | {"manager": user.manager.id if user.manager else None}
                    for user in directory.users
                    if user.live
                },
                "groups": {
                    group.id: _truth(group) | {"members": [member.id for member in group.members()]}
                    for group in directory.groups
                    if group.live
                },
                "assignments": [
                    {"id": row.id, "principal": row.principal.id, "resource": row.resource.id, "role": row.role_id}
                    for row in directory.assignments
                    if row.ended is None
                ],
                "deleted": sorted(directory.bin),
                "resource_units": self.service.throttle.spent,
                "refused": self.service.throttle.refused,
                "quirks": directory.quirks.model_dump(),
            }

    def describe(self, method: str, path: str, query: str, body: bytes) -> Mapping[str, Json]:
        """`stream` and `page` (from 0) of a delta request, and the options in it that delta ignores."""
        try:
            asked = taken_apart(method=method, scheme="http", host="", path=path, query=query, headers={}, body=body)
        except GraphError:
            return {}
        if asked.segments[1:] != ("delta",):
            return {"stream": asked.segments[-1]} if asked.segments else {}
        facts: dict[str, Json] = {"stream": asked.segments[0], "page": 0}
        ignored = [name for name in IGNORED if name in asked.options]
        if ignored:
            facts["ignored"] = ignored
        try:
            if "$skiptoken" in asked.options:
                facts["page"] = self.service.delta.token(asked.options["$skiptoken"]).page
        except GraphError:
            facts["page"] = None
        return facts

    def error(self, status: int) -> Answer:
        """Graph's own error body for a status."""
        code, message = CODES.get(status, ("UnknownError", ""))
        date = self.directory.clock.now().strftime("%Y-%m-%dT%H:%M:%S")
        return Answer.of_json(status, error_body(code, message, date=date))

    def _summary(self) -> dict[str, Json]:
        directory = self.directory
        application = directory.application if directory.principals else None
        return {
            "seed": directory.seed,
            "domain": directory.domain,
            "service_principal_id": application.id if application else None,
            "app_id": application.values["appId"] if application else None,
            "now": directory.clock.now().isoformat(),
            "count": {
                "users": sum(1 for user in directory.users if user.live),
                "groups": sum(1 for group in directory.groups if group.live),
                "assignments": sum(1 for row in directory.assignments if row.ended is None),
                "deleted": len(directory.bin),
                "changes": len(directory.log),
            },
        }


def graph_app(
    directory: GraphDirectory | None = None,
    *,
    clock: Clock | None = None,
    journal: Journal | None = None,
    faults: Faults | None = None,
    gzip_level: int = 1,
) -> Emulator:
    """Graph over a directory (without one: the default tenant, generated) behind the control API.

    The service is below `/v1.0`, or anything that ends in it: `/graph/v1.0/users/delta`. Bearer token "sandbox".
    The directory's clock is the emulator's clock; `clock` counts where no directory is given.
    """
    if directory is None:
        directory = GraphDirectory(clock=clock)
        generate(directory, Tenant())
    service = GraphService(directory)
    return emulator(
        service,
        control=GraphControl(service),
        clock=directory.clock,
        journal=journal,
        faults=faults,
        gzip_level=gzip_level,
    )


_MUTATIONS = frozenset(
    {
        "add_device",
        "assign",
        "clear_properties",
        "create_application",
        "create_group",
        "create_user",
        "delete",
        "disable_user",
        "edit_app_roles",
        "enable_user",
        "purge",
        "rename_group",
        "reset_stream",
        "restore",
        "set_manager",
        "unassign",
        "update_group",
        "update_user",
    }
)


def _truth(entity: Entity) -> dict[str, Json]:
    kind = type(entity)
    names = sorted(KNOWN[kind] | entity.values.keys()) if kind in (User, Group) else sorted(entity.values)
    return ever_set(entity, tuple(names))


def _each(page: Json, change: Callable[[dict[str, Any]], Json]) -> Json:
    return {**page, "value": [change(record) for record in page.get("value", [])]}


#: edits for fault rules, beside `edit` and `first`: {"transform": name, "with": ...}
_TRANSFORMS: Mapping[str, Callable[[Json, Json], Json]] = {
    "no_links": lambda page, _: {k: v for k, v in page.items() if k not in {"@odata.nextLink", "@odata.deltaLink"}},
    "both_links": lambda page, _: {
        "@odata.nextLink": page.get("@odata.nextLink") or page.get("@odata.deltaLink"),
        "@odata.deltaLink": page.get("@odata.deltaLink") or page.get("@odata.nextLink"),
        **page,
    },
    "removed_without_reason": lambda page, _: _each(page, lambda r: {**r, "@removed": {}} if "@removed" in r else r),
    "every": lambda page, more: _each(page, lambda record: {**record, **more}),
    "append": lambda page, records: {**page, "value": [*page.get("value", []), *records]},
    "empty": lambda page, _: {**page, "value": []},
}
