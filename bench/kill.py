"""Kill real processes of syncd at random moments, for as many rounds as wanted, and compare with one never killed.

    python bench/kill.py [--rounds 200] [--seed 1] [--postgres]

Six kills with changes between them make one world; each world ends with a full cycle that must find nothing to do.
The first difference ends it, with the seed that shows it again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import servers
from tests.system.test_kill_process import survives

ROUNDS_A_WORLD = 6


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="keep the state on PostgreSQL in place of SQLite")
    asked = parser.parse_args(arguments)
    killed, worlds, begun = 0, -(-asked.rounds // ROUNDS_A_WORLD), time.monotonic()
    with ExitStack() as stack:
        cluster = stack.enter_context(servers.postgres()) if asked.postgres else None
        for seed in range(asked.seed, asked.seed + worlds):
            url = cluster.database() if cluster else None
            with TemporaryDirectory() as folder:
                killed += survives(Path(folder), url, seed, ROUNDS_A_WORLD)
            print(f"seed {seed}: {killed} processes killed so far, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{worlds * ROUNDS_A_WORLD} rounds, {killed} processes killed in mid-work, nothing lost, nothing doubled")


if __name__ == "__main__":
    main()
