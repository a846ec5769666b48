"""What happens to people and teams of a small company at Entra, as events that can be drawn one after the other."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from connectors.sandbox.graph.entity import Group, User
from tests.system.company import GraphCompany

TEAMS = ("sales", "legal", "support", "design")
STAFF = ("ada", "ben", "cem", "dea", "eve", "fay", "gil", "hal", "ida", "jan", "kim", "leo")

Event = tuple[str, str, str]  #: what, to whom, and a team, a title or another person
EVENTS: dict[str, Callable[[GraphCompany, str, str], None]] = {}

Turn = Callable[[GraphCompany, str, str], None]


def _turn(function: Turn) -> Turn:
    EVENTS[function.__name__] = function
    return function


def user(company: GraphCompany, name: str) -> User | None:
    """The person as the directory has them: None before they are hired and after they are gone for good."""
    found = next((one for one in company.directory.users if one.id == company.ids.get(name)), None)
    return found if isinstance(found, User) else None


def group(company: GraphCompany, team: str) -> Group | None:
    """The team, None where it is dissolved."""
    found = next((one for one in company.directory.groups if one.id == company.ids.get(team)), None)
    return found if isinstance(found, Group) and found.live else None


def members(company: GraphCompany, team: str) -> set[str]:
    """The ids of a team's members."""
    found = group(company, team)
    return {member.id for member in found.members()} if found else set()


@_turn
def hire(company: GraphCompany, name: str, team: str) -> None:
    if user(company, name) is None:
        company.hire(name, *((team,) if group(company, team) else ()))


@_turn
def retitle(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.live:
        company.set_title(name, None if team == "design" else f"Head of {team}")


@_turn
def disable(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.live:
        company.disable(name)


@_turn
def enable(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.live:
        company.enable(name)


@_turn
def recycle(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.live:
        company.directory.delete(one.id)


@_turn
def restore(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and not one.live:
        company.directory.restore(one.id)


@_turn
def purge(company: GraphCompany, name: str, team: str) -> None:
    if user(company, name):
        company.purge(name)
        del company.ids[name]


@_turn
def join(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.live and one.id not in members(company, team) and group(company, team):
        company.join(team, name)


@_turn
def leave(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.id in members(company, team):
        company.leave(team, name)


@_turn
def reorganise(company: GraphCompany, name: str, team: str) -> None:
    """Everybody leaves the team at once."""
    inside = members(company, team)
    if leaving := [one for one in STAFF if company.ids.get(one) in inside]:
        company.leave(team, *leaving)


@_turn
def report_to(company: GraphCompany, name: str, team: str) -> None:
    boss = STAFF[TEAMS.index(team)]
    if (one := user(company, name)) and one.live and boss != name and (other := user(company, boss)) and other.live:
        company.set_manager(name, boss)


@_turn
def rename(company: GraphCompany, name: str, team: str) -> None:
    if (one := user(company, name)) and one.live:
        company.directory.update_user(one.id, userPrincipalName=company.login(f"{name}-{team}"))


@_turn
def rename_team(company: GraphCompany, name: str, team: str) -> None:
    if group(company, team):
        company.rename_team(team, f"{team} {name}")


@_turn
def dissolve(company: GraphCompany, name: str, team: str) -> None:
    if group(company, team):
        company.dissolve(team)


@_turn
def found(company: GraphCompany, name: str, team: str) -> None:
    if group(company, team) is None:
        company.found(team)


#: an event is drawn as one value, so that a failing history is printed as a list of them
events = st.tuples(st.sampled_from(sorted(EVENTS)), st.sampled_from(STAFF), st.sampled_from(TEAMS))


def happen(company: GraphCompany, event: Event) -> None:
    """The event, if it can happen now."""
    what, name, team = event
    EVENTS[what](company, name, team)
