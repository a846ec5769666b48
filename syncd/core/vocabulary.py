"""The attribute names that mappings, filters and expressions may use, for each kind of source and of object.

Names are case-sensitive, as Entra's are. A name that the source cannot have is refused with the nearest one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, partial
from typing import Literal

from syncd.core.errors import SyncdError
from syncd.core.graph_attributes import GRAPH_ATTRIBUTES, GRAPH_SUGGESTIONS, graph_extension
from syncd.core.model import Kind
from syncd.core.okta_attributes import OKTA_ATTRIBUTES, OKTA_SUGGESTIONS, okta_attribute
from syncd.core.source_attribute import Accessor, SourceAttribute

SourceKind = Literal["graph", "okta"]

_FORMS: Mapping[tuple[SourceKind, Kind], str] = {
    ("graph", "user"): "write a property of Graph's users such as mail, or extension_<appid>_<name>",
    ("graph", "group"): "write a property of Graph's groups such as displayName or members",
    ("okta", "user"): "write user.<attribute>, appuser.<attribute>, groups, IsSoftDeleted or appRoleAssignments",
    ("okta", "group"): "write group.name, group.description, group.<attribute> or members",
}


@dataclass(kw_only=True, eq=False)
class UnknownAttribute(SyncdError):
    """The source has no attribute {name}; {hint}. Correct the mapping or filter, then run: syncd check"""

    name: str
    hint: str  #: half a sentence: "the nearest is jobTitle"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """What one kind of object of one kind of source can be asked for."""

    source_kind: SourceKind
    kind: Kind
    names: Mapping[str, SourceAttribute]  #: known by name; others may exist by their form
    suggestions: Mapping[str, str]
    by_form: Callable[[str], SourceAttribute | None]

    def resolve(self, name: str) -> Accessor:
        """The function that takes an Entry and gives the value. Raises UnknownAttribute."""
        return self._attribute(name).accessor

    def reads(self, names: Iterable[str]) -> frozenset[str]:
        """The properties to ask the source for so that these names have values. Raises UnknownAttribute.

        Graph: names for $select (`mobile` → mobilePhone). Okta sends whole objects: always empty.
        """
        return frozenset[str]().union(*(self._attribute(name).reads for name in names))

    def _attribute(self, name: str) -> SourceAttribute:
        attribute = self.names.get(name) or self.by_form(name)
        if attribute is None:
            raise UnknownAttribute(name=name, hint=self._hint(name))
        return attribute

    def _hint(self, name: str) -> str:
        bare = name.strip().removeprefix("[").removesuffix("]").strip()
        if bare != name and (bare in self.names or self.by_form(bare)):
            return f"write it without brackets and spaces: {bare}"
        suggested = self.suggestions.get(bare)
        if suggested and (suggested in self.names or self.by_form(suggested)):
            return f"the nearest is {suggested}"
        folded = {known.lower(): known for known in self.names}
        near = get_close_matches(bare.lower(), folded, n=1, cutoff=0.75)
        if not near and self.source_kind == "okta":
            near = get_close_matches(f"{self.kind}.{bare}".lower(), folded, n=1, cutoff=0.8)
        return f"the nearest is {folded[near[0]]}" if near else _FORMS[self.source_kind, self.kind]


@cache
def vocabulary(source_kind: SourceKind, kind: Kind) -> Vocabulary:
    """The vocabulary of a source's users or groups."""
    if source_kind == "graph":
        return Vocabulary(
            source_kind="graph",
            kind=kind,
            names=GRAPH_ATTRIBUTES[kind],
            suggestions=GRAPH_SUGGESTIONS,
            by_form=graph_extension,
        )
    return Vocabulary(
        source_kind="okta",
        kind=kind,
        names=OKTA_ATTRIBUTES[kind],
        suggestions=OKTA_SUGGESTIONS,
        by_form=partial(okta_attribute, kind),
    )
