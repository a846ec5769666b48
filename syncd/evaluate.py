"""From mirrored objects to decisions: scope, then mapping, for a handful of objects at a time.

Used alike by a cycle, on demand and by `explain`, so that they cannot disagree.
"""

from __future__ import annotations

import hmac
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from state.mirror import MirrorObject, names
from state.store import Store
from syncd.core.change import Link
from syncd.core.entry import Entry
from syncd.core.expression import IGNORE_ATTRIBUTE, EvaluationContext, IgnoreObject
from syncd.core.mapping import AttributeMapping, Desired, MappingError
from syncd.core.model import Assignment, Json, Kind
from syncd.core.redaction import REDACTED
from syncd.core.scope import Paths, Scope, Verdict, decide
from syncd.job import Job, KindRules

#: The object is skipped in this cycle, whatever else is known of it.
IGNORED = Verdict(scope=Scope.UNKNOWN, clause="an expression says IgnoreObjectFlow: left as it is")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated:
    """One object with all that the local state says of it."""

    object: MirrorObject
    name: str
    entry: Entry
    paths: Paths
    verdict: Verdict
    desired: Desired | None  #: in scope: the wished resource; out: what leaving writes; None where that failed
    link: Link | None
    error: MappingError | None = None
    missing: Sequence[str] = ()  #: mandatory attributes without a value


@dataclass(frozen=True, kw_only=True, slots=True)
class RowTrace:
    """What one row of a mapping reads and gives for one object; redacted where the row says so."""

    row: AttributeMapping
    reads: Mapping[str, Json]  #: the source attributes that it names
    gives: Json = None
    remark: str | None = None  #: where it gives nothing on purpose: IgnoreAttributeFlow, when_empty = "keep", …
    error: str | None = None


class Evaluator:
    """Evaluates objects of one job at one moment."""

    def __init__(self, job: Job, store: Store, *, now: datetime) -> None:
        self._job, self._store = job, store
        self._key = store.key()
        self._plain = EvaluationContext(now=lambda: now, default_domain=job.default_domain)

    def mark(self, value: Json) -> Json:
        """What stands for a redacted value in the state DB: equal values have equal marks, on this installation."""
        return {"redacted": hmac.new(self._key, orjson.dumps(value), "sha256").hexdigest()[:32]}

    def load(self, kind: Kind, ids: Iterable[str]) -> list[Evaluated]:
        """Evaluate these objects, in the order of their ids. What the mirror does not have is left out."""
        rules = self._job.kinds[kind]
        objects = self._store.mirror.objects(self._job.source, kind, ids)
        links = self._store.links.of(self._job.name, kind, objects)
        paths, group_names = self._paths(kind, rules, objects)
        return [
            self._one(rules, objects[id_], paths[id_], group_names.get(id_, ()), links.get(id_))
            for id_ in sorted(objects)
        ]

    def _paths(
        self, kind: Kind, rules: KindRules, objects: Mapping[str, MirrorObject]
    ) -> tuple[dict[str, Paths], dict[str, tuple[str, ...]]]:
        """How each object is assigned, and (where a row asks for it) the names of a user's groups."""
        job, mirror = self._job, self._store.mirror
        direct = mirror.assignments_of(job.source, objects)
        through: dict[str, dict[str, list[Assignment]]] = defaultdict(dict)
        group_names: dict[str, tuple[str, ...]] = {}
        resolved_here = job.source_kind == "graph" and rules.scope.scope == "assigned"
        if kind == "user" and (resolved_here or rules.needs_groups):
            inside = mirror.groups_of(job.source, objects, nested=job.nested_groups)
            everything = {group_id for ids in inside.values() for group_id in ids}
            rows = mirror.assignments_of(job.source, everything) if resolved_here else {}
            wanted = everything if rules.needs_groups else set(rows)
            words = {id_: names(group)[0] for id_, group in mirror.objects(job.source, "group", wanted).items()}
            for id_, group_ids in inside.items():
                for group_id in group_ids & rows.keys():
                    through[id_][f"{words.get(group_id, group_id)} ({group_id})"] = rows[group_id]
                group_names[id_] = tuple(sorted(words[group_id] for group_id in group_ids & words.keys()))
        return {
            id_: Paths(direct=direct.get(id_, ()), through=dict(sorted(through[id_].items()))) for id_ in objects
        }, group_names

    def _one(
        self, rules: KindRules, one: MirrorObject, paths: Paths, groups: tuple[str, ...], link: Link | None
    ) -> Evaluated:
        entry = Entry(
            kind=one.kind,
            id=one.id,
            attributes=one.attributes,
            enabled=one.enabled,
            soft_deleted=not one.enabled,
            roles=paths.roles,
            app=paths.direct[0].attributes if paths.direct and self._job.source_kind == "okta" else {},
            groups=groups,
        )
        name = names(one)[0]
        verdict = decide(rules.scope, entry, state=one.state, paths=paths, name=name, context=self._plain)
        desired: Desired | None = None
        error: MappingError | None = None
        missing: Sequence[str] = ()
        try:
            if verdict.scope is Scope.IN:
                desired = rules.mapping.desired(entry, self._context(rules, one.id))
                missing = rules.mapping.missing(desired)
            elif verdict.scope is Scope.OUT and link is not None:
                entry = replace(entry, soft_deleted=True)
                desired = rules.mapping.leaving(entry, self._context(rules, one.id))
        except MappingError as fault:
            error = fault
        except IgnoreObject:
            verdict = IGNORED
        return Evaluated(
            object=one,
            name=name,
            entry=entry,
            paths=paths,
            verdict=verdict,
            desired=desired,
            link=link,
            error=error,
            missing=missing,
        )

    def would_wish(self, one: Evaluated) -> Desired | None:
        """What the mapping gives for an object wherever its scope has it; None where it gives nothing."""
        rules = self._job.kinds[one.object.kind]
        entry = replace(one.entry, soft_deleted=not one.object.enabled)
        try:
            return rules.mapping.desired(entry, self._context(rules, one.object.id))
        except (MappingError, IgnoreObject):
            return None

    def trace(self, one: Evaluated) -> Iterator[RowTrace]:
        """Each row on its own, as the object is now; a row that fails stops none."""
        rules = self._job.kinds[one.object.kind]
        context = self._context(rules, one.object.id)
        for row in rules.mapping.rows:
            seen = {name: accessor(one.entry) for name, accessor in row.reads.items()}
            if row.redacts:
                seen = {name: None if value is None else REDACTED for name, value in seen.items()}
            told = RowTrace(row=row, reads=seen)
            try:
                value = row.evaluate(one.entry, context)
            except MappingError as error:
                yield replace(told, error=str(error))
                continue
            except IgnoreObject:
                yield replace(told, remark="IgnoreObjectFlow: the object is left as it is")
                continue
            if value is IGNORE_ATTRIBUTE:
                yield replace(told, remark="IgnoreAttributeFlow: left as it is")
            elif row in rules.mapping.unique and value is not None:
                gives = REDACTED if row.redacts else value
                yield replace(told, gives=gives, remark="if nobody at the target has it when the account is created")
            elif value is None:
                yield replace(told, remark="left as it is" if row.spec.when_empty == "keep" else None)
            else:
                yield replace(told, gives=REDACTED if row.redacts else value)

    def unique(self, one: Evaluated, row: AttributeMapping, taken: Callable[[str], bool]) -> Json:
        """What a row with SelectUniqueValue gives where these values are taken. Raises MappingError, IgnoreObject."""
        context = self._context(self._job.kinds[one.object.kind], one.object.id)
        return row.evaluate(one.entry, replace(context, taken=taken))

    def _context(self, rules: KindRules, id_: str) -> EvaluationContext:
        """Random functions draw the same for the same object each time, so that a dry run is exact and nothing flaps."""
        if not rules.mapping.random:
            return self._plain
        seed = hmac.new(self._key, f"{self._job.name}\0{id_}".encode(), "sha256").digest()
        return replace(self._plain, random=random.Random(seed))  # noqa: S311 - drawn from a secret key
