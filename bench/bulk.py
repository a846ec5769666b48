"""Whether /Bulk is faster than single requests: the same creates against scim2-server, one by one and in bulk.

    python bench/bulk.py [--creates 500] [--runs 3] [--concurrency 8] [--operations 100]

Prints medians. What it showed, and what follows from it, is told in docs/targets-client.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import orjson
import uvloop

from bench.target import creates, in_flight, target_at
from tests.servers import RunningServer
from tests.servers.scim2_server import scim2_server

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def bodies(server: RunningServer, number: int) -> list[dict[str, object]]:
    """New people whom the server has never seen."""
    sample = target_at(server.url, 1)
    tag = uuid.uuid4().hex[:8]
    found = []
    for change in creates(number):
        body = dict(sample.preview(change, {})[0].body)
        found.append({**body, "userName": f"{tag}.{body['userName']}"})
    return found


async def singly(server: RunningServer, people: Sequence[dict[str, object]], concurrency: int) -> None:
    async with aiohttp.ClientSession(headers=server.headers) as session:

        async def create(body: dict[str, object]) -> None:
            async with session.post(f"{server.url}/Users", data=orjson.dumps(body), headers=SCIM) as response:
                assert response.status == 201, await response.text()

        await in_flight(create, people, concurrency)


async def in_bulk(server: RunningServer, people: Sequence[dict[str, object]], concurrency: int, size: int) -> None:
    parts = [people[at : at + size] for at in range(0, len(people), size)]
    async with aiohttp.ClientSession(headers=server.headers) as session:

        async def create(part: Sequence[dict[str, object]]) -> None:
            operations = [
                {"method": "POST", "path": "/Users", "bulkId": str(number), "data": body}
                for number, body in enumerate(part)
            ]
            whole = {"schemas": [BULK], "Operations": operations}
            async with session.post(f"{server.url}/Bulk", data=orjson.dumps(whole), headers=SCIM) as response:
                answer = orjson.loads(await response.read())
                assert [int(one["status"]) for one in answer["Operations"]] == [201] * len(part), answer

        await in_flight(create, parts, concurrency)


SCIM = {"Content-Type": "application/scim+json"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creates", type=int, default=500)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--operations", type=int, default=100)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {"one by one": [], "in bulk": []}
    with scim2_server() as server:
        for _ in range(options.runs):
            for way, spent in seconds.items():
                people = bodies(server, options.creates)
                begun = time.perf_counter()
                if way == "in bulk":
                    uvloop.run(in_bulk(server, people, options.concurrency, options.operations))
                else:
                    uvloop.run(singly(server, people, options.concurrency))
                spent.append(time.perf_counter() - begun)
    for way, spent in seconds.items():
        each = statistics.median(spent)
        print(f"{way:10} {each:6.3f} s {options.creates / each:>8,.0f}/s")


if __name__ == "__main__":
    main()
