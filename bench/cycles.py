"""Whether a cycle's cost follows the change and not the directory: idle, and with a hundred changes, at several sizes.

    python bench/cycles.py [--sizes 1000,100000] [--runs 3] [--scope assigned|all]

At each size a state DB of a job that is in step (bench/filling.py: users, a twentieth as many groups, twenty members in
each; where only what is assigned is in scope, one assigned group has all users) behind a small sandbox directory, whose
people are among the mirrored ones. Then, run after run:

idle        nothing has changed: three deltas are asked for, nothing is found
changes     a hundred changes: 70 attributes, 10 joiners, 10 leavers, 10 members of groups

Prints medians, and each size's ratio to the first one; exit 1 where the last size takes more than 1.5 times the first.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.crowd import Crowd
from bench.directory import RunningDirectory, directory
from bench.filling import enlarge, fill
from bench.run import Run, cycle, daemon, write_config
from bench.service import scim_service
from state.store import Store

SMALL = 500  #: users of the sandbox
MOST = 1.5
_number = count(1)


class Hundred:
    """A hundred changes of a directory, others each time."""

    def __init__(self, source: RunningDirectory) -> None:
        self._source, state = source, source.state()
        self._users = [user for user, facts in state["users"].items() if facts.get("accountEnabled", True)]
        self._groups = [group for group, facts in state["groups"].items() if "@odata.type" not in facts]

    def happen(self) -> None:
        leavers, self._users = self._users[:10], self._users[10:]
        number = next(_number)
        operations: list[dict[str, object]] = [{"op": "disable_user", "user": id_} for id_ in leavers]
        movers = self._users[:70]
        operations += [{"op": "update_user", "user": id_, "department": f"Moved {number}"} for id_ in movers]
        for new in range(10):
            login = f"joiner{number}-{new}@contoso.example"
            joiner = {
                "userPrincipalName": login,
                "mailNickname": f"joiner{number}-{new}",
                "displayName": f"Joiner {new}",
            }
            operations.append({"op": "create_user", **joiner})
            operations.append({"op": "assign", "principal": login, "role": "User"})
            group = self._groups[new % len(self._groups)]
            operations.append({"op": "add_members", "group": group, "members": [self._users[-number * 10 - new]]})
        self._source.mutate(operations)


def at_size(users: int, runs: int, scope: str) -> dict[str, list[Run]]:
    with (
        directory("graph", users=SMALL, groups=SMALL // 20) as source,
        scim_service() as target,
        TemporaryDirectory() as folder,
    ):
        config = write_config(Path(folder), source, target, scope=scope)
        source.mutate([{"op": "create_group", "name": "Everybody"}, {"op": "assign", "principal": "Everybody"}])
        cycle(config)
        begun = time.perf_counter()
        with closing(Store.open(f"sqlite:///{folder}/state.db")) as store:
            fill(store, Crowd(users=users - SMALL, groups=users // 20), linked_groups=scope == "all")
            if scope == "assigned":
                (everybody,) = store.mirror.named("bench", "group", "Everybody")
                enlarge(store, everybody.id, by=users - SMALL)
        size = (Path(folder) / "state.db").stat().st_size / 1024**2
        print(f"\n{users:,} users: filled in {time.perf_counter() - begun:.0f} s, {size:,.0f} MiB", flush=True)
        changes = Hundred(source)
        found: dict[str, list[Run]] = {"idle": [], "changes": []}
        with daemon(config) as running:
            for lap in range(runs + 1):
                one = {"idle": running.cycle()}
                changes.happen()
                one["changes"] = running.cycle()
                for what in found if lap else ():  # the first lap warms up
                    found[what].append(one[what])
        for what, ones in found.items():
            told = {word: n for word, n in ones[-1].counts.items() if n}
            print(
                f"{what:<8} {_of(ones, 'wall'):8.3f} s   CPU {_of(ones, 'cpu'):7.3f} s   peak {_of(ones, 'peak_mib'):,.0f} MiB   {told}"
            )
        return found


def _of(ones: Sequence[Run], what: str) -> float:
    return statistics.median(getattr(one, what) for one in ones)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scope", choices=["assigned", "all"], default="assigned")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    found = {size: at_size(size, asked.runs, asked.scope) for size in sizes}
    worst = 1.0
    print("\nbeside the first size      wall      CPU")
    for size in sizes[1:]:
        for what, ones in found[size].items():
            wall, cpu = (_of(ones, by) / _of(found[sizes[0]][what], by) for by in ("wall", "cpu"))
            worst = max(worst, cpu)
            print(f"{what:<8} {size:>13,} {wall:9.2f} {cpu:8.2f}")
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
