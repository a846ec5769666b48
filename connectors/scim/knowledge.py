"""What is known of a target, growing while it is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.scim.dialects import Dialect
from connectors.scim.profile import Profile
from syncd.core.attributes import parse_path
from syncd.core.change import TargetFacts
from syncd.core.model import Kind

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
        member_chunk=profile.member_chunk,
        member_remove=profile.member_remove or dialect.member_remove,
        members_shown=profile.members_shown,
    )


class Knowledge:
    """Holds the facts in force; `learn` replaces them."""

    def __init__(self, facts: TargetFacts) -> None:
        self.facts = facts

    def learn(self, sentence: str | None = None, **changes: Any) -> None:
        """Facts that an answer showed, and the sentence that tells an operator; saying it twice changes nothing."""
        if sentence is not None and sentence not in self.facts.learned:
            changes["learned"] = (*self.facts.learned, sentence)
        if changes:
            self.facts = replace(self.facts, **changes)

    def has(self, sentence: str) -> bool:
        return sentence in self.facts.learned

    def announced(self, kind: Kind, path: str) -> bool | None:
        """Whether /Schemas announces this path; None where it announced nothing for the kind."""
        known = (self.facts.attributes or {}).get(kind)
        if not known:
            return None
        parsed = parse_path(path)
        name = f"{parsed.schema}:{parsed.attribute}" if parsed.schema else parsed.attribute
        return name.lower() in {entry.lower() for entry in known}
