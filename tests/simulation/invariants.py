"""What must be true whatever happened, each as a check that names what it found wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from connectors.sandbox.scim.directory import Stored
from state.engine import reading
from tests.simulation.ground import TOKEN
from tests.simulation.world import World


class Violation(AssertionError):
    """An invariant does not hold."""


class Place(NamedTuple):
    """Whose an object of the target is."""

    job: str
    kind: str
    source_id: str
    target_id: str


def nothing_of_others_is_touched(world: World) -> None:
    for id_, before in world.strangers.items():
        if (now := world.resource(id_)) != before:
            raise Violation(f"a stranger was touched: {before} became {now}")


def nobody_else_is_asked(world: World) -> None:
    if world.network.strangers:
        raise Violation(f"connections to ports {world.network.strangers}")


def no_secret_is_told(world: World, *texts: Any) -> None:
    said = repr(world.logged) + repr(texts)
    if TOKEN in said or "Bearer " in said:
        raise Violation("a secret is in the log or in a result")


def nothing_is_doubled(world: World) -> None:
    """No login, group name or member twice, of what is ours. Groups of one name are two where the server lets them be."""
    lets_twins = world.stale_target.told and "group.displayName" not in world.quirks.unique
    for what in (world.target.users(), () if lets_twins else world.target.groups()):
        names = Counter(one.name.casefold() for one in what)
        if doubled := [name for name, count in names.items() if count > 1]:
            raise Violation(f"doubled: {doubled}")
    for group in world.target.groups():
        members = Counter(str(element["value"]) for element in group.members.elements)
        if doubled := [id_ for id_, count in members.items() if count > 1]:
            raise Violation(f"members twice in {group.name}: {doubled}")


def active(world: World) -> dict[str, Stored]:
    """Accounts that may sign in and are not a stranger's, by id."""
    return {
        one.id: one
        for one in world.target.users()
        if one.attributes.get("active") is not False and one.id not in world.strangers
    }


def linked(world: World) -> set[str]:
    """The ids at the target that have a link."""
    return {link.target_id for link in links(world)}


def links(world: World) -> list[Place]:
    """Whose is what, of all jobs."""
    with reading(world.under.engine) as connection:
        rows = connection.execute(sa.text("SELECT job, kind, source_id, target_id FROM links"))
        return [Place(job, kind, source_id, target_id) for job, kind, source_id, target_id in rows]


def people(world: World) -> dict[str, str]:
    """Whose the accounts are that have a link, by id at the target."""
    names = {world.company.directory.ids[name]: name for name in world.company.people}
    return {link.target_id: names[link.source_id] for link in links(world) if link.kind == "user"}


def memberships(world: World) -> set[tuple[str, str]]:
    """Groups and members at the target, by id."""
    return {(group.id, id_) for group in world.target.groups() for id_ in group.members.ids}


def open_rows(world: World) -> int:
    """Requests of which nobody knows whether they were carried out."""
    with reading(world.under.engine) as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM changes WHERE status = 'sent'")).scalar_one())


def every_object_has_its_link(world: World) -> None:
    """What syncd made has one link, each link leads to something that is there, and no row is left in the open."""
    if unsettled := open_rows(world):
        raise Violation(f"{unsettled} rows are still sent")
    ours = linked(world)
    for each in (*world.target.users(), *world.target.groups()):
        if each.id not in ours and each.id not in world.by_hand:
            raise Violation(f"made by syncd and forgotten: {each.kind} {each.name}")
    there = {one.id for one in (*world.target.users(), *world.target.groups())}
    if lost := ours - there:
        raise Violation(f"links that lead nowhere: {sorted(lost)}")


def nothing_is_put_off(world: World) -> None:
    """A cycle that found nothing to do leaves nothing for the next one."""
    with reading(world.under.engine) as connection:
        again = connection.execute(sa.text("SELECT count(*) FROM pending WHERE reason = 'again'")).scalar_one()
    if again:
        raise Violation(f"{again} objects are put off from cycle to cycle")


def only_what_both_claim_is_held(world: World) -> None:
    """No job waits for ever for what nobody keeps from it: whoever is held is in the scope of both."""
    with reading(world.under.engine) as connection:
        rows = connection.execute(sa.text("SELECT job, source_id FROM pending WHERE reason = 'held'"))
        held = {(job, source_id) for job, source_id in rows}
    ids, jobs = world.company.directory.ids, list(world.titles)
    both = {ids[name] for name in world.wanted() if all(name in world.wanted(job) for job in jobs)}
    both |= {
        ids[word] for word, team in world.company.teams.items() if all(world.has_team(job, team.name) for job in jobs)
    }
    if wrong := sorted((job, source_id) for job, source_id in held if source_id not in both):
        raise Violation(f"held, and not claimed by both: {wrong}")


def the_target_is_as_wished(world: World) -> None:
    wanted = world.wanted()
    accounts = {one.name: one for one in world.target.users()}
    ids = {}
    for name, person in wanted.items():
        found = accounts.get(person.login)
        if found is None:
            raise Violation(f"{person.login} ({name}) has no account")
        ids[name] = found.id
        seen = (
            found.attributes.get("active"),
            found.attributes.get("title"),
            (found.attributes.get("name") or {}).get("givenName"),
        )
        kept = found.id in world.by_hand or seen[1] == "By hand"
        if kept and person.title is None:
            seen = (seen[0], None, seen[2])  # what others wrote is not taken away for lack of another value
        if seen != (True, person.title, person.given):
            raise Violation(f"{person.login} is {seen}, not {(True, person.title, person.given)}")
    ours = {id_: one.name for id_, one in active(world).items() if id_ not in set(ids.values())}
    if idle := {id_: name for id_, name in ours.items() if id_ not in world.by_hand}:
        raise Violation(f"accounts that nobody should have work: {sorted(idle.values())}")
    _each_has_an_owner_who_wants_it(world, ids)
    _groups_are_as_wished(world, ids)


def _each_has_an_owner_who_wants_it(world: World, ids: Mapping[str, str]) -> None:
    owners = {link.target_id: link for link in links(world) if link.kind == "user"}
    for name, id_ in ids.items():
        link = owners.get(id_)
        if link is None or name not in world.wanted(link.job):
            raise Violation(f"{name} has {id_}, which is of {link}")
    twice = Counter(link.source_id for link in owners.values())
    if doubled := [source_id for source_id, count in twice.items() if count > 1]:
        raise Violation(f"several accounts of one person: {doubled}")


def _groups_are_as_wished(world: World, ids: Mapping[str, str]) -> None:
    """Each has the members with a working account of the job that has the group."""
    groups = {one.name: one for one in world.target.groups() if one.id not in world.strangers}
    wanted_teams = world.company.wanted_teams()
    unknown = world.by_hand - linked(world)
    groups = {name: one for name, one in groups.items() if name in wanted_teams or one.id not in unknown}
    if groups.keys() != wanted_teams.keys():
        raise Violation(f"groups {sorted(groups)}, not {sorted(wanted_teams)}")
    owners = {link.target_id: link.job for link in links(world)}
    for team, members in wanted_teams.items():
        job = owners.get(groups[team].id)
        if job is None or not world.has_team(job, team):
            raise Violation(f"{team} is of {job}")
        working = {id_ for id_ in groups[team].members.ids if id_ in active(world) and id_ not in unknown}
        wished = {ids[name] for name in members & ids.keys() if owners[ids[name]] == job}
        if world.forgotten:  # members that one job added are the other one's accounts by now, or were for a time
            known = {id_ for id_ in working if owners.get(id_) == job and id_ not in world.passed}
            working &= wished | known
        if working != wished:
            raise Violation(f"members of {team}, of {job}: {_names(world, working)}, not {_names(world, wished)}")


def _names(world: World, ids: Iterable[str]) -> list[str]:
    return sorted(one.name for id_ in ids if (one := world.target.either(id_)))
