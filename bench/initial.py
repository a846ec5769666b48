"""A whole first cycle: everything read, mapped, planned and created, beside the bare requests of the same cycle.

    python bench/initial.py [--source graph|okta] [--sizes 1000,10000] [--groups N] [--runs 1] [--service-ms 0] [--after]

The sandbox's directory and a minimal SCIM service answer, each from a process of its own; groups are a twentieth of the
users. In each run, one after the other:

initial     syncd's first cycle of a job with scope "all" and the default mapping, managers and memberships included
floor       the very requests of that cycle, to both sides, sent by a bare loop of aiohttp and orjson
after       with --after: a cycle with nothing to do, and a full sweep of both sides that finds nothing to change

Beside them stands the time that Microsoft publishes for an initial cycle of Entra: 0.01 to 0.08 minutes for each user,
group and membership in scope. With --profile FILE the first cycle's cProfile statistics are written there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.directory import directory
from bench.run import Asked, Run, cycle, daemon, floor, write_config
from bench.service import scim_service
from syncd.cycle import Wish

ENTRA_MINUTES = (0.01, 0.08)  #: for each object in scope


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", choices=["graph", "okta"], default="graph")
    parser.add_argument("--sizes", default="1000,10000", help="numbers of users")
    parser.add_argument("--groups", type=int, help="instead of a twentieth of the users")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--service-ms", type=float, default=0.0, help="how long the target thinks about each request")
    parser.add_argument("--after", action="store_true", help="an idle cycle and a full sweep as well")
    parser.add_argument("--profile", default="", metavar="FILE")
    asked = parser.parse_args()
    for users in map(int, asked.sizes.split(",")):
        groups = asked.groups or max(1, users // 20)
        print(f"\n{users:,} users, {groups:,} groups from {asked.source}", flush=True)
        for _ in range(asked.runs):
            one_run(asked, users, groups)


def one_run(asked: argparse.Namespace, users: int, groups: int) -> None:
    with (
        directory(asked.source, users=users, groups=groups) as source,
        scim_service(think_s=asked.service_ms / 1000) as target,
        TemporaryDirectory() as folder,
    ):
        config = write_config(Path(folder), source, target)
        first = cycle(config, profile=asked.profile)
        reads, writes = source.requests(), target.requests()
        objects = first.counts["create"] + first.counts["add_members"]
        show("initial", first, f"{first.counts['create'] / first.wall:,.0f} created/s, {objects:,} objects")
        low, high = (objects * minutes for minutes in ENTRA_MINUTES)
        print(f"            Entra, as published: {low:,.0f} to {high:,.0f} minutes")
        if asked.after:
            with daemon(config) as running:
                running.cycle()
                show("idle", running.cycle())
            show("sweep", cycle(config, Wish(full=True)))
            target.requests()
        root = target.url.removesuffix("/scim")
        read = Asked(root=source.url, requests=reads, headers=source.headers, in_streams=True)
        bare = floor([read, Asked(root=root, requests=writes, headers=target.headers)])
        show(
            "floor",
            bare,
            f"{bare.counts['requests']:,} requests; initial took {first.wall / bare.wall:.2f} times as long",
        )


def show(what: str, run: Run, more: str = "") -> None:
    print(f"{what:<9} {run.wall:9.2f} s   CPU {run.cpu:8.2f} s   peak {run.peak_mib:>5,} MiB   {more}", flush=True)


if __name__ == "__main__":
    main()
