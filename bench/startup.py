"""How long commands take that people and scripts run often, and what they load.

    python bench/startup.py [--runs 11]

Median of real and of processor time, over whole processes, with everything compiled to byte code as an installation has
it: the first run of each is thrown away, since it writes that into a folder of its own. On a machine that does something
else, believe the processor time.
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

TREE = Path(__file__).resolve().parent.parent
CONFIG = """\
[state]
url = "sqlite:///{folder}/state.db"

[sources.contoso]
kind = "graph"
endpoint = "http://127.0.0.1:9/v1.0"
access_token = {{ env = "SYNCD_BENCH_TOKEN" }}
service_principal_id = "c0000000-0000-4000-8000-000000000001"

[targets.wiki]
kind = "scim"
url = "http://127.0.0.1:9/scim"
token = {{ env = "SYNCD_BENCH_TOKEN" }}

[jobs.wiki]
source = "contoso"
target = "wiki"
schedule = "1h"
"""
COMMANDS = (["--version"], ["--help"], ["config", "schema"], ["status"], ["held"], ["log"], ["eval", 'ToLower("A")'])


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """(real, processor) seconds of one process."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environ = {
        **os.environ,
        "PYTHONPATH": str(TREE),
        "SYNCD_BENCH_TOKEN": "x",
        "PYTHONPYCACHEPREFIX": f"{folder}/cache",
    }
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    real, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        raise SystemExit(f"{command}: {ran.stderr}")
    return real, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG.format(folder=folder))
        run([sys.executable, "-m", "syncd", "db", "upgrade"], folder)
        commands = {"(python alone)": [sys.executable, "-c", "pass"]}
        commands |= {" ".join(words): [sys.executable, "-m", "syncd", *words] for words in COMMANDS}
        print(f"{'command':<18} {'real':>8} {'processor':>10}   medians of {runs}, seconds")
        for title, command in commands.items():
            run(command, folder)
            times = [run(command, folder) for _ in range(runs)]
            real, processor = (statistics.median(one) for one in zip(*times, strict=True))
            print(f"{title:<18} {real:8.3f} {processor:10.3f}")


if __name__ == "__main__":
    main()
