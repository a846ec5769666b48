"""What is known of a target, growing while it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.scim.dialects import Dialect
from connectors.scim.profile import Profile
from syncd.core.attributes import parse_path, read
from syncd.core.change import SOME_MEMBERS_SHOWN, UNSHOWN_MEMBERS, TargetFacts, members_of
from syncd.core.model import Json, Kind

#: Sentences of TargetFacts.learned that are also looked up.
DISCOVERED = "it was asked for its discovery"
IGNORES_PATHLESS = "ignores PATCH operations without a path"
REMOVES_BY = {
    "filter": 'members are removed by members[value eq "id"]',
    "value": "members are removed by a list of values",
    "put": "members are removed by PUT",
}


def first_facts(profile: Profile, dialect: Dialect) -> TargetFacts:
    """What profile and dialect say, before the target was asked anything."""
    return TargetFacts(
        patch=profile.patch is not False,
        max_results=profile.page_size,
        cursor=profile.paging == "cursor",
        member_chunk=profile.member_chunk,
        member_remove=profile.member_remove or dialect.member_remove,
        members_shown=profile.members_shown,
    )


def _nothing(value: Json) -> bool:
    return value is None or value in ("", [], {})


class Knowledge:
    """Holds the facts in force; `learn` replaces them."""

    def __init__(self, facts: TargetFacts) -> None:
        self.facts = facts
        self.patient = True  #: to wait for what was accepted and is not to be seen yet: until that was in vain

    def learn(self, sentence: str | None = None, **changes: Any) -> None:
        """Facts that an answer showed, and the sentence that tells an operator; saying it twice changes nothing."""
        if sentence is not None and sentence not in self.facts.learned:
            changes["learned"] = (*self.facts.learned, sentence)
        if changes:
            self.facts = replace(self.facts, **changes)

    def doubt_filters(self) -> None:
        """What was learned of filters is forgotten, for a check to find out anew: the service may have changed."""
        kept = tuple(sentence for sentence in self.facts.learned if not sentence.startswith("a filter on "))
        self.facts = replace(self.facts, unfilterable=frozenset(), learned=kept)

    def read_group(self, resource: Mapping[str, Json]) -> None:
        """A group as a read gives it. One that shows a member disproves that members are not shown: the read that taught
        this met a machine that did not know of the addition yet. An answer to a write proves nothing of reads."""
        if self.has(UNSHOWN_MEMBERS) and members_of(resource):
            kept = tuple(sentence for sentence in self.facts.learned if sentence != UNSHOWN_MEMBERS)
            self.facts = replace(self.facts, members_shown=not self.has(SOME_MEMBERS_SHOWN), learned=kept)

    def has(self, sentence: str) -> bool:
        return sentence in self.facts.learned

    def untried(self, kind: Kind, values: Mapping[str, Json]) -> bool:
        """Whether among these written values is one of which it is not known if the target shows it."""
        known = self.facts.shown.get(kind, {})
        return not known.keys() >= values.keys() and any(
            path not in known and not _nothing(value) for path, value in values.items()
        )

    def wrote(self, kind: Kind, values: Mapping[str, Json], resource: Mapping[str, Json]) -> None:
        """An object after these values were written: what it does not show, and never showed, it may not keep."""
        known = self.facts.shown.get(kind, {})
        if all(map(known.get, values)):
            return  # as with every object after the first few
        found = {
            path: not _nothing(read(resource, parse_path(path)))
            for path, value in values.items()
            if known.get(path) is not True and not _nothing(value)
        }
        self._show(kind, {path: there for path, there in found.items() if known.get(path) is not there})

    def saw(self, kind: Kind, resource: Mapping[str, Json]) -> None:
        """Any object: a path that it shows is one that can be shown after all. Of members it is remembered that they are
        shown: some services leave out what is empty, others leave out members always."""
        known = self.facts.shown.get(kind, {})
        hidden = {path for path, there in known.items() if not there}
        if kind == "group" and known.get("members") is not True:
            hidden.add("members")
        self._show(kind, {p: True for p in hidden if not _nothing(read(resource, parse_path(p)))})

    def _show(self, kind: Kind, found: Mapping[str, bool]) -> None:
        if found:
            shown = self.facts.shown
            self.learn(shown={**shown, kind: {**shown.get(kind, {}), **found}})

    def announced(self, kind: Kind, path: str) -> bool | None:
        """Whether /Schemas announces this path; None where it announced nothing for the kind."""
        known = (self.facts.attributes or {}).get(kind)
        if not known:
            return None
        parsed = parse_path(path)
        name = f"{parsed.schema}:{parsed.attribute}" if parsed.schema else parsed.attribute
        return name.lower() in {entry.lower() for entry in known}
