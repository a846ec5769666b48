"""Answers that no service should give, in numbers: no crash, no hang, no request to another host, none that breaks out.

    python bench/fuzz_answers.py [--answers 100000] [--from 1]

Also says how far memory grew. The first fault ends it, with the seed that shows it again.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.simulation.ground import ground
from tests.simulation.hostility import meet


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=100_000)
    parser.add_argument("--from", dest="begin", type=int, default=1)
    asked = parser.parse_args(arguments)
    given, begun = 0, time.monotonic()
    with TemporaryDirectory() as folder, ground(Path(folder)) as under:
        for seed in count(asked.begin):
            try:
                met = meet(under, seed)
            except Exception as error:
                print(f"seed {seed}, after {given:,} answers: {type(error).__name__}: {error}")
                raise
            given += met.answers
            if met.elsewhere or met.broke_out:
                print(f"seed {seed}: asked elsewhere {met.elsewhere}, broke out {met.broke_out[:3]}")
                return 1
            if given >= asked.answers:
                break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{given:,} answers, no fault, {time.monotonic() - begun:.0f} s, at most {peak:,} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
