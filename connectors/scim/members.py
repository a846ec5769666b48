"""Membership changes in small parts: the requests that add members to a group or remove them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from connectors.scim.dialects import Dialect
from connectors.scim.patch import PATCH_SCHEMA, op_word
from syncd.core.attributes import quote
from syncd.core.model import Json

RemoveForm = Literal["filter", "value"]


def chunks(ids: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """The ids in their order, at most `size` at a time."""
    for at in range(0, len(ids), size):
        yield tuple(ids[at : at + size])


def add_body(
    ids: Iterable[str], dialect: Dialect, name: Json = None, called: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Json]:
    """`name`: the group's; `called`: user names by member id."""
    values = [member_value(member, dialect, called) for member in ids]
    return _body([{"op": op_word("add", dialect), "path": "members", "value": values}], dialect, name)


def member_value(member: str, dialect: Dialect, called: Mapping[str, str] = MappingProxyType({})) -> dict[str, Json]:
    """One member as a request says it; `display` where the dialect has it and the name is known (RFC 7643 section 2.4)."""
    value: dict[str, Json] = {"$ref": None, "value": member} if dialect.member_ref else {"value": member}
    if dialect.member_display and member in called:
        value["display"] = called[member]
    return value


def remove_body(ids: Iterable[str], form: RemoveForm, dialect: Dialect, name: Json = None) -> dict[str, Json]:
    """One operation per member, or all as a list of values.

    RFC 7644 section 3.5.2.2 knows the filter alone and ignores a value: read strictly, the second form empties the
    group. So it is for services that are known to want it.
    """
    remove = op_word("remove", dialect)
    if form == "value":
        return _body(
            [{"op": remove, "path": "members", "value": [member_value(id_, dialect) for id_ in ids]}], dialect, name
        )
    return _body([{"op": remove, "path": f"members[value eq {quote(member)}]"} for member in ids], dialect, name)


def _body(operations: list[Json], dialect: Dialect, name: Json) -> dict[str, Json]:
    if dialect.name_with_members and name is not None:
        operations = [{"op": op_word("replace", dialect), "value": {"displayName": name}}, *operations]
    return {"schemas": [PATCH_SCHEMA], "Operations": operations}


def entries(resource: Mapping[str, Json]) -> list[dict[str, Json]]:
    """The members that a group shows, as they stand there."""
    shown = next((value for key, value in resource.items() if key.lower() == "members"), None)
    listed = shown if isinstance(shown, list) else []
    return [dict(each) if isinstance(each, Mapping) else {"value": each} for each in listed]
