"""From a source object to the SCIM resource that is wished for: the rows of a mapping, all together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from syncd.core.attribute_mapping import AttributeMapping, MappingError, MappingSpec
from syncd.core.attributes import AttributePath, parse_path
from syncd.core.desired import Desired
from syncd.core.entry import Entry
from syncd.core.expression import IGNORE_ATTRIBUTE, EvaluationContext, compile_expression
from syncd.core.model import Json, Kind
from syncd.core.schema import AttributeType, attribute_type
from syncd.core.source_attribute import Accessor, Property
from syncd.core.standard_attributes import SPELLING
from syncd.core.vocabulary import Vocabulary

__all__ = ["AttributeMapping", "Desired", "MappingError", "MappingSpec", "ObjectMapping", "compile_mapping"]

#: No such resource without it (RFC 7643 sections 4.1.1 and 4.2).
_NAME: Mapping[Kind, str] = {"user": "userName", "group": "displayName"}
#: No row writes these.
_NOT_MAPPED = frozenset({"id", "meta", "schemas", "members"})
#: What only describes an element: without a value beside it there is nothing to describe.
_MARKERS = frozenset({"primary", "type", "display"})


#: path, what gives the value, whether a text is its own value, what makes a value of anything else
_Step = tuple[str, Callable[..., Json], bool, Callable[[Json], Json]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Program:
    """Rows sorted for the loop that every object takes: it is what a full cycle spends its time on."""

    blank: Mapping[str, Json]  #: every path in the order of its row, without a value
    copies: tuple[tuple[str, str, Callable[[Json], Json]], ...]  #: texts: path, the source's own name, as in _Step
    direct: tuple[_Step, ...]  #: these take the entry
    computed: tuple[_Step, ...]  #: expressions and constants: these take the entry's names, and the surroundings
    references: tuple[_Step, ...]  #: these too
    keeps: frozenset[str]  #: an empty value leaves the attribute alone
    #: of each array element that has rows for both: paths of what describes it, and of what it holds
    elements: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    named: tuple[tuple[str, str], ...]  #: what the computed rows read, and the source's own name for it
    reads: tuple[tuple[str, Accessor], ...]  #: what else they read


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectMapping:
    """All rows for one kind of object of one job."""

    kind: Kind
    rows: tuple[AttributeMapping, ...]
    match: tuple[str, ...]  #: canonical paths, in order
    required: Mapping[str, tuple[str, ...]]  #: what the target needs, and the paths any of which will do
    read_only: tuple[str, ...] = ()  #: paths of rows that are left out: the target says that nobody writes them
    unmapped: tuple[str, ...] = ()  #: what the target says that it requires, and no row writes
    writes_members: bool = False  #: groups: there is a row members ← members
    random: bool = False  #: some row draws at random
    attributes: frozenset[str] = frozenset()  #: every source attribute that a row names
    paths: frozenset[str] = frozenset()  #: what the rows write
    redacted: frozenset[str] = frozenset()  #: paths whose values are not to be shown
    unique: tuple[AttributeMapping, ...] = ()  #: rows of values that nobody else at the target may have
    _all: _Program = field(repr=False)
    _leaving: _Program = field(repr=False)
    _on_create: frozenset[str] = frozenset()
    _caseless: frozenset[str] = frozenset()

    @property
    def on_create(self) -> frozenset[str]:
        """The paths that are written on creation only."""
        return self._on_create

    def desired(self, entry: Entry, context: EvaluationContext) -> Desired:
        """The wished resource of an object in scope. Raises MappingError, or IgnoreObject from an expression."""
        return self._desired(self._all, entry, context)

    def leaving(self, entry: Entry, context: EvaluationContext) -> Desired:
        """What leaving scope writes: the rows that use IsSoftDeleted, nothing else. `entry` is soft-deleted."""
        return self._desired(self._leaving, entry, context)

    def _desired(self, program: _Program, entry: Entry, context: EvaluationContext) -> Desired:
        values = dict(program.blank)
        attribute = entry.attributes.get
        for path, name, finish in program.copies:
            if type(value := attribute(name)) is str:
                if value:
                    values[path] = value
            elif value is not None:
                values[path] = finish(value)
        for path, read, plain, finish in program.direct:
            value = read(entry)
            if not plain:
                values[path] = finish(value)
            elif type(value) is str:
                if value:
                    values[path] = value
            elif value is not None:
                values[path] = finish(value)
        if program.computed:
            source = {name: attribute(own) for name, own in program.named}
            for name, read in program.reads:
                source[name] = read(entry)
            for path, compute, plain, finish in program.computed:
                value = compute(source, context)
                if plain and type(value) is str:
                    if value:
                        values[path] = value
                elif (value := finish(value)) is IGNORE_ATTRIBUTE:
                    del values[path]
                else:
                    values[path] = value
        references: dict[str, str | None] = {}
        for path, read, _, finish in program.references:
            value = read(entry)
            references[path] = value if value and type(value) is str else finish(value)
        for path in program.keeps:
            if path in values and values[path] is None:
                del values[path]
            elif path in references and references[path] is None:
                del references[path]
        for markers, contents in program.elements:
            if all(path in values and values[path] is None for path in contents):
                values.update(dict.fromkeys((path for path in markers if path in values), None))
        return Desired(
            values=values,
            references=references,
            on_create=self._on_create,
            redacted=self.redacted,
            caseless=self._caseless,
        )

    def missing(self, desired: Desired) -> list[str]:
        """What the target needs and has no value: the first match attribute too, if no other one has any."""
        values = desired.values
        needed = [name for name, paths in self.required.items() if all(values.get(p) in (None, "") for p in paths)]
        if all(values.get(path) in (None, "") for path in self.match):
            needed += [path for path in self.match[:1] if path not in needed]
        return sorted(needed)


def compile_mapping(
    specs: Sequence[MappingSpec],
    *,
    vocabulary: Vocabulary,
    match: Sequence[str],
    required: Sequence[str] = (),
    types: Mapping[str, AttributeType] | None = None,
    on_create: frozenset[str] = frozenset(),
    job: str = "",
) -> ObjectMapping:
    """Compile rows.

    `required`: what the product needs. `types`: what the target announces, by path without element filter in lower
    case; what it requires counts where a row writes it. `on_create`: paths that the target cannot change later. `job`:
    for messages. Raises PathError, ExpressionError, UnknownAttribute; the configuration has been checked before, so
    here they are faults of a profile.
    """
    kind = vocabulary.kind
    matched = tuple(str(parse_path(text).written) for text in match)
    rows: list[AttributeMapping] = []
    read_only: list[str] = []
    writes_members = False
    for spec in specs:
        path = str(parse_path(spec.target).written)
        if kind == "group" and path == "members":
            writes_members = spec.source == "members"  # memberships have their own way: they are edges, not values
            continue
        row = replace(_compile(spec, path, vocabulary, types, on_create), job=job)
        # Without its name, its state and what it is found by, there is nothing to provision: that cannot be meant.
        if row.type.mutability == "readOnly" and path not in (_NAME[kind], "active", *matched):
            read_only.append(path)
        else:
            rows.append(row)
    needed, unmapped = _required(kind, rows, [str(parse_path(text)) for text in required], types)
    # What the target needs is not taken away: a value that is gone leaves it as it was.
    keeps = {path for paths in needed.values() for path in paths if len(paths) == 1}
    keeps |= {row.path for row in rows if row.spec.when_empty == "keep"}
    return ObjectMapping(
        kind=kind,
        rows=tuple(rows),
        match=matched,
        required=needed,
        read_only=tuple(read_only),
        unmapped=unmapped,
        writes_members=writes_members,
        attributes=frozenset(name for spec in specs for name in _names(spec)),
        paths=frozenset(row.path for row in rows),
        redacted=frozenset(row.path for row in rows if row.redacts),
        unique=tuple(row for row in rows if row.expression is not None and row.expression.selects_unique),
        random=any(row.expression is not None and row.expression.uses_chance for row in rows),
        _all=_program(rows, keeps),
        _leaving=_program([row for row in rows if row.follows_soft_delete], keeps),
        _on_create=frozenset(row.path for row in rows if row.spec.apply == "on-create"),
        _caseless=frozenset(row.path for row in rows if row.type.caseless),
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
    return AttributeMapping(
        job="",
        spec=spec,
        path=path,
        text=spec.text,
        type=attribute_type(path, types),
        reads={name: vocabulary.resolve(name) for name in _names(spec)},
        expression=None if spec.expression is None else compile_expression(spec.expression),
        reference=(vocabulary.source_kind, vocabulary.kind, spec.source) == ("graph", "user", "manager"),
    )


def _required(
    kind: Kind, rows: Iterable[AttributeMapping], product: Iterable[str], types: Mapping[str, AttributeType] | None
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """What is needed and which rows give it; and what only /Schemas asks for, and no row gives. That does not count: an
    announcement that is wrong must not keep everybody out."""
    paths = [row.path for row in rows if not row.reference]

    def given(name: str) -> tuple[str, ...]:
        low = name.lower()
        return tuple(p for p in paths if p.lower() == low or p.lower().startswith((f"{low}.", f"{low}[")))

    announced = [
        _NAME[kind],
        *(
            SPELLING.get(name, name)
            for name, type_ in (types or {}).items()
            if type_.required and type_.mutability != "readOnly" and not {":", "."} & set(name)
        ),
    ]
    found = {name: given(name) for name in product}
    asked = {name: given(name) for name in announced if name not in found and name not in _NOT_MAPPED}
    return found | {name: some for name, some in asked.items() if some}, tuple(
        n for n, some in asked.items() if not some
    )


def _program(rows: Sequence[AttributeMapping], keeps: Set[str]) -> _Program:
    values = [row for row in rows if not row.reference]
    direct = [(r.path, r.reads[r.spec.source], r.plain, r.finish) for r in values if r.spec.source is not None]
    copies = [(path, read.name, finish) for path, read, plain, finish in direct if plain and isinstance(read, Property)]
    reads = {name: read for row in values if row.spec.source is None for name, read in row.reads.items()}
    return _Program(
        blank=dict.fromkeys(row.path for row in values),
        copies=tuple(copies),
        direct=tuple(step for step in direct if not (step[2] and isinstance(step[1], Property))),
        computed=tuple((r.path, r.found, r.plain, r.finish) for r in values if r.spec.source is None),
        references=tuple((r.path, r.reads["manager"], r.plain, r.finish) for r in rows if r.reference),
        keeps=frozenset(row.path for row in rows if row.path in keeps),
        elements=tuple(_described(values)),
        named=tuple((name, read.name) for name, read in reads.items() if isinstance(read, Property)),
        reads=tuple((name, read) for name, read in reads.items() if not isinstance(read, Property)),
    )


def _described(rows: Iterable[AttributeMapping]) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
    elements: dict[AttributePath, tuple[list[str], list[str]]] = {}
    for row in rows:
        path = parse_path(row.path)
        if path.key is not None:
            markers, contents = elements.setdefault(replace(path, sub=None), ([], []))
            (markers if (path.sub or "").lower() in _MARKERS else contents).append(row.path)
    for markers, contents in elements.values():
        if markers and contents:
            yield tuple(markers), tuple(contents)
