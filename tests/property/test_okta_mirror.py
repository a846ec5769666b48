"""Whatever happens in an organisation and on the way to it, the mirror ends up as the directory is.

Many rounds: people, groups and assignments change at random, answers fail, cursors expire, pages repeat and shift, the
System Log repeats itself and stores out of order. After each complete reading the mirror is compared with the truth:
after an incremental one where the log is heard and the index does not lag, after a full one in every case.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.user import Status
from tests.contract.okta_mirror import mirror
from tests.contract.okta_world import World, organisation

ROUNDS = 30

FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503, "strip_headers": ["x-rate-limit-reset"]},
    {"status": 429},
    {"html": 502},
    {"drop": "body"},
    {"drop": "answer"},
    {"truncate": 0.5, "length": "wrong"},
    {"replace": None},
    {"replace": {"errorCode": "E0000009"}},
    {"status": 400, "body": {"errorCode": "E0000029", "errorSummary": "Invalid paging request"}},
    {"status": 403},
]
PATHS = ["/users", "/groups", "/apps", "/logs", "after="]

MODES: dict[str, dict[str, Any]] = {
    "assigned": {"assigned_groups_only": True},
    "selected groups": {"group_selection": lambda raw: raw["profile"]["name"].startswith("Team"), "selection_key": "t"},
    "everything": {"scope": "all"},
}


class Life:
    """Random events in one organisation."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng, self.directory = world, rng, world.directory
        self.made = 0

    def some_user(self) -> str:
        users = [user.id for user in self.directory.users]
        return self.rng.choice(users) if users else self.hire()

    def some_group(self) -> str:
        groups = [group.id for group in self.directory.groups.values() if group.type != "BUILT_IN"]
        return self.rng.choice(groups) if groups else self.found()

    def hire(self) -> str:
        self.made += 1
        names = {"login": f"user{self.made}@acme.example", "firstName": f"Kim{self.made}", "lastName": "Berg"}
        return self.directory.create_user(names).id

    def found(self) -> str:
        self.made += 1
        return self.directory.create_group(f"{self.rng.choice(['Team', 'Club'])} {self.made}").id

    def event(self) -> None:
        events: list[tuple[Callable[[], Any], int]] = [
            (self.hire, 3),
            (self.found, 2),
            (lambda: self.directory.update_user(self.some_user(), {"title": f"T{self.rng.random()}"}), 4),
            (lambda: self.directory.sign_in(self.some_user()), 1),
            (self.move, 5),
            (self.delete_user, 2),
            (self.rename, 2),
            (lambda: self.directory.delete_group(self.some_group()), 1),
            (lambda: self.directory.add_member(self.some_group(), self.some_user()), 12),
            (self.leave, 8),
            (lambda: self.directory.assign_user(self.world.app.id, self.some_user()), 5),
            (lambda: self.directory.unassign_user(self.world.app.id, self.some_user()), 3),
            (self.assign_group, 3),
            (lambda: self.directory.unassign_group(self.world.app.id, self.some_group()), 2),
        ]
        act = self.rng.choices([one for one, _ in events], [weight for _, weight in events])[0]
        with contextlib.suppress(ValueError, KeyError):  # what the organisation itself refuses
            act()

    def move(self) -> None:
        status: Status = self.rng.choice(["ACTIVE", "SUSPENDED", "LOCKED_OUT", "DEPROVISIONED", "ACTIVE"])
        events = {"ACTIVE": "lifecycle.activate", "DEPROVISIONED": "lifecycle.deactivate"}
        self.directory.set_status(self.some_user(), status, event=events.get(status, "lifecycle.suspend"))

    def delete_user(self) -> None:
        user = self.some_user()
        self.directory.set_status(user, "DEPROVISIONED", event="lifecycle.deactivate")
        self.directory.delete_user(user)

    def rename(self) -> None:
        self.made += 1
        self.directory.update_group(self.some_group(), {"name": f"{self.rng.choice(['Team', 'Club'])} {self.made}"})

    def leave(self) -> None:
        group = self.some_group()
        members = self.directory.member_ids(group)
        if members:
            self.directory.remove_member(group, self.rng.choice(list(members)))

    def assign_group(self) -> None:
        self.directory.assign_group(self.world.app.id, self.some_group(), priority=self.rng.randrange(5))


@pytest.mark.parametrize("log", [True, False], ids=["with the log", "without it"])
@pytest.mark.parametrize("mode", MODES)
async def test_after_each_complete_read_the_mirror_is_the_directory(tmp_path: Path, mode: str, log: bool) -> None:
    rng = random.Random(f"{mode} {log}")
    with organisation(Clock(datetime(2026, 3, 2, 11, 15, tzinfo=UTC))) as world:
        life = Life(world, rng)
        for _ in range(60):
            life.event()
        world.options(page_size=7)
        with mirror(world, tmp_path, system_log=log, **MODES[mode]) as mirrored:
            compared = {True: 0, False: 0}
            for turn in range(ROUNDS):
                for _ in range(rng.randrange(8)):
                    life.event()
                    world.clock.advance(rng.choice([0, 0, 0, 1, 40]))
                lagging = rng.random() < 0.15
                world.options(
                    index_delay_s=60 if lagging else 0,
                    log_duplicates=rng.random() < 0.3,
                    log_out_of_order=rng.random() < 0.3,
                    shifting_pages=rng.random() < 0.2,
                    empty_pages=rng.random() < 0.2,
                )
                if rng.random() < 0.1:
                    world.directory.expire_cursors()
                for _ in range(rng.choice([0, 0, 0, 1, 2])):
                    action = {"match": {"path": rng.choice(PATHS), "nth": rng.randrange(1, 5)}}
                    world.fault(rng.choice(FAULTS), times=rng.choice([1, 1, 12]), **action["match"])
                full = rng.random() < 0.25
                asked = world.emulator.journal.total
                done = await mirrored.read(full=full)
                deaf = any(entry.fault and "/logs" in entry.path for entry in world.emulator.journal.since(asked))
                world.emulator.faults.clear()
                world.clock.advance(rng.choice([0, 0, 1, 5, 30, 400, 5000]))
                told = full or (log and not lagging and not deaf)
                if done.complete and not done.warnings and told:
                    compared[full] += 1
                    assert mirrored.differences() == {}, f"turn {turn}, full {full}"
            world.options(index_delay_s=0, shifting_pages=False)
            for full in (False, True):
                assert (await mirrored.read(full=full)).complete
            assert mirrored.differences() == {}
            assert compared[True] >= 3
            assert not log or compared[False] >= 5
            await world.close()
