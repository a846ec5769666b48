"""Whatever happens to a tenant, and however the service answers: after a complete reading the mirror is the directory.

Steps are drawn by a seeded generator, so a failure comes again under its seed. Twenty-four rounds in all.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from syncd.core.model import Json
from tests.contract.graph_store import Kept, kept
from tests.contract.graph_world import World, tenant
from tests.property.test_sandbox_graph_rounds import happen

ROUNDS = 8
STEPS = ["rename", "clear", "manage", "unmanage", "hire", "leave", "return", "purge", "join", "part", "found", "close"]

#: without what tells an older version before the newer one
STEADY: dict[str, Json] = {"removed_in_initial": False, "duplicates": False, "replays": 0.0}

#: answers that go wrong once and are tried again, or end the round
FAULTS: list[dict[str, Json]] = [
    {"status": 429, "retry_after": 3},
    {"status": 500},
    {"status": 403},
    {"drop": "answer"},
    {"truncate": 0.5},
    {"html": 200},
    {"edit": {"remove": ["value"]}},
    {"edit": {"remove": ["@odata.deltaLink", "@odata.nextLink"]}},
]
ALWAYS_ASKED = ["/users/delta", "/groups/delta", "appRoleAssignedTo"]
SELDOM_ASKED = [r"\$batch", "getByIds", "deletedItems"]


#: what the service tells of the memberships of whoever is deleted and restored: both, the return alone, neither
HABITS: list[dict[str, Json]] = [
    {"silent_member_removal": False, "silent_member_return": False},
    {"silent_member_removal": True, "silent_member_return": False},
    {"silent_member_removal": True, "silent_member_return": True, "removed_in_initial": False},
]


def quirks(draw: random.Random) -> dict[str, Json]:
    """How the service cuts and repeats what it says, today."""
    switches = ("empty_pages", "short_pages", "single_group_pages", "repeat_on_page", "random_order", "duplicates")
    return {
        "users_page": draw.randint(5, 40),
        "groups_page": draw.randint(1, 10),
        "members_page": draw.randint(2, 20),
        "replays": draw.choice([0.0, 0.0, 0.5, 1.0]),
        "removed_in_initial": draw.random() < 0.5,
        "manager_single_entry": draw.random() < 0.5,
        "get_by_ids_select": draw.random() < 0.8,
        "expired_as": draw.choice([400, 410]),
        "throttle": False,
        **{name: draw.random() < 0.3 for name in switches},
    }


def reassign(world: World, draw: random.Random) -> None:
    """Somebody gets, or loses, the application."""
    directory = world.directory
    rows = [
        row for row in directory.assignments if row.ended is None and row.principal.collection != "servicePrincipals"
    ]
    if rows and draw.random() < 0.5:
        directory.unassign(draw.choice(rows).principal.id)
        return
    have = {row.principal.id for row in rows}
    free = [one.id for one in (*directory.users, *directory.groups) if one.live and one.id not in have]
    if free:
        directory.assign(draw.choice(free), role=draw.choice([None, "Admin", "Guest"]))


def trouble(world: World, draw: random.Random) -> bool:
    """What the service does to the next reading, or to its tokens; whether a listing of assignments will be short."""
    match draw.randrange(8):
        case 0 | 1 | 2:
            for paths in (ALWAYS_ASKED, SELDOM_ASKED):
                world.fault(draw.choice(FAULTS), times=draw.randint(1, 2), path=draw.choice(paths))
        case 3:
            world.directory.reset_stream(draw.choice(["users", "groups"]))
        case 4:
            world.clock.advance(8 * 86_400)
        case 5:
            world.quirks.assignment_rows_missing = 1
            return True
    return False


async def settled(world: World, mirror: Kept, draw: random.Random) -> int:
    """Read until a reading is complete, as cycles do; gives how many that took. A full one is tried until it is done."""
    full = False
    for attempt in range(1, 6):
        full = full or attempt > 2 or draw.random() < 0.15
        if (await mirror.read(full=full, jitter=lambda: 0.0)).complete:
            return attempt
        world.emulator.faults.clear()
    raise AssertionError("five readings in a row were not complete")


@pytest.mark.parametrize("seed", range(3))
async def test_after_every_complete_reading_the_mirror_is_the_directory(tmp_path: Path, seed: int):
    draw = random.Random(seed)
    with tenant(users=40, groups=6, memberships=70, assignments=14) as world, kept(world, tmp_path) as mirror:
        for one in list(world.directory.bin):  # of whom nobody ever told anything, the groups could not be known either
            world.directory.purge(one)
        again, away = 0, set[str]()
        for number in range(ROUNDS):
            if number % 4 == 0:
                world.quirks.set({**quirks(draw), **HABITS[seed % 3]})
            for _ in range(draw.randrange(6) if number else 0):
                happen(world.directory, draw.choice(STEPS), draw.randrange(10_000), draw.randrange(10_000))
                away |= {one.id for one in world.directory.users if not one.live}
            if number and draw.random() < 0.5:
                reassign(world, draw)
            short = trouble(world, draw)
            if number == 2:  # at least one reading of each seed does not come to its end
                world.emulator.faults.clear()
                world.fault({"status": 403}, path=draw.choice(ALWAYS_ASKED))
            had = {row[:2] for row in mirror.rows}
            again += await settled(world, mirror, draw) - 1
            world.forget()
            if short:
                # New rows may be late; those that we had and that are there still must not have gone.
                assert had & mirror.truth <= {row[:2] for row in mirror.rows}
                world.quirks.assignment_rows_missing = 0
                again += await settled(world, mirror, draw) - 1
            assert mirror.same(away), f"seed {seed}, round {number}"
        assert (await mirror.read(full=True)).complete
        assert mirror.same()
        assert again, "no reading of this seed was ever incomplete"


async def test_a_reading_of_an_unchanged_tenant_changes_nothing(tmp_path: Path):
    with tenant(users=40, groups=6, memberships=70, assignments=14) as world, kept(world, tmp_path) as mirror:
        await mirror.read()
        seq = mirror.seq
        draw = random.Random(7)
        for _ in range(6):
            world.quirks.set({**quirks(draw), **STEADY})
            assert (await mirror.read(full=draw.random() < 0.5)).complete
            assert mirror.seq == seq
