"""What may go while a history is lived: who lost an account or a membership was not to have it at some time before."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.scim.directory import Stored
from tests.simulation import invariants
from tests.simulation.invariants import Violation
from tests.simulation.world import GUARDS, World


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What was at the target before a process began."""

    accounts: dict[str, Stored]  #: that may sign in, by id
    people: dict[str, str]  #: whose the accounts are, by id
    members: set[tuple[str, str]]  #: of groups, by id


class Removals:
    """Judges what one cycle after the other takes away."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: who was not to have an account at some time since the source was last read to its end, by id at the source
        self._doubtful: set[str] = set()
        self._doubtful_members: set[tuple[str, str]] = set()

    def doubt(self) -> None:
        """Something has changed: whoever is not wanted now may go."""
        company, wanted = self._world.company, self._world.wanted()
        self._doubtful |= company.people.keys() - wanted.keys()
        for word, team in company.teams.items():
            for name in company.people:
                if name not in team.members or name not in wanted or not (team.there and team.assigned):
                    self._doubtful_members.add((word, name))

    def believed(self) -> None:
        """A round came to its end: what was before does not count any more."""
        self._world.stale_source.catch_up()
        self._doubtful.clear()
        self._doubtful_members.clear()
        self.doubt()

    def before(self) -> Before:
        world = self._world
        return Before(
            accounts=invariants.active(world), people=invariants.people(world), members=invariants.memberships(world)
        )

    def judge(self, before: Before, *, limited: bool) -> int:
        """How many accounts went. `limited`: by one cycle, whose guard is in force. Raises Violation."""
        world = self._world
        removed = [one for id_, one in before.accounts.items() if id_ not in invariants.active(world)]
        sure = {person.login: name for name, person in world.company.people.items() if name not in self._doubtful}
        for one in removed:
            if one.name in sure or before.people.get(one.id) in sure.values():
                raise Violation(f"removed although wanted all the time: {one.name}")
        if world.second is None:  # else they pass from the groups of one job with the account
            self._memberships(before, sure)
        limit = GUARDS.get(world.variant)
        if limited and world.second is None and limit is not None and len(removed) > 1:
            count, percent, minimum = limit
            all_ = len(before.accounts)
            if len(removed) > count or (all_ >= minimum + 4 and len(removed) * 100 > percent * all_):
                raise Violation(f"{len(removed)} of {all_} removed in one cycle, guard {limit}")
        return len(removed)

    def _memberships(self, before: Before, sure: dict[str, str]) -> None:
        world = self._world
        people = {one.id: sure.get(one.name) for one in world.target.users()}
        names = {team.name: word for word, team in world.company.teams.items()}
        for group, member in before.members - invariants.memberships(world):
            found, name = world.target.get("group", group), people.get(member)
            if found is None or name is None or found.name not in names:
                continue
            if (names[found.name], name) not in self._doubtful_members:
                raise Violation(f"{name} was taken out of {found.name} although a member all the time")
