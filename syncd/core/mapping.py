"""From a source object to the SCIM resource that is wished for: rows of an attribute mapping, compiled once.

Rules of a row: exactly one of source, constant, expression; `default` where that gives nothing; then, for what is still
empty, `when_empty` decides between clearing the target's value and leaving it alone; `allowed` bounds the values; the
result is converted to the target attribute's type. An empty string counts as empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from syncd.core.attributes import parse_path
from syncd.core.entry import Entry
from syncd.core.errors import SyncdError
from syncd.core.expression import (
    IGNORE_ATTRIBUTE,
    EvaluationContext,
    Expression,
    ExpressionError,
    compile_expression,
    render,
)
from syncd.core.model import Json, Kind
from syncd.core.schema import AttributeType, NotConvertible, attribute_type, convert
from syncd.core.source_attribute import Accessor
from syncd.core.vocabulary import Vocabulary


@dataclass(kw_only=True, eq=False)
class MappingError(SyncdError):
    """{target}: {detail}. Correct the mapping or the value at the source, then run: syncd explain NAME"""

    target: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingSpec:
    """One row as it is configured."""

    target: str
    source: str | None = None
    constant: Json = None
    expression: str | None = None
    apply: Literal["always", "on-create"] = "always"
    default: Json = None
    when_empty: Literal["clear", "keep"] = "clear"
    allowed: Sequence[Json] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Desired:
    """The wished resource in normal form: values by canonical path. None: the target shall have no value there."""

    values: Mapping[str, Json]
    references: Mapping[str, str | None]  #: paths that point at another user, by source id
    on_create: frozenset[str]  #: paths that are written on creation only
    redacted: frozenset[str]  #: paths whose values are not to be shown

    @property
    def active(self) -> bool:
        """False where the mapping says that the account is to be inactive."""
        return self.values.get("active") is not False


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeMapping:
    """One compiled row."""

    spec: MappingSpec
    path: str  #: canonical
    value: Callable[[Entry, EvaluationContext], Json]
    type: AttributeType
    reference: bool = False  #: the value is the source id of a user
    redacts: bool = False
    follows_soft_delete: bool = False  #: it uses IsSoftDeleted, so it is what leaving scope writes

    @property
    def text(self) -> str:
        """What gives the value, as it is configured."""
        if self.spec.expression is not None:
            return self.spec.expression
        return f"[{self.spec.source}]" if self.spec.source else f"constant {self.spec.constant!r}"

    def evaluate(self, entry: Entry, context: EvaluationContext) -> Json:
        """The converted value, None for empty, IGNORE_ATTRIBUTE to leave the attribute alone. Raises MappingError."""
        try:
            found = self.value(entry, context)
        except ExpressionError as error:
            raise MappingError(
                target=self.path, detail=f"{self.text}: {error.message} (column {error.column})"
            ) from None
        if found is IGNORE_ATTRIBUTE:
            return IGNORE_ATTRIBUTE
        if _empty(found):
            found = self.spec.default
        if _empty(found):
            return None
        if self.spec.allowed is not None and render(found) not in [render(a) for a in self.spec.allowed]:
            listed = ", ".join(str(a) for a in self.spec.allowed)
            raise MappingError(target=self.path, detail=f"{self.text} gives {found!r}, which is not allowed ({listed})")
        if self.reference:
            return found
        try:
            return convert(found, self.type)
        except NotConvertible as error:
            raise MappingError(target=self.path, detail=f"{self.text}: {error}") from None


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectMapping:
    """All rows for one kind of object of one job."""

    kind: Kind
    rows: tuple[AttributeMapping, ...]
    match: tuple[str, ...]  #: canonical paths, in order
    required: frozenset[str] = frozenset()  #: paths without which the target does not take the object
    writes_members: bool = False  #: groups: there is a row members ← members
    random: bool = False  #: some row draws at random
    attributes: frozenset[str] = frozenset()  #: every source attribute that a row names

    def desired(self, entry: Entry, context: EvaluationContext) -> Desired:
        """The wished resource of an object in scope. Raises MappingError, or IgnoreObject from an expression."""
        return self._desired(self.rows, entry, context)

    def leaving(self, entry: Entry, context: EvaluationContext) -> Desired:
        """What leaving scope writes: the rows that use IsSoftDeleted, nothing else. `entry` is soft-deleted."""
        return self._desired([row for row in self.rows if row.follows_soft_delete], entry, context)

    def _desired(self, rows: Sequence[AttributeMapping], entry: Entry, context: EvaluationContext) -> Desired:
        values: dict[str, Json] = {}
        references: dict[str, str | None] = {}
        for row in rows:
            value = row.evaluate(entry, context)
            if value is IGNORE_ATTRIBUTE or (value is None and row.spec.when_empty == "keep"):
                continue
            if row.reference:
                references[row.path] = value
            else:
                values[row.path] = value
        return Desired(
            values=values,
            references=references,
            on_create=frozenset(row.path for row in rows if row.spec.apply == "on-create"),
            redacted=frozenset(row.path for row in rows if row.redacts),
        )

    def missing(self, desired: Desired) -> list[str]:
        """Required paths, and the first match attribute, that have no value."""
        needed = sorted(self.required)
        if not any(desired.values.get(path) for path in self.match):
            needed += [path for path in self.match[:1] if path not in needed]
        return [path for path in needed if desired.values.get(path) in (None, "")]


def compile_mapping(
    specs: Sequence[MappingSpec],
    *,
    vocabulary: Vocabulary,
    match: Sequence[str],
    required: Sequence[str] = (),
    types: Mapping[str, AttributeType] | None = None,
    on_create: frozenset[str] = frozenset(),
) -> ObjectMapping:
    """Compile rows. `on_create`: paths that the target cannot change later. Raises PathError, ExpressionError,
    UnknownAttribute; the configuration has been checked before, so here they are faults of a profile."""
    rows: list[AttributeMapping] = []
    writes_members = False
    for spec in specs:
        path = str(parse_path(spec.target))
        if vocabulary.kind == "group" and path == "members":
            writes_members = True  # memberships have their own way: they are edges, not values
            continue
        rows.append(_compile(spec, path, vocabulary, types, on_create))
    return ObjectMapping(
        kind=vocabulary.kind,
        rows=tuple(rows),
        match=tuple(str(parse_path(text)) for text in match),
        required=frozenset(str(parse_path(text)) for text in required),
        writes_members=writes_members,
        attributes=frozenset(name for spec in specs for name in _names(spec)),
        random=any(compile_expression(spec.expression).uses_chance for spec in specs if spec.expression is not None),
    )


def _names(spec: MappingSpec) -> frozenset[str]:
    if spec.expression is not None:
        return compile_expression(spec.expression).attributes
    return frozenset([spec.source] if spec.source else ())


def _compile(
    spec: MappingSpec,
    path: str,
    vocabulary: Vocabulary,
    types: Mapping[str, AttributeType] | None,
    on_create: frozenset[str],
) -> AttributeMapping:
    if path in on_create and spec.apply == "always":
        spec = replace(spec, apply="on-create")
    type_ = attribute_type(path, types)
    if spec.expression is not None:
        expression = compile_expression(spec.expression)
        return AttributeMapping(
            spec=spec,
            path=path,
            value=_expression(expression, vocabulary),
            type=type_,
            redacts=expression.redacts,
            follows_soft_delete="IsSoftDeleted" in expression.attributes,
        )
    if spec.source is not None:
        accessor = vocabulary.resolve(spec.source)
        return AttributeMapping(
            spec=spec,
            path=path,
            value=lambda entry, context: accessor(entry),
            type=type_,
            reference=(vocabulary.source_kind, spec.source) == ("graph", "manager"),
            follows_soft_delete=spec.source == "IsSoftDeleted",
        )
    constant = spec.constant
    return AttributeMapping(spec=spec, path=path, value=lambda entry, context: constant, type=type_)


def _expression(expression: Expression, vocabulary: Vocabulary) -> Callable[[Entry, EvaluationContext], Json]:
    accessors = {name: vocabulary.resolve(name) for name in expression.attributes}
    return lambda entry, context: expression.evaluate(_Names(accessors, entry), context)


@dataclass(frozen=True, slots=True)
class _Names:
    """An entry as an expression sees it: names to values."""

    accessors: Mapping[str, Accessor]
    entry: Entry

    def get(self, name: str) -> Json:
        return self.accessors[name](self.entry)


def _empty(value: Json) -> bool:
    return value is None or value in ("", [])
