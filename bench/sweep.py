"""A full sweep that finds nothing to change: all of the source and all of the target are read and compared.

    python bench/sweep.py [--sizes 1000,100000] [--runs 1]

At each size a crowd (bench/crowd.py), a twentieth as many groups with twenty members each, is known to a Graph sandbox, to
a minimal SCIM service and to the state DB of a job with scope "all". The sweep reads every user, group and membership of
both sides again. Prints its time, its processor time and its process's peak memory, of which a million users may take 400
MB; exit 1 where it is more, or where the sweep wrote anything.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.crowd import Crowd
from bench.directory import directory
from bench.filling import fill
from bench.run import Run, cycle, write_config
from bench.service import scim_service
from state.store import Store
from syncd.core.change import Action
from syncd.cycle import Wish

SMALL = 40  #: users of the sandbox beside the crowd
MOST_MIB = 400_000_000 // 2**20


def at_size(users: int, runs: int) -> list[Run]:
    crowd, begun = Crowd(users=users - SMALL, groups=users // 20), time.perf_counter()
    with (
        directory("graph", users=SMALL, groups=2) as source,
        scim_service() as target,
        TemporaryDirectory() as folder,
    ):
        config = write_config(Path(folder), source, target)
        cycle(config)
        source.join(crowd)
        target.join(crowd)
        with closing(Store.open(f"sqlite:///{folder}/state.db")) as store:
            fill(store, crowd, linked_groups=True)
        size = (Path(folder) / "state.db").stat().st_size / 2**20
        print(f"\n{users:,} users: ready in {time.perf_counter() - begun:.0f} s, {size:,.0f} MiB", flush=True)
        return [_swept(config) for _ in range(runs)]


def _swept(config: Path) -> Run:
    run = cycle(config, Wish(full=True))
    told = {word: n for word, n in run.counts.items() if n}
    print(f"sweep {run.wall:9.1f} s   CPU {run.cpu:8.1f} s   peak {run.peak_mib:>5,} MiB   {told}", flush=True)
    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000", help="numbers of users")
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    found = [run for users in map(int, asked.sizes.split(",")) for run in at_size(users, asked.runs)]
    wrote = any(run.counts[action.word] for run in found for action in Action)
    return 1 if wrote or max(run.peak_mib for run in found) > MOST_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
