"""The SCIM service under the sandbox's control API: reset, mutate, quirks and state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from connectors.sandbox.emulator import Control
from connectors.sandbox.misfortune import Answer
from connectors.sandbox.scim.directory import ScimDirectory, Stored
from connectors.sandbox.scim.error import ScimError
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.populate import populate
from connectors.sandbox.scim.presets import preset
from connectors.sandbox.scim.service import ScimService
from syncd.core.model import Json, Kind

_OPERATIONS: Mapping[str, str] = {
    "GET": "read",
    "POST": "create",
    "PUT": "replace",
    "PATCH": "patch",
    "DELETE": "delete",
}


class ScimControl(Control):
    """reset    {"preset": name, "quirks": {...}, "users": n, "groups": n, "seed": n}, all of them optional
    quirks   {"preset": name, switch: value, ...}; an empty object only shows them
    mutate   what people do in the product's own pages, past the service's rules:
             create {"kind", "resource"}, update {"kind", "name", "set": {...}, "remove": [...]},
             delete {"kind", "name"}, add_member and remove_member {"group", "user"}; names or ids
    """

    def __init__(self, service: ScimService) -> None:
        self._service = service

    @property
    def _directory(self) -> ScimDirectory:
        return self._service.directory

    def reset(self, options: Mapping[str, Json]) -> Json:
        """An empty or newly populated directory. Without preset and quirks the server keeps its ways."""
        given = dict(options)
        quirks = preset(given.pop("preset")) if "preset" in given else self._service.quirks
        quirks = quirks.changed(given.pop("quirks", {}))
        users, groups, seed = (int(given.pop(name, 0)) for name in ("users", "groups", "seed"))
        if given:
            raise ValueError(f"reset knows no {', '.join(given)}")
        self._service.quirks = quirks
        self._service.throttle.restart()
        self._directory.clear()
        populate(self._directory, users=users, groups=groups, seed=seed)
        return {"users": self._directory.count("user"), "groups": self._directory.count("group")}

    def quirks(self, switches: Mapping[str, Json]) -> Json:
        """Set switches, after a preset where one is named."""
        given = dict(switches)
        quirks = preset(given.pop("preset")) if "preset" in given else self._service.quirks
        self._service.quirks = quirks.changed(given)
        self._service.throttle.restart()
        return self._service.quirks.data

    def mutate(self, op: str, arguments: Mapping[str, Json]) -> Json:
        """One change behind the client's back."""
        directory = self._directory
        match op:
            case "create":
                kind = _kind(arguments)
                resource = {key: value for key, value in arguments["resource"].items() if key not in {"schemas", "id"}}
                members = Members()
                members.replace(resource.pop("members", ()))
                new_id = str(arguments["resource"].get("id") or f"made-{directory.next_number()}")
                if directory.either(new_id) is not None:
                    raise ValueError(f"{new_id} is there already")
                return {"id": directory.add(kind, new_id, resource, members).id}
            case "update":
                stored = self._named(_kind(arguments), arguments["name"])
                gone = set(arguments.get("remove", ()))
                attributes = {**stored.attributes, **arguments.get("set", {})}
                kept = {key: value for key, value in attributes.items() if key not in gone}
                return {"id": directory.change(stored, kept, stored.members).id}
            case "delete":
                stored = self._named(_kind(arguments), arguments["name"])
                directory.remove(stored)
                return {"id": stored.id}
            case "add_member" | "remove_member":
                group, user = self._named("group", arguments["group"]), self._named("user", arguments["user"])
                members = group.members.copy()
                if op == "add_member":
                    members.add({"value": user.id, "type": "User"})
                else:
                    members.discard(user.id)
                return {"id": directory.change(group, group.attributes, members).id}
        raise ValueError(f"no mutation {op!r}; there are create, update, delete, add_member and remove_member")

    def state(self) -> Json:
        """Every account and group as stored, and the counts of writes."""
        directory = self._directory
        return {
            "users": [_state(each) for each in directory.listed("user")],
            "groups": [_state(each) for each in directory.listed("group")],
            "active_users": directory.active_users,
            "writes": dict(directory.writes),
            "written": dict(directory.written),
            "idle": dict(directory.idle),
            "quirks": self._service.quirks.data,
        }

    def describe(self, method: str, path: str, query: str, body: bytes) -> Mapping[str, Json]:
        """`resource` (Users, Groups, …), `operation` (list, read, create, replace, patch, delete) and `id`."""
        segments = path.strip("/").split("/")
        for n, segment in enumerate(segments):
            if segment in {"Users", "Groups"}:
                item = segments[n + 1] if len(segments) > n + 1 else None
                listing = (item is None and method == "GET") or item == ".search"
                operation = "list" if listing else _OPERATIONS.get(method, method.lower())
                return {"resource": segment, "operation": operation, "id": item}
        return {"resource": segments[-1], "operation": _OPERATIONS.get(method, method.lower()), "id": None}

    def error(self, status: int) -> Answer:
        """A SCIM error body, for faults that give none."""
        answer = Answer.of_json(status, ScimError(status=status, detail="The request failed").data)
        return answer.with_headers({"content-type": "application/scim+json"})

    def _named(self, kind: Kind, name: str) -> Stored:
        found = self._directory.user(name) if kind == "user" else self._directory.group(name)
        if found is None:
            raise KeyError(f"there is no {kind} {name}")
        return found


def _kind(arguments: Mapping[str, Json]) -> Kind:
    kind = arguments.get("kind", "user")
    if kind not in {"user", "group"}:
        raise ValueError("kind is user or group")
    return cast("Kind", kind)


def _state(stored: Stored) -> dict[str, Json]:
    shown = {**stored.attributes, "id": stored.id, "version": stored.version, "gone": stored.gone}
    return {**shown, "members": stored.members.elements} if stored.kind == "group" else shown
