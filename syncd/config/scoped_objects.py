"""What the tables [jobs.<name>.users] and [jobs.<name>.groups] have in common: matching, filters, mappings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from syncd.config.faults import shown
from syncd.config.filters import Filters
from syncd.config.late import Late
from syncd.config.mapping import MappingRow, attribute_path, path_key, selects_unique
from syncd.config.section import Section, Wrong
from syncd.core.attributes import AttributePath, PathError, overlap, parse_path
from syncd.core.model import Json


def _match_path(value: Any) -> str:
    return str(attribute_path(value))


def _not_empty(paths: tuple[str, ...]) -> tuple[str, ...]:
    if not paths:
        raise Wrong("an empty list", "matching needs at least one target attribute").error()
    return paths


Match = Annotated[
    tuple[Annotated[str, PlainValidator(_match_path), WithJsonSchema({"type": "string"})], ...],
    AfterValidator(_not_empty),
]


class ScopedObjects(Section):
    """Users or groups of one job."""

    filters: Filters = Field(
        default=(),
        description="Who is in scope: each inner list is joined with AND, the lists with OR; none: no filter",
    )
    mappings: tuple[Annotated[MappingRow, Late()], ...] = Field(
        default=(),
        description="The whole mapping, a row for each target attribute; none: the default mapping of the source kind, "
        "then the profile's",
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        mappings = raw.get("mappings")
        rows = mappings if isinstance(mappings, list | tuple) else ()
        written: dict[tuple[Json, ...], int] = {}
        paths: dict[int, AttributePath] = {}
        readable = True
        for index, row in enumerate(rows):
            path = _path(row.get("target")) if isinstance(row, Mapping) else None
            if path is None:
                readable = False
                continue
            key = path_key(path)
            if key in written:
                yield Wrong(
                    f"{shown(str(path))} is mapped twice",
                    f"mappings[{written[key]}] writes it as well; keep one of them",
                    key=("mappings", index, "target"),
                )
            elif (other := next((at for at, seen in paths.items() if overlap(seen, path)), None)) is not None:
                yield Wrong(
                    f"{shown(str(path))} is mapped twice",
                    f"mappings[{other}] writes {shown(str(paths[other]))}; write either the whole or its parts",
                    key=("mappings", index, "target"),
                )
            written.setdefault(key, index)
            paths[index] = path
        if rows and readable and raw.get("enabled") is not False:
            yield from cls._unmatchable(raw.get("match", cls.model_fields["match"].default), rows, written)

    @classmethod
    def _unmatchable(
        cls, match: Json, rows: Sequence[Mapping[str, Json]], written: Mapping[tuple[Json, ...], int]
    ) -> Iterable[Wrong]:
        """Match attributes that no row writes, or that have another value each time: nothing is ever found by them."""
        for index, text in enumerate(match if isinstance(match, list | tuple) else ()):
            path = _path(text)
            if path is None:
                continue
            row = written.get(path_key(path))
            if row is None:
                yield Wrong(
                    f"no row of mappings writes {shown(str(path))}",
                    "objects are matched by attributes that are mapped; add a row or match by another attribute",
                    key=("match", index),
                )
            elif selects_unique(rows[row].get("expression")):
                yield Wrong(
                    f"SelectUniqueValue in the row of {shown(str(path))}, by which objects are matched",
                    "it gives another value once the object exists; match by another attribute",
                    key=("mappings", row, "expression"),
                )


def _path(text: Json) -> AttributePath | None:
    try:
        return parse_path(text) if isinstance(text, str) else None
    except PathError:
        return None
