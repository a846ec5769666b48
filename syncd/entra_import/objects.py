"""Object mappings of Entra as the tables [jobs.NAME.users] and [jobs.NAME.groups]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.config.faults import one_line
from syncd.core.entra_schema import FLOWS, EntraObjectMapping, EntraSchema
from syncd.core.model import Kind
from syncd.entra_import.file import EntraSchemaError
from syncd.entra_import.filters import Clauses, carry_filters
from syncd.entra_import.notes import Notes, quoted
from syncd.entra_import.rows import Row, carry_rows

_KINDS: Mapping[str, Kind] = {"user": "user", "group": "group"}
#: Disabling an account is an update at Entra.
_ACTIONS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    "user": {"Add": ("create",), "Update": ("update", "deactivate"), "Delete": ("delete",)},
    "group": {"Add": ("create",), "Update": ("update",), "Delete": ("delete",)},
}
_INTO_ENTRA = ("azure active directory", "microsoft entra id")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedObjects:
    """Users or groups, valid in config.toml."""

    enabled: bool = True  #: users that are off have no actions, since only groups have this key
    actions: tuple[str, ...]
    match: tuple[str, ...] = ()  #: empty where there are no mappings
    mappings: tuple[Row, ...] = ()
    filters: tuple[Clauses, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came over, and what did not: one line each."""

    users: ImportedObjects
    groups: ImportedObjects
    notes: tuple[str, ...]


def carry_over(schema: EntraSchema, *, file: str = "the file") -> Imported:
    """The users and groups of a schema. Raises EntraSchemaError where it maps neither out of Entra."""
    lines: list[str] = []
    chosen = _chosen(schema, lines)
    if not chosen:
        raise EntraSchemaError(file=one_line(file), detail="it maps neither users nor groups out of Entra")
    users = _objects(chosen.get("user"), Notes(kind="user", lines=lines))
    groups = _objects(chosen.get("group"), Notes(kind="group", lines=lines))
    return Imported(users=users, groups=groups, notes=tuple(lines))


def _chosen(schema: EntraSchema, lines: list[str]) -> Mapping[Kind, EntraObjectMapping]:
    """One mapping of each kind: the first that is enabled, else the first."""
    found: dict[Kind, EntraObjectMapping] = {}
    for mapping in sorted(schema.mappings, key=lambda each: not each.enabled):
        kind = _KINDS.get(mapping.source_object.lower())
        name = f"object mapping {quoted(mapping.name or mapping.source_object)}"
        if mapping.target_directory.lower() in _INTO_ENTRA:
            lines.append(one_line(f"{name} is left out: it flows into Entra, which syncd only reads"))
        elif kind is None:
            what = quoted(mapping.source_object)
            lines.append(one_line(f"{name} is left out: syncd brings users and groups, not objects of type {what}"))
        elif kind in found:
            lines.append(one_line(f"{name} is left out: a job has one mapping of {kind}s, and there is another"))
        else:
            found[kind] = mapping
    return found


def _objects(mapping: EntraObjectMapping | None, notes: Notes) -> ImportedObjects:
    if mapping is None:
        notes.add(f"the schema has no mapping of {notes.kind}s, so none are provisioned")
        return ImportedObjects(enabled=False, actions=_actions(FLOWS, notes) if notes.kind == "group" else ())
    if notes.kind == "user" and not mapping.enabled:
        notes.add("their mapping is disabled; users cannot be switched off, so the list of actions is empty")
    rows, match = carry_rows(mapping.rows, notes)
    return ImportedObjects(
        enabled=mapping.enabled,
        actions=_actions(mapping.flows, notes) if mapping.enabled or notes.kind == "group" else (),
        match=match,
        mappings=rows,
        filters=carry_filters(mapping, notes),
    )


def _actions(flows: Iterable[str], notes: Notes) -> tuple[str, ...]:
    for flow in (given := list(flows)):
        if flow not in FLOWS and flow.lower() != "none":
            notes.add(f"the flow type {quoted(flow)} of objects is not known")
    return tuple(action for flow in FLOWS if flow in given for action in _ACTIONS[notes.kind][flow])
