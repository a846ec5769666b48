"""How long an administrator waits for the first report: `syncd --dry-run` on the demo's directory, from start to exit.

    python bench/dry_run.py [--users 120] [--runs 5]

The sandbox serves Graph, Okta and both targets from this process; each run is a process of its own, its state DB made
beforehand and empty. Medians of real and of processor time; beside them the start of Python, and of syncd (`--version`).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connectors.sandbox.world import World, WorldSize
from syncd.demo import MAPPINGS, USERS

TREE = Path(__file__).resolve().parent.parent
CHANGES_FOUND = 2


def run(command: list[str], folder: Path, *, ends_with: int) -> tuple[float, float]:
    """(real, processor) seconds of one process."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environ = {**os.environ, "PYTHONPATH": str(TREE)}
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    real, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode != ends_with:
        raise SystemExit(f"{command}: exit code {ran.returncode}: {ran.stderr}")
    return real, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    syncd = [sys.executable, "-m", "syncd"]
    commands = {
        "(python alone)": ([sys.executable, "-c", "pass"], 0),
        "--version": ([*syncd, "--version"], 0),
        "--dry-run": ([*syncd, "--dry-run"], CHANGES_FOUND),
    }
    with World(WorldSize(users=asked.users)) as world, TemporaryDirectory() as name:
        folder = Path(name)
        world.write_config(folder, extra=MAPPINGS)
        run([*syncd, "db", "upgrade"], folder, ends_with=0)
        empty = (folder / "state.db").read_bytes()
        print(f"{'command':<16} {'real':>8} {'processor':>10}   medians of {asked.runs}, seconds; {asked.users} users")
        for title, (command, ends_with) in commands.items():
            times = []
            for lap in range(asked.runs + 1):
                (folder / "state.db").write_bytes(empty)
                spent = run(command, folder, ends_with=ends_with)
                if lap:  # the first may write Python's caches
                    times.append(spent)
            real, processor = (statistics.median(one) for one in zip(*times, strict=True))
            print(f"{title:<16} {real:8.3f} {processor:10.3f}")


if __name__ == "__main__":
    main()
