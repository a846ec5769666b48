"""Live through random histories, with every fault that a daemon may meet, and look for what must not be.

    python bench/sim.py [--histories 1000] [--from 1]
    python bench/sim.py --seed 4711              one history again, told step by step
    python bench/sim.py --jobs 2                 all with two jobs on the one target, else a quarter of them

The first violation ends it, unless --all is given; the seed shows it again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.simulation.ground import ground
from tests.simulation.history import live

_COUNTED = ("kills", "faults", "cycles", "removals", "stale", "passed")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--from", dest="begin", type=int, default=1)
    parser.add_argument("--seed", type=int, help="one history, told")
    parser.add_argument("--all", action="store_true", help="go on after a violation")
    parser.add_argument("--jobs", type=int, choices=(1, 2), help="so many in each history")
    asked = parser.parse_args(arguments)
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is a part of a history
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})
    seeds = [asked.seed] if asked.seed is not None else range(asked.begin, asked.begin + asked.histories)
    sums, wrong, begun = Counter[str](), 0, time.monotonic()
    with TemporaryDirectory() as folder, ground(Path(folder)) as under:
        for number, seed in enumerate(seeds, 1):
            told = live(under, seed, two=None if asked.jobs is None else asked.jobs == 2)
            sums.update({what: getattr(told, what) for what in _COUNTED})
            if told.violation is not None or asked.seed is not None:
                print("\n".join(told.lines))
            if told.violation is not None:
                wrong += 1
                print(f"seed {seed}, history {number}: {told.violation}", flush=True)
                if not asked.all:
                    break
            if number % 100 == 0:
                print(f"{number} histories, {wrong} violations, {time.monotonic() - begun:.0f} s", flush=True)
    rate = number / (time.monotonic() - begun)
    print(f"{number} histories, {wrong} violations, {rate:.1f} a second; {dict(sums)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
