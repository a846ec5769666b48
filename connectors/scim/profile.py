"""A product's ways as data: which dialect it understands, what may be updated, what its errors mean.

The planner asks a profile what to leave out (`KindProfile.refusal`, `missing`, `stores`), the connector how to speak,
the report what to advise. Where they come from: profiles.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from connectors.scim.dialects import DIALECTS, Dialect
from connectors.scim.settings import DialectName
from syncd.core.attributes import PathError, parse_path
from syncd.core.model import Json, Kind

#: deletes: the object goes · deactivates: it stays and is inactive · unsupported: there is no DELETE
Deletion = Literal["deletes", "deactivates", "unsupported"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorWords:
    """What one known error answer of a product means."""

    remedy: str
    status: int | None = None
    contains: str | None = None  #: in the product's words, letter case aside
    kind: Kind | None = None
    permanent: bool = False  #: trying again is useless until something changes
    absent: bool = False  #: as an answer to a look-up it means: no such account here

    def fits(self, kind: Kind | None, status: int | None, words: str) -> bool:
        return (
            (self.status is None or self.status == status)
            and (self.kind is None or self.kind == kind)
            and (self.contains is None or self.contains.casefold() in words.casefold())
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class KindProfile:
    """What a product does with users, or with groups. Paths are canonical (syncd.core.attributes)."""

    supported: bool = True
    match: tuple[str, ...] = ()  #: good match attributes, the best first
    filterable: frozenset[str] | None = None  #: the only attributes with a working filter; None: not known
    accepts: frozenset[str] | None = None  #: the only attributes that it stores; None: whatever its schema has
    required: tuple[str, ...] = ()  #: without a value for each of them nothing is created
    immutable: Mapping[str, str] = field(default_factory=dict)  #: path → why it cannot change after creation
    on_create: frozenset[str] = frozenset()  #: written at creation only
    updatable: frozenset[str] | None = None  #: the only attributes that an update may name; None: all
    optional: frozenset[str] = frozenset()  #: attributes whose refusal is a note, not a failure
    delete: Deletion = "deletes"
    rename: bool = True  #: groups: a new displayName is accepted
    #: rows of mappings as config.toml writes them, by source kind ("graph", "okta"); `any` stands before both
    mappings: Mapping[str, tuple[Mapping[str, Json], ...]] = field(default_factory=dict)

    def rows(self, source_kind: str) -> tuple[Mapping[str, Json], ...]:
        """The profile's mapping rows for one kind of source; they take the place of default rows for their target."""
        return (*self.mappings.get("any", ()), *self.mappings.get(source_kind, ()))

    def refusal(self, path: str) -> str | None:
        """Why an update cannot carry this path, as half a sentence; None where it can."""
        key = _fold(path)
        for name, why in self.immutable.items():
            if _covers(name, key):
                return why
        if any(_covers(name, key) for name in self.on_create):
            return f"{path} is written at creation only"
        if self.updatable is not None and not any(_covers(name, key) for name in self.updatable):
            return f"the product does not accept a change of {path}"
        return None

    def stores(self, path: str) -> bool:
        """Whether the product keeps this attribute at all."""
        return self.accepts is None or any(_covers(name, _fold(path)) for name in self.accepts)

    def missing(self, values: Mapping[str, Json]) -> tuple[str, ...]:
        """The required attributes that have no value here."""
        given = {_fold(path) for path, value in values.items() if value not in (None, "", [], {})}
        return tuple(name for name in self.required if not any(_covers(name, path) for path in given))


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One product."""

    name: str
    title: str
    url: str | None = None  #: the tenant URL, where it is the same for every customer
    dialect: DialectName | None = None  #: None: the tenant URL's flag decides, else rfc7644
    traits: Mapping[str, Json] = field(default_factory=dict)  #: single traits of the dialect that differ
    discovery: bool = True  #: it has discovery endpoints worth asking
    patch: bool | None = None  #: None: as discovery says
    member_chunk: int = 100
    member_remove: Literal["filter", "value", "put"] | None = None  #: None: as the dialect says
    members_shown: bool = True
    page_size: int = 100
    paging: Literal["index", "cursor"] | None = None  #: how a list goes on; None: as discovery says
    users: KindProfile = field(default_factory=KindProfile)
    groups: KindProfile = field(default_factory=KindProfile)
    errors: tuple[ErrorWords, ...] = ()

    def kind(self, kind: Kind) -> KindProfile:
        return self.users if kind == "user" else self.groups

    def words(self, kind: Kind | None, status: int | None, said: str) -> ErrorWords | None:
        """The first entry that fits an error answer."""
        return next((entry for entry in self.errors if entry.fits(kind, status, said)), None)

    def speak(self, chosen: DialectName | None, flag: DialectName | None) -> Dialect:
        """The dialect in force: the configured one, else this product's, else the tenant URL's flag, else RFC 7644.

        The product's own comes before the flag, because the flag tells an identity provider how to speak, while the
        profile knows what the product understands.
        """
        dialect = DIALECTS[chosen or self.dialect or flag or "rfc7644"]
        return replace(dialect, **self.traits) if self.traits and chosen is None else dialect


def _fold(path: str) -> str:
    try:
        return str(parse_path(path)).lower()
    except PathError:
        return path.lower()


def _covers(name: str, path: str) -> bool:
    """Whether a profile's path means this one: itself, or the whole attribute that it is a part of."""
    name = name.lower()
    return path == name or path.startswith((f"{name}.", f"{name}["))
