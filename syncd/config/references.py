"""Faults between tables: a job's source and target, and what its rows ask of that source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast, get_args

from syncd.config.expression import compiled
from syncd.config.faults import ADD, nearest_of, shown
from syncd.config.section import Wrong
from syncd.core.model import Json, Kind
from syncd.core.vocabulary import SourceKind, UnknownAttribute, Vocabulary, vocabulary

Location = tuple[str | int, ...]
_KINDS: Mapping[str, Kind] = {"users": "user", "groups": "group"}


def reference_faults(raw: Mapping[str, Json]) -> Iterator[tuple[Location, Wrong]]:
    """Where they are, and what. `raw` is as the file has it: whatever has another shape is passed over here."""
    sources, targets = _table(raw, "sources"), _table(raw, "targets")
    for name, job in _table(raw, "jobs").items():
        if not isinstance(job, Mapping):
            continue
        here: Location = ("jobs", name)
        for key, known in (("source", sources), ("target", targets)):
            wanted = job.get(key)
            if isinstance(wanted, str) and wanted.strip() and wanted not in known:
                yield (*here, key), Wrong(f"unknown {key} {shown(wanted)}", nearest_of(wanted, list(known), key))
        wanted = job.get("source")
        source = sources.get(wanted) if isinstance(wanted, str) else None
        if not isinstance(source, Mapping) or source.get("kind") not in get_args(SourceKind):
            continue
        kind = cast("SourceKind", source["kind"])
        yield from _without_application(here, cast("str", wanted), source, job)
        for key, object_kind in _KINDS.items():
            objects = job.get(key)
            if isinstance(objects, Mapping):
                yield from _unknown_attributes((*here, key), objects, vocabulary(kind, object_kind))


def _table(raw: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def _without_application(
    here: Location, name: str, source: Mapping[str, Json], job: Mapping[str, Json]
) -> Iterator[tuple[Location, Wrong]]:
    keys = ("service_principal_id", "app_id") if source["kind"] == "graph" else ("app_id",)
    if job.get("scope", "assigned") == "assigned" and not any(key in source for key in keys):
        wanted = " or ".join(keys)
        right = f'scope "assigned" needs the application whose assignments count; give sources.{name} {wanted}'
        yield (*here, "scope"), Wrong(f"source {shown(name)} names no application", right, ADD)


def _unknown_attributes(
    here: Location, objects: Mapping[str, Json], known: Vocabulary
) -> Iterator[tuple[Location, Wrong]]:
    for location, names in _names(objects):
        for name in names:
            try:
                known.resolve(name)
            except UnknownAttribute as unknown:
                what = f"{known.source_kind} {known.kind}s have no attribute {shown(name)}"
                yield (*here, *location), Wrong(what, unknown.hint)


def _names(objects: Mapping[str, Json]) -> Iterator[tuple[Location, list[str]]]:
    """The source attributes that rows and clauses use, and where."""
    for index, row in enumerate(_entries(objects.get("mappings"))):
        source, expression = row.get("source"), row.get("expression")
        if isinstance(source, str) and source.strip():
            yield ("mappings", index, "source"), [source]
        if isinstance(expression, str):
            yield from _of_expression(("mappings", index, "expression"), expression)
    filters = objects.get("filters")
    for outer, clauses in enumerate(filters if isinstance(filters, list | tuple) else ()):
        for inner, clause in enumerate(_entries(clauses)):
            attribute = clause.get("attribute")
            if isinstance(attribute, str) and attribute.strip():
                yield ("filters", outer, inner, "attribute"), [attribute]
            if isinstance(clause.get("expression"), str):
                yield from _of_expression(("filters", outer, inner, "expression"), clause["expression"])


def _of_expression(location: Location, text: str) -> Iterator[tuple[Location, list[str]]]:
    if (expression := compiled(text)) is not None:
        yield location, sorted(expression.attributes)


def _entries(value: Json) -> list[Mapping[str, Json]]:
    """The tables of a list; one that is none counts as empty, so that positions stay true."""
    values = value if isinstance(value, list | tuple) else ()
    return [each if isinstance(each, Mapping) else {} for each in values]
