"""An edit by hand: somebody changes at the target what is ours."""

from __future__ import annotations

from tests.simulation import invariants
from tests.simulation.world import World


def edit(world: World) -> str | None:
    """One at random. Says which; None where nothing is ours yet."""
    draw = world.draw
    ours = [one for one in world.target.users() if one.id not in world.by_hand]
    teams = [one for one in world.target.groups() if one.id not in world.strangers and one.id not in world.by_hand]
    if teams and draw.random() < 0.4:
        team = draw.choice(teams)
        members = team.members.copy()
        gone = sorted(members.ids)[: draw.randint(0, 2)]
        for id_ in gone:
            members.discard(id_)
        if gone:
            world.target.change(team, team.attributes, members)
        else:
            world.target.remove(team)
        return f"{f'{len(gone)} leave' if gone else 'delete'} {team.name}"
    if not ours:
        return None
    one = draw.choice(ours)
    how = draw.choice(("title", "delete", "deactivate", "rename"))
    if how == "rename" and one.id not in invariants.linked(world):
        how = "title"  # made by a request whose answer nobody has yet, and renamed: nobody could know it again
    match how:
        case "title":
            world.target.change(one, {**one.attributes, "title": "By hand"}, one.members)
        case "delete":
            world.target.remove(one)
        case "deactivate":
            world.target.change(one, {**one.attributes, "active": False}, one.members)
        case "rename":
            world.target.change(one, {**one.attributes, "userName": f"hand.{one.name}"}, one.members)
    return f"{how} {one.name}"
