"""What must be true whatever happened, each as a check that names what it found wrong."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from connectors.sandbox.scim.directory import Stored
from state.engine import reading
from tests.simulation.ground import JOB, TOKEN
from tests.simulation.world import World


class Violation(AssertionError):
    """An invariant does not hold."""


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
    with reading(world.under.engine) as connection:
        rows = connection.execute(sa.text("SELECT target_id FROM links WHERE job = :j"), {"j": JOB})
        return {str(target_id) for (target_id,) in rows}


def every_object_has_its_link(world: World) -> None:
    """What syncd made has one link, each link leads to something that is there, and no row is left in the open."""
    with reading(world.under.engine) as connection:
        unsettled = connection.execute(sa.text("SELECT count(*) FROM changes WHERE status = 'sent'")).scalar_one()
    if unsettled:
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


def the_target_is_as_wished(world: World) -> None:
    wanted = world.company.wanted(hidden=world.hidden)
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
    groups = {one.name: one for one in world.target.groups() if one.id not in world.strangers}
    wanted_teams = world.company.wanted_teams(hidden=world.hidden)
    unknown = world.by_hand - linked(world)
    groups = {name: one for name, one in groups.items() if name in wanted_teams or one.id not in unknown}
    if groups.keys() != wanted_teams.keys():
        raise Violation(f"groups {sorted(groups)}, not {sorted(wanted_teams)}")
    for team, members in wanted_teams.items():
        working = {id_ for id_ in groups[team].members.ids if id_ in active(world) and id_ not in unknown}
        if working != {ids[name] for name in members}:
            names = sorted(one.name for id_ in working if (one := world.target.either(id_)))
            raise Violation(f"members of {team}: {names}, not {sorted(wanted[n].login for n in members)}")
