"""A company at Entra or at Okta that changes at random, and beside it, by other means, who should have what."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from connectors.sandbox.clock import Clock
from tests.simulation.titles import SECRET_TITLE, TITLES, Titles
from tests.system.company import COMPANIES, GraphCompany


@dataclass(kw_only=True)
class Person:
    """One person, as the company's people office knows them."""

    login: str
    title: str | None = "Engineer"
    given: str
    enabled: bool = True
    direct: bool = False
    there: bool = True


@dataclass(kw_only=True)
class Team:
    """One team, by its display name."""

    name: str
    assigned: bool = True
    there: bool = True
    members: set[str] = field(default_factory=set)


class ChangingCompany:
    """`people` and `teams` say what is so; every verb changes them and the directory alike."""

    def __init__(self, kind: str, draw: random.Random, clock: Clock) -> None:
        self.kind, self._draw = kind, draw
        self.directory = COMPANIES[kind]("sim", clock)
        self.people: dict[str, Person] = {}
        self.teams: dict[str, Team] = {}
        self._words = 0

    def begin(self) -> None:
        if isinstance(self.directory, GraphCompany) and self._draw.random() < 0.5:  # a directory of many pages
            quirks = self.directory.directory.quirks
            quirks.users_page, quirks.groups_page = self._draw.randint(2, 5), self._draw.randint(1, 3)
            quirks.members_page, quirks.short_pages = self._draw.randint(2, 4), self._draw.random() < 0.5
        for _ in range(3):
            self.found()
        for _ in range(self._draw.randint(8, 12)):
            self.hire()

    # --- who should have what ---------------------------------------------------------------------------------------

    def entitled(self) -> dict[str, Person]:
        """Those who work and are assigned: whether a job wants them is up to its titles."""
        return self.wanted(TITLES["all"])

    def in_scope(self, name: str, titles: Titles) -> bool:
        """Of a job that has these titles in its scope."""
        person = self.people[name]
        through = any(team.there and team.assigned and name in team.members for team in self.teams.values())
        return person.there and (person.direct or through) and titles.has(person.title)

    def wanted(self, titles: Titles) -> dict[str, Person]:
        """Those who should have an account that works."""
        return {n: p for n, p in self.people.items() if p.enabled and self.in_scope(n, titles)}

    def wanted_teams(self) -> dict[str, set[str]]:
        """The members of each team that should be there, by display name."""
        return {t.name: t.members for t in self.teams.values() if t.there and t.assigned}

    # --- what happens -----------------------------------------------------------------------------------------------

    def change(self) -> str:
        """One change at random. Says which."""
        verbs = (
            self.hire, self.hire, self.retitle, self.retitle, self.rename_given, self.rename, self.switch, self.switch,
            self.assign, self.unassign, self.purge, self.lay_off, self.lay_off, self.found, self.rename_team, self.dissolve, self.withdraw,
            self.join, self.join, self.join, self.leave, self.leave, self.leave,
        )  # fmt: skip
        verb = self._draw.choice(verbs)
        return f"{verb.__name__} {verb()}"

    def _word(self, stem: str) -> str:
        self._words += 1
        return f"{stem}{self._words}"

    def _somebody(self) -> str | None:
        there = [name for name, person in self.people.items() if person.there]
        return self._draw.choice(there) if there else None

    def _some_team(self) -> str | None:
        there = [name for name, team in self.teams.items() if team.there]
        return self._draw.choice(there) if there else None

    def hire(self) -> str:
        name = self._word("person")
        teams = [team for team, is_ in self.teams.items() if is_.there and self._draw.random() < 0.5]
        title = self._draw.choice(("Engineer", None, SECRET_TITLE))
        login = self.directory.hire(name, *teams, title=title)
        self.people[name] = Person(login=login, title=title, given=name.capitalize())
        for team in teams:
            self.teams[team].members.add(name)
        if self._draw.random() < 0.2:  # before the first day at work
            self._disable(name)
        return name

    def retitle(self) -> str | None:
        if name := self._somebody():
            title = self._draw.choice((None, "Director", "Clerk", SECRET_TITLE, self._word("Head of ")))
            self.set_title(name, title)
        return name

    def set_title(self, name: str, title: str | None) -> None:
        self.directory.set_title(name, title)
        self.people[name].title = title

    def rename_given(self) -> str | None:
        if name := self._somebody():
            self.people[name].given = self._word("Given")
            self.directory.set_given_name(name, self.people[name].given)
        return name

    def rename(self) -> str | None:
        if name := self._somebody():
            self.people[name].login = self.directory.rename(name, self._word("renamed"))
        return name

    def switch(self) -> str | None:
        if name := self._somebody():
            person = self.people[name]
            if person.enabled:
                self._disable(name)
            else:
                person.enabled = True
                self.directory.enable(name)
        return name

    def lay_off(self) -> str:
        """Some at once."""
        there = [name for name, person in self.people.items() if person.there and person.enabled]
        gone = self._draw.sample(there, min(len(there), self._draw.randint(2, 5)))
        for name in gone:
            self._disable(name)
        return " ".join(gone)

    def _disable(self, name: str) -> None:
        person = self.people[name]
        person.enabled = False
        self.directory.disable(name)
        person.direct = person.direct and self.kind == "graph"  # Okta takes the assignments with it

    def assign(self) -> str | None:
        name = self._somebody()
        if name and self.people[name].enabled and not self.people[name].direct:
            self.directory.assign(name)
            self.people[name].direct = True
        return name

    def unassign(self) -> str | None:
        direct = [name for name, person in self.people.items() if person.there and person.direct]
        if not direct:
            return None
        name = self._draw.choice(direct)
        self.directory.unassign(name)
        self.people[name].direct = False
        return name

    def purge(self) -> str | None:
        if name := self._somebody():
            self.directory.purge(name)
            self.people[name].there = self.people[name].direct = False
            for team in self.teams.values():
                team.members.discard(name)
        return name

    def found(self) -> str:
        word = self._word("team")
        assigned = self._draw.random() < 0.8
        self.teams[word] = Team(name=self.directory.found(word, assigned=assigned), assigned=assigned)
        return word

    def rename_team(self) -> str | None:
        if word := self._some_team():
            self.teams[word].name = self.directory.rename_team(word, self._word("other"))
        return word

    def dissolve(self) -> str | None:
        if word := self._some_team():
            self.directory.dissolve(word)
            self.teams[word].there = False
        return word

    def withdraw(self) -> str | None:
        if (word := self._some_team()) and self.teams[word].assigned:
            self.directory.withdraw(word)
            self.teams[word].assigned = False
        return word

    def join(self) -> str | None:
        name, word = self._somebody(), self._some_team()
        if name is None or word is None or name in self.teams[word].members:
            return None
        self.directory.join(word, name)
        self.teams[word].members.add(name)
        return f"{name} {word}"

    def leave(self) -> str | None:
        word = self._some_team()
        if word is None or not self.teams[word].members:
            return None
        name = self._draw.choice(sorted(self.teams[word].members))
        self.directory.leave(word, name)
        self.teams[word].members.discard(name)
        return f"{name} {word}"
