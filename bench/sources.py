"""How fast sources are read: objects a second through a connector, beside plain httpx and orjson over the same pages.

    python bench/sources.py graph [--users 20000] [--memberships 200000] [--runs 5]

The sandbox serves from a process of its own. Prints one line a stream; exit 1 where a connector reaches less than the
share of plain reading that is asked for (0.6), or does not give all that plain reading found.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx
import orjson

from connectors.graph.settings import AccessToken, GraphSettings
from connectors.graph.source import GraphSource, open_source
from connectors.sandbox.graph.app import graph_app
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.generate import Tenant, generate
from connectors.sandbox.serve import serve
from syncd.core.model import Membership, SourceUser, Stream
from syncd.core.secret import Secret

SHARE = 0.6
MEMBERS = frozenset({"#microsoft.graph.user", "#microsoft.graph.group"})
ATTRIBUTES = frozenset(
    (
        "city",
        "companyName",
        "country",
        "department",
        "employeeId",
        "employeeType",
        "givenName",
        "jobTitle",
        "mailNickname",
        "manager",
        "mobilePhone",
        "onPremisesExtensionAttributes",
        "otherMails",
        "postalCode",
        "preferredLanguage",
        "proxyAddresses",
        "state",
        "streetAddress",
        "surname",
        "usageLocation",
        "userType",
    )
)


def serve_graph(pipe: Connection, users: int, memberships: int) -> None:
    """Runs in a process of its own until the other end of the pipe closes."""
    directory = GraphDirectory()
    generate(directory, Tenant(users=users, groups=max(1, memberships // 200), memberships=memberships))
    directory.quirks.set({"throttle": False, "removed_in_initial": False, "users_page": 200, "members_budget": 5_000})
    with serve({"graph": graph_app(directory)}) as served:
        pipe.send((served["graph"], directory.application.id))
        try:
            pipe.recv()
        except EOFError:
            return


async def plainly(root: str, path: str, select: str, count: Callable[[dict[str, Any]], int]) -> int:
    """The same chain with httpx and orjson alone."""
    total, link = 0, f"{root}{path}?$select={select}"
    headers = {"Authorization": "Bearer sandbox", "Accept-Encoding": "gzip"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:
        while link:
            page = orjson.loads((await client.get(link)).content)
            total += sum(map(count, page["value"]))
            link = page.get("@odata.nextLink")
    return total


async def through(source: GraphSource, stream: Stream, kind: type) -> int:
    """A full round of the connector, every record looked at."""
    total = 0
    async for page in source.read(stream, None):
        total += sum(isinstance(record, kind) for record in page.records)
    await source.close()
    return total


async def timed(work: Callable[[], Awaitable[int]]) -> tuple[int, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    count = await work()
    return count, time.perf_counter() - wall, time.process_time() - cpu


def memberships_of(item: dict[str, Any]) -> int:
    """The members of a group that are users or groups: devices and contacts, of which there are a few, are not read."""
    return sum(member["@odata.type"] in MEMBERS for member in item.get("members@delta", ()))


async def measure(settings: GraphSettings, stream: Stream, runs: int) -> float:
    """Prints a line; gives the connector's share of the plain speed, by medians."""
    if stream == "users":
        select, kind, count = settings.user_select, SourceUser, lambda _: 1
    else:
        select, kind, count = settings.group_select, Membership, memberships_of
    ways: dict[str, Callable[[], Awaitable[int]]] = {
        "plain": lambda: plainly(settings.root, f"/{stream}/delta", ",".join(sorted(select)), count),
        "syncd": lambda: through(open_source(settings), stream, kind),
    }
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    spent: dict[str, list[float]] = {way: [] for way in ways}
    counts = {way: (await timed(work))[0] for way, work in ways.items()}
    for _ in range(runs):
        for way, work in ways.items():
            total, wall, cpu = await timed(work)
            speeds[way].append(total / wall)
            spent[way].append(cpu)
    if counts["plain"] != counts["syncd"]:
        print(f"graph {stream}: {counts['syncd']:,} of {counts['plain']:,} were read", file=sys.stderr)
        return 0.0
    plain, ours = (statistics.median(speeds[way]) for way in ("plain", "syncd"))
    cpu = statistics.median(spent["syncd"]) / statistics.median(spent["plain"])
    print(
        f"graph {stream:7} {counts['syncd']:>9,} of {counts['plain']:,}   syncd {ours:>9,.0f}/s   "
        f"plain httpx + orjson {plain:>9,.0f}/s   share {ours / plain:.2f}   CPU {cpu:.2f} times"
    )
    return ours / plain


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["graph"])
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--memberships", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve_graph, args=(theirs, options.users, options.memberships), daemon=True)
    server.start()
    theirs.close()
    url, application = ours.recv()
    settings = GraphSettings(
        name="bench",
        endpoint=f"{url}/v1.0",
        credential=AccessToken(token=Secret("sandbox")),
        service_principal_id=application,
        user_attributes=ATTRIBUTES,
        group_attributes=frozenset({"description", "mailNickname"}),
    )
    streams: tuple[Stream, ...] = ("users", "groups")
    shares = [asyncio.run(measure(settings, stream, options.runs)) for stream in streams]
    print(f"peak memory of the reading process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    ours.close()
    server.join(10)
    return 0 if min(shares) >= SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
