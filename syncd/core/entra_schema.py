"""The schema of one of Entra's provisioning jobs, as Microsoft Graph exports it: what is mapped, how, and who is in scope.

    schema = read_schema(json)      raises NotASchema, with the place in the file

Read are the rules and their object mappings; the definitions of the directories, which are most of such a file, are not.
Keys that are not known are passed over: Graph adds some from time to time.
Source: Microsoft Graph documentation, "synchronizationSchema", "objectMapping", "attributeMapping", "filter".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncd.core.entra_source import EntraSource, read_source
from syncd.core.model import Json

FLOWS = ("Add", "Update", "Delete")
_MOST = 10_000  # of anything in one list; the largest real ones have a few hundred


class NotASchema(ValueError):
    """Not a synchronizationSchema; the message names the place and what should stand there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntraRow:
    """One attributeMapping."""

    target: str
    source: EntraSource | None  #: None: nothing flows; `default` fills what is found empty
    default: str = ""
    matching_priority: int = 0  #: above 0: objects are matched by it, the lowest number first
    flow_type: str = "Always"
    flow_behavior: str = "FlowWhenChanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class EntraClause:
    """One filterClause."""

    attribute: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EntraFilter:
    """One filterGroup: its clauses are joined with AND, several of them with OR."""

    name: str
    clauses: tuple[EntraClause, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntraObjectMapping:
    """One objectMapping."""

    name: str
    source_directory: str
    target_directory: str
    source_object: str  #: "User", "Group"
    target_object: str
    enabled: bool
    flows: tuple[str, ...]  #: some of FLOWS, or words that are not among them
    rows: tuple[EntraRow, ...]
    filters: tuple[EntraFilter, ...]
    further_filters: tuple[str, ...]  #: inputFilterGroups, categoryFilterGroups, where they hold clauses


@dataclass(frozen=True, kw_only=True, slots=True)
class EntraSchema:
    """The object mappings of all rules, in the order of the file."""

    mappings: tuple[EntraObjectMapping, ...]


def read_schema(data: Json) -> EntraSchema:
    """The schema in a decoded JSON document. Raises NotASchema."""
    if not isinstance(data, Mapping) or "synchronizationRules" not in data:
        raise NotASchema("it is no synchronization schema: it has no synchronizationRules")
    found: list[EntraObjectMapping] = []
    for at, rule in _tables(data, "synchronizationRules", ""):
        source, target = _text(rule, "sourceDirectoryName", at), _text(rule, "targetDirectoryName", at)
        for place, mapping in _tables(rule, "objectMappings", at):
            found.append(_object_mapping(mapping, place, source, target))
    if not found:
        raise NotASchema("its synchronizationRules have no objectMappings")
    return EntraSchema(mappings=tuple(found))


def _object_mapping(data: Mapping[str, Json], at: str, source: str, target: str) -> EntraObjectMapping:
    scope = data.get("scope")
    if scope is not None and not isinstance(scope, Mapping):
        raise NotASchema(f"{at}.scope is {_kind(scope)}, but must be an object")
    scope, place = scope or {}, f"{at}.scope"
    further = ("inputFilterGroups", "categoryFilterGroups")
    return EntraObjectMapping(
        name=_text(data, "name", at),
        source_directory=source,
        target_directory=target,
        source_object=_text(data, "sourceObjectName", at),
        target_object=_text(data, "targetObjectName", at),
        enabled=_flag(data, "enabled", at),
        flows=_flows(data, at),
        rows=tuple(_row(row, where) for where, row in _tables(data, "attributeMappings", at)),
        filters=tuple(_filters(scope, "groups", place)),
        further_filters=tuple(key for key in further if any(each.clauses for each in _filters(scope, key, place))),
    )


def _row(data: Mapping[str, Json], at: str) -> EntraRow:
    source = data.get("source")
    if source is not None and not isinstance(source, Mapping):
        raise NotASchema(f"{at}.source is {_kind(source)}, but must be an object")
    priority = data.get("matchingPriority") or 0
    if not isinstance(priority, int):
        raise NotASchema(f"{at}.matchingPriority is {_kind(priority)}, but must be a whole number")
    return EntraRow(
        target=_text(data, "targetAttributeName", at),
        source=read_source(source) if source else None,
        default=_text(data, "defaultValue", at),
        matching_priority=int(priority),
        flow_type=_text(data, "flowType", at) or "Always",
        flow_behavior=_text(data, "flowBehavior", at) or "FlowWhenChanged",
    )


def _filters(scope: Mapping[str, Json], key: str, at: str) -> Iterator[EntraFilter]:
    for place, group in _tables(scope, key, at):
        clauses = tuple(_clause(clause, where) for where, clause in _tables(group, "clauses", place))
        yield EntraFilter(name=_text(group, "name", place), clauses=clauses)


def _clause(data: Mapping[str, Json], at: str) -> EntraClause:
    operand = data.get("targetOperand")
    if operand is not None and not isinstance(operand, Mapping):
        raise NotASchema(f"{at}.targetOperand is {_kind(operand)}, but must be an object")
    values = (operand or {}).get("values") or ()
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise NotASchema(f"{at}.targetOperand.values must be a list of texts")
    attribute, operator = _text(data, "sourceOperandName", at), _text(data, "operatorName", at)
    return EntraClause(attribute=attribute, operator=operator, values=tuple(values))


def _flows(data: Mapping[str, Json], at: str) -> tuple[str, ...]:
    """objectFlowTypes: several flags in one text. Left out, all three are meant."""
    if data.get("flowTypes") is None:
        return FLOWS
    words = [word.strip() for word in _text(data, "flowTypes", at).split(",")]
    return tuple({flow.lower(): flow for flow in FLOWS}.get(word.lower(), word) for word in words if word)


def _tables(data: Mapping[str, Json], key: str, at: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Each object of a list, with its place; a list that is missing or null is empty."""
    value, place = data.get(key), f"{at}.{key}".lstrip(".")
    if value is None:
        return
    if not isinstance(value, list) or len(value) > _MOST:
        raise NotASchema(f"{place} is {_kind(value)}, but must be a list of at most {_MOST} objects")
    for index, each in enumerate(value):
        if not isinstance(each, Mapping):
            raise NotASchema(f"{place}[{index}] is {_kind(each)}, but must be an object")
        yield f"{place}[{index}]", each


def _text(data: Mapping[str, Json], key: str, at: str) -> str:
    """Empty where it is missing or null."""
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise NotASchema(f"{at}.{key} is {_kind(value)}, but must be text")
    return value or ""


def _flag(data: Mapping[str, Json], key: str, at: str) -> bool:
    """True where it is missing or null."""
    value = data.get(key)
    if value is not None and not isinstance(value, bool):
        raise NotASchema(f"{at}.{key} is {_kind(value)}, but must be true or false")
    return value is not False


def _kind(value: Json) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object" if isinstance(value, Mapping) else "null"
