"""Real processes, really killed: nothing is lost, nothing doubled, and nobody has to wait or clean up."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from pathlib import Path

from tests import servers
from tests.system.processes import LIMIT_S, Site, end

ROUNDS = 3  #: of each world here; bench/kill.py does as many as wanted


def change(site: Site, dice: random.Random, *, spared: set[str]) -> set[str]:
    """Some changes at the source, the same ones for the same dice. Returns whom they hit; who was hit since the last
    comparison is `spared`.

    What they come to does not hang on how many cycles saw them: whoever is disabled or purged had an account before, and
    has no other change that a cycle in between would have written and the deactivation does not.
    """
    graph = site.world.graph
    bosses, others = site.staff[:3], [id_ for id_ in site.staff[3:] if graph.entity(id_).live and id_ not in spared]
    chosen = dice.sample(others, 4)
    for id_ in chosen:
        match dice.randrange(5):
            case 0:
                graph.update_user(id_, jobTitle=f"Title {dice.randrange(100)}", department=None)
            case 1:
                graph.update_user(id_, userPrincipalName=f"renamed{dice.randrange(10**6)}@contoso.example")
            case 2:
                graph.disable_user(id_)
            case 3:
                graph.purge(id_)
            case _:
                graph.set_manager(id_, dice.choice(bosses))
    group = dice.choice([group for group in graph.groups if group.live])
    new = graph.create_user(userPrincipalName=f"new{dice.randrange(10**6)}@contoso.example")
    graph.assign(new)
    graph.rename_group(group.id, f"Team {dice.randrange(10**6)}")
    graph.add_members(group.id, new, *dice.sample(bosses, 2))
    members = [member.id for member in group.members()]
    graph.remove_members(group.id, *dice.sample(members, min(3, len(members))))
    return set(chosen)


def in_step(site: Site, twin: Site, where: str) -> None:
    """Both run to their end, and come to the same."""
    code, _, err = site.run("sync", "--job", "entra")
    assert code == 0, f"{where}: {err}"
    assert twin.run_here("entra") == 0, where
    assert site.truth() == twin.truth(), where


def survives(folder: Path, state_url: str | None, seed: int, rounds: int) -> int:
    """Kill a process in each round, the first one in the initial cycle, the others among changes; a twin that is never
    killed says what must come out. Returns how many were killed in mid-work."""
    killed, spared = 0, set[str]()
    for name in ("one", "twin"):
        (folder / name).mkdir()
    with Site(folder / "one", state_url, seed=seed) as site, Site(folder / "twin", seed=seed) as twin:
        for number in range(rounds):
            where, dice = f"round {number} of seed {seed}", random.Random(f"{seed} {number}")
            killed += site.run_and_kill("sync", "--job", "entra", at=dice.randrange(1, 40 if number else 90))
            if number % 3 == 0:  # else the changes of the next round come on top of what the killed one left
                in_step(site, twin, where)
                spared = set()
            hit = [change(one, random.Random(f"changes {seed} {number}"), spared=spared) for one in (site, twin)]
            spared = spared.union(*hit)
        in_step(site, twin, f"the end of seed {seed}")
        before = site.world.scim.writes.copy()
        code, out, err = site.run("sync", "--full", "--job", "entra", "-o", "json")
        assert code == 0, err
        (job,) = json.loads(out)["jobs"]
        assert (job["changes"], job["drift"]) == ([], [])
        assert site.world.scim.writes == before
    return killed


def test_killed_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    assert survives(tmp_path, None, 1, ROUNDS) >= ROUNDS // 2


def test_killed_processes_lose_and_double_nothing_on_postgresql(tmp_path: Path, postgres: servers.Postgres) -> None:
    assert survives(tmp_path, postgres.database(), 2, ROUNDS) >= ROUNDS // 2


def wait_for(what: threading.Event) -> None:
    assert what.wait(LIMIT_S)


def test_a_second_process_is_told_who_works_and_breaks_nothing(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.wires["scim"].hold, writing = threading.Event(), threading.Event()
        site.wires["scim"].watch = lambda moment, method, path: writing.set() if method == "POST" else None
        first = site.start("sync", "--job", "entra")
        wait_for(writing)
        code, out, err = site.run("sync", "--job", "entra")
        assert code == 1
        line = next(line for line in err.splitlines() if "is being worked on by" in line)
        assert f"Job entra is being worked on by process {first.pid} on " in line
        assert "syncd status" in line
        code, out, _ = site.run("status", "--job", "entra", "-o", "json")
        assert f"process {first.pid}" in json.loads(out)["jobs"][0]["working"]
        site.wires["scim"].hold.set()
        assert end(first)[0] == 0
        before = site.world.scim.writes.copy()
        assert site.run("sync", "--job", "entra")[0] == 0
        assert site.world.scim.writes == before


def test_the_lease_of_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.wires["scim"].hold, writing = threading.Event(), threading.Event()
        site.wires["scim"].watch = lambda moment, method, path: writing.set() if method == "POST" else None
        first = site.start("sync", "--job", "entra")
        wait_for(writing)
        first.kill()
        assert end(first)[0] == -signal.SIGKILL
        site.wires["scim"].hold = None
        begun = time.monotonic()
        assert site.run("sync", "--job", "entra")[0] == 0
        assert time.monotonic() - begun < 50  # the lease itself would last a minute
        users = site.world.scim.users()
        assert site.world.scim.writes["POST user"] == len(users) == len({user.name for user in users})


def test_the_daemon_finishes_what_it_has_in_hand_and_leaves_the_rest_for_the_next_one(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        site.wires["scim"].hold, writing = threading.Event(), threading.Event()
        site.wires["scim"].watch = lambda moment, method, path: writing.set() if method == "POST" else None
        daemon = site.start("run")
        wait_for(writing)
        daemon.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert daemon.poll() is None  # it waits for the answers
        site.wires["scim"].hold.set()
        code, _, err = end(daemon)
        assert code == 0, err
        carried_out = site.world.scim.writes["POST user"]
        assert site.world.scim.groups() == []  # the next stage was not begun
        done = site.run("log", "--job", "entra", "--status", "success", "-o", "json")[1].splitlines()
        assert len([line for line in done if json.loads(line)["action"] == "create"]) == carried_out > 0
        (job,) = json.loads(site.run("status", "--job", "entra", "-o", "json")[1])["jobs"]
        assert job["next_cycle"] is not None
        assert job["working"] is None
        code, _, err = site.run("sync", "--job", "entra")
        assert code == 0, err
        users = site.world.scim.users()
        assert site.world.scim.writes["POST user"] == len(users) == len({user.name for user in users}) >= carried_out
        assert len(site.world.scim.groups()) == site.world.scim.writes["POST group"] > 0
