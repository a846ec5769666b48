"""Ten changes in a group: what they cost in a group of a hundred members, and in one of a hundred thousand.

    python bench/groups.py [--sizes 100,100000] [--runs 3]

The state DB is filled as for bench/cycles.py, all users in one assigned group, of which the sandbox knows fifty members. In
each run five of those leave the group and five others join it: the target is sent one request for those who come and one for
those who go. Both sides of a membership are compared as sets, so a cycle reads all members of that one group from the state
DB, and none of any other.

Prints medians, and how the sizes compare.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.crowd import Crowd
from bench.directory import directory
from bench.filling import enlarge, fill
from bench.run import Run, cycle, daemon, write_config
from bench.service import scim_service
from state.store import Store

SMALL = 200  #: users of the sandbox
KNOWN = 50  #: of those, members at first
SWAPPED = 5


def at_size(members: int, runs: int) -> list[Run]:
    with (
        directory("graph", users=SMALL, groups=10) as source,
        scim_service() as target,
        TemporaryDirectory() as folder,
    ):
        people = [id_ for id_, facts in source.state()["users"].items() if facts.get("accountEnabled", True)]
        inside, outside = people[:KNOWN], people[KNOWN:]
        large = {"op": "create_group", "name": "Large", "members": inside}
        source.mutate([large, {"op": "assign", "principal": "Large"}])
        config = write_config(Path(folder), source, target, scope="assigned")
        cycle(config)
        with closing(Store.open(f"sqlite:///{folder}/state.db")) as store:
            fill(store, Crowd(users=members, groups=1), linked_groups=False)
            (group,) = store.mirror.named("bench", "group", "Large")
            enlarge(store, group.id, by=members - KNOWN)
        found: list[Run] = []
        with daemon(config) as running:
            running.cycle()
            for lap in range(runs + 1):
                gone, come = inside[:SWAPPED], outside[:SWAPPED]
                inside, outside = inside[SWAPPED:] + come, outside[SWAPPED:] + gone
                source.mutate(
                    [
                        {"op": "remove_members", "group": "Large", "members": gone},
                        {"op": "add_members", "group": "Large", "members": come},
                    ]
                )
                target.requests()
                run = running.cycle()
                sent = [request for request in target.requests() if request[0] != "GET"]
                told = run.counts["add_members"], run.counts["remove_members"], len(sent)
                if told[:2] != (SWAPPED, SWAPPED):
                    raise RuntimeError(f"came, went, requests: {told}")
                if lap:  # the first lap warms up
                    found.append(run)
        wall, cpu, peak = (
            statistics.median(getattr(run, what) for run in found) for what in ("wall", "cpu", "peak_mib")
        )
        print(
            f"{members:>9,} members {wall:8.3f} s   CPU {cpu:7.3f} s   peak {peak:,.0f} MiB   {len(sent)} requests",
            flush=True,
        )
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100,100000")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    found = {size: at_size(size, asked.runs) for size in sizes}
    for size in sizes[1:]:
        more = statistics.median(run.cpu for run in found[size]) - statistics.median(run.cpu for run in found[sizes[0]])
        print(f"{size:,} members: {more / (size - sizes[0]) * 1e6:.1f} us of CPU more for each member more")


if __name__ == "__main__":
    main()
