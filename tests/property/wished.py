"""What a small company's people office wishes, by the directory and a few words of the configuration alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.sandbox.graph.entity import Group, User
from tests.property.turns import STAFF, TEAMS, group, user
from tests.system.company import GraphCompany


@dataclass(frozen=True, kw_only=True)
class Wished:
    """`logins`: who is to have an account that is active. `members`: by the id of a team at the source, the logins of
    those among its members."""

    logins: frozenset[str]
    members: Mapping[str, frozenset[str]]


def wished(company: GraphCompany, *, everybody: bool, refused_title: str) -> Wished:
    """`everybody`: scope = "all". `refused_title`: of the filter with NOT EQUALS, which no empty title passes."""
    assigned = {row.principal.id for row in company.directory.assignments if row.ended is None}
    teams = [found for team in TEAMS if (found := group(company, team)) is not None]
    people = [found for name in STAFF if (found := user(company, name)) is not None]
    chosen = {
        one.id: _login(one)
        for one in people
        if _works(one, refused_title) and (everybody or one.id in assigned or _brought_in(one, teams, assigned))
    }
    return Wished(
        logins=frozenset(chosen.values()),
        members={
            team.id: frozenset(chosen[one.id] for one in team.members() if one.id in chosen)
            for team in teams
            if everybody or team.id in assigned
        },
    )


def _login(one: User) -> str:
    return str(one.values["userPrincipalName"])


def _works(one: User, refused_title: str) -> bool:
    title = one.values.get("jobTitle")
    return bool(one.live and one.values.get("accountEnabled") and title is not None and title != refused_title)


def _brought_in(one: User, teams: list[Group], assigned: set[str]) -> bool:
    return any(one.id in {member.id for member in team.members()} for team in teams if team.id in assigned)
