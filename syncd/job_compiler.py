"""A job as config.toml writes it, compiled: mapping, scope, policy and guards (job.py has the noun)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import orjson

from connectors.scim.profile import Profile
from syncd.config import Settings
from syncd.config.job import Job as JobSettings
from syncd.config.scoped_objects import ScopedObjects
from syncd.core.attribute_type import AttributeType
from syncd.core.diff import Policy
from syncd.core.filters import Clause, compile_filters
from syncd.core.guard import DeletionLimit, Guards
from syncd.core.mapping import MappingSpec, compile_mapping
from syncd.core.model import Kind
from syncd.core.scope import ScopeRules, Selector
from syncd.core.vocabulary import SourceKind, vocabulary
from syncd.job import Job, KindRules
from syncd.mapping_rows import default_rows

#: what a target announces: by kind and attribute path
Types = Mapping[Kind, Mapping[str, AttributeType]]


def compile_job(settings: Settings, name: str, types: Types, profile: Profile) -> Job:
    """One job of a configuration, for what its target announces. Raises SyncdError where a mapping cannot be carried out."""
    said = settings.jobs[name]
    source_kind = settings.sources[said.source].kind
    on: list[Kind] = ["user", "group"] if said.groups.enabled and profile.groups.supported else ["user"]
    kinds = {kind: _rules(name, said, kind, source_kind, profile=profile, types=types.get(kind, {})) for kind in on}
    deletions = said.guards.deletions
    return Job(
        name=name,
        source=said.source,
        source_kind=source_kind,
        target=said.target,
        kinds=kinds,
        guards=Guards(
            deletions=DeletionLimit(
                count=deletions.count,
                percent=deletions.percent,
                minimum=deletions.minimum,
                window=deletions.window,
            ),
            max_active_users=said.guards.max_active_users,
            protect=frozenset(text.casefold() for text in said.guards.protect),
        ),
        nested_groups=said.nested_groups,
        precedence=said.precedence,
        drift=said.drift,
        refusal=lambda kind, path: profile.kind(kind).refusal(path) or _immutable(kinds, kind, path),
        digest=_digest(name, said, profile, kinds),
    )


def _rules(
    name: str,
    said: JobSettings,
    kind: Kind,
    source_kind: SourceKind,
    *,
    profile: Profile,
    types: Mapping[str, AttributeType],
) -> KindRules:
    objects = said.users if kind == "user" else said.groups
    words = vocabulary(source_kind, kind)
    specs = _mapping_rows(said, kind, source_kind, profile)
    product = profile.kind(kind)
    mapping = compile_mapping(
        [spec for spec in specs if product.stores(spec.target)],
        vocabulary=words,
        match=objects.match,
        required=product.required,
        types=types,
        on_create=product.on_create,
        job=name,
    )
    clauses = [
        [
            Clause(attribute=c.attribute or "", operator=c.operator or "", value=c.value, expression=c.expression)
            for c in some
        ]
        for some in objects.filters
    ]
    rules = ScopeRules(
        scope=said.scope,
        filters=compile_filters(clauses, words.resolve),
        select=_selector(said) if kind == "group" else Selector(),
        select_needs_assignment=kind == "user" or source_kind == "graph" or said.groups.select is None,
    )
    if kind == "user":
        policy = Policy(
            actions=frozenset(said.users.actions),
            out_of_scope=said.users.out_of_scope,
            delete_after=said.users.delete_after,
        )
    else:
        policy = Policy(actions=frozenset(said.groups.actions))
    asked = mapping.attributes | {name for some in clauses for c in some for name in c.attributes}
    return KindRules(mapping=mapping, scope=rules, policy=policy, attributes=asked, needs_groups="groups" in asked)


def _mapping_rows(said: JobSettings, kind: Kind, source_kind: SourceKind, profile: Profile) -> Sequence[MappingSpec]:
    """The rows in force: those configured are the whole list; else the defaults, and the profile's in their place."""
    objects: ScopedObjects = said.users if kind == "user" else said.groups
    if objects.mappings:
        return [MappingSpec(**row.model_dump()) for row in objects.mappings]
    return default_rows(kind, source_kind, profile)


def _digest(name: str, said: JobSettings, profile: Profile, kinds: Mapping[Kind, KindRules]) -> str:
    """Of what decides about scope and mapping; not of schedule, guards and the like."""
    facts = said.model_dump(mode="json", exclude={"schedule", "full_every", "guards", "drift", "precedence"})
    types = [[kind, row.path, repr(row.type)] for kind, rules in kinds.items() for row in rules.mapping.rows]
    # Whoever is in scope by the time is looked at once more by a state DB from before such times were remembered.
    turns = [kind for kind, rules in kinds.items() if rules.scope.filters.dated]
    text = orjson.dumps([name, facts, repr(profile), types, *turns], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def _immutable(kinds: Mapping[Kind, KindRules], kind: Kind, path: str) -> str | None:
    """Why an update cannot carry this path, by what the target announces (RFC 7643 section 7, mutability)."""
    rows = kinds[kind].mapping.rows if kind in kinds else ()
    if any(row.path == path and row.type.mutability == "immutable" for row in rows):
        return f"the target says that {path} cannot be changed once it is written"
    return None


def _selector(said: JobSettings) -> Selector:
    rules = said.groups.select or ()
    return Selector(
        names=frozenset(rule.name for rule in rules if rule.name is not None),
        prefixes=tuple(rule.prefix for rule in rules if rule.prefix is not None),
        patterns=tuple(rule.regex for rule in rules if rule.regex is not None),
    )
