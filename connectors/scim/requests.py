"""A change as the requests that carry it out, in a dialect and given what is known of the target. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from connectors.scim.dialects import Dialect
from connectors.scim.knowledge import IGNORES_PATHLESS
from connectors.scim.members import add_body, chunks, member_value, remove_body
from connectors.scim.patch import PATCH_SCHEMA, Unit, current_values, is_empty, operations, units
from connectors.scim.profile import Profile
from syncd.core.attributes import CORE_SCHEMAS, assemble
from syncd.core.change import Action, Change, Request, TargetFacts
from syncd.core.model import Json, Kind

ENDPOINTS: Mapping[Kind, str] = {"user": "/Users", "group": "/Groups"}
_UNKNOWN_ID = "new"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One request, with what it is to bring about.

    A PUT is shown with our attributes alone; it is sent over what the target has then, so that nothing else is lost.
    """

    request: Request
    values: Mapping[str, Json]
    units: tuple[Unit, ...] = ()
    members: tuple[str, ...] = ()


def encode_id(identifier: str) -> str:
    """An id as one path segment: some services use names with spaces, slashes and @ as ids."""
    encoded = quote(identifier, safe="")
    return {".": "%2E", "..": "%2E%2E"}.get(encoded, encoded)


def object_path(kind: Kind, target_id: str) -> str:
    return f"{ENDPOINTS[kind]}/{encode_id(target_id)}"


def steps(
    change: Change, wrote: Mapping[str, Json], dialect: Dialect, facts: TargetFacts, profile: Profile
) -> tuple[Step, ...]:
    """What is sent for this change, in order; nothing where it changes nothing."""
    if change.action is Action.CREATE:
        body = new_body(change.after, change.kind, dialect)
        request = Request(method="POST", path=ENDPOINTS[change.kind], body=body)
        return (Step(request=request, values=dict(change.after)),)
    path = object_path(change.kind, change.target_id or _UNKNOWN_ID)
    if change.action is Action.DELETE:
        return (Step(request=Request(method="DELETE", path=path), values={}),)
    if change.action.of_members:
        return _members(change, wrote, path, dialect, facts)
    return _update(change, wrote, dialect, facts, profile)


def sendable(change: Change, profile: Profile) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The values of an update that differ and that the product takes, and why it does not take the others."""
    kind = profile.kind(change.kind)
    taken: dict[str, Json] = {}
    reasons: list[str] = []
    for path, value in change.after.items():
        if path in change.before and change.before[path] == value:
            continue
        if (why := kind.refusal(path)) is None:
            taken[path] = value
        elif why not in reasons:
            reasons.append(why)
    return taken, tuple(reasons)


def new_body(values: Mapping[str, Json], kind: Kind, dialect: Dialect) -> dict[str, Json]:
    """A new object as it is sent: what is not empty, and what the dialect adds."""
    body = assemble({path: value for path, value in values.items() if value or not is_empty(value)}, kind)
    if not dialect.extension_schemas:
        body["schemas"] = [CORE_SCHEMAS[kind]]
    for schema in (dialect.always_schemas or {}).get(kind, ()):
        if schema not in body["schemas"]:
            body["schemas"].append(schema)
    for key, value in (dialect.create_extras or {}).get(kind, {}).items():
        body.setdefault(key, value)
    return body


def _update(
    change: Change, wrote: Mapping[str, Json], dialect: Dialect, facts: TargetFacts, profile: Profile
) -> tuple[Step, ...]:
    path = object_path(change.kind, change.target_id or _UNKNOWN_ID)
    values, _ = sendable(change, profile)
    if not values:
        return ()
    by_patch: dict[str, Json] = {}
    by_put: dict[str, Json] = {}
    for name, value in values.items():
        if change.kind == "group":
            method = dialect.group_update
        else:
            method = dialect.user_active if name.lower() == "active" else dialect.user_update
        (by_patch if method == "PATCH" and facts.patch else by_put)[name] = value
    current = current_values(change.before, wrote)
    found: list[Step] = []
    if by_patch:
        parts = tuple(units(by_patch, current, change.kind, dialect))
        group_id = change.target_id if change.kind == "group" else None
        body = {
            "schemas": [PATCH_SCHEMA],
            "Operations": operations(parts, dialect, paths_only=IGNORES_PATHLESS in facts.learned, group_id=group_id),
        }
        if parts:
            found.append(Step(request=Request(method="PATCH", path=path, body=body), values=by_patch, units=parts))
    if by_put:
        shown = _put_body({**current, **values}, change)
        found.append(Step(request=Request(method="PUT", path=path, body=shown), values=by_put))
    return tuple(found)


def _put_body(values: Mapping[str, Json], change: Change) -> dict[str, Json]:
    body = assemble({path: value for path, value in values.items() if not is_empty(value)}, change.kind)
    return {"schemas": body.pop("schemas"), "id": change.target_id, **body}


def _members(
    change: Change, wrote: Mapping[str, Json], path: str, dialect: Dialect, facts: TargetFacts
) -> tuple[Step, ...]:
    adding = change.action is Action.ADD_MEMBERS
    ids = tuple((change.after if adding else change.before).get("members") or ())
    if not ids:
        return ()
    name = wrote.get("displayName")
    whole = dialect.group_update == "PUT" or (facts.member_remove == "put" and (not adding or not facts.patch))
    if whole:
        members = [member_value(member, dialect, change.called) for member in ids]
        base = {key: value for key, value in wrote.items() if key != "members"}
        body = _put_body({**base, "members": members if adding else None}, change)
        return (Step(request=Request(method="PUT", path=path, body=body), values={}, members=ids),)
    found: list[Step] = []
    for part in chunks(ids, max(1, facts.member_chunk)):
        if adding:
            body = add_body(part, dialect, name, change.called)
        else:
            body = remove_body(part, "value" if facts.member_remove == "value" else "filter", dialect, name)
        found.append(Step(request=Request(method="PATCH", path=path, body=body), values={}, members=part))
    return tuple(found)
