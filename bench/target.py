"""How fast accounts are created: syncd beside a bare loop of the same HTTP client, and beside one look-up per account.

    python bench/target.py [--creates 3000] [--runs 9] [--concurrency 8] [--profile connector|apply]

A minimal SCIM service answers from a process of its own. In each run, one after the other:

bare        aiohttp and orjson alone, the very requests that syncd sends, as many at a time
entra       the same loop with a look-up before each POST, as Microsoft Entra documents its requests
connector   the same creates through connectors/scim: discovery, pace, gate, errors, redaction
apply       a whole plan carried out: intents and answers durable in SQLite, links, provisioning log

Prints medians over the runs; exit 1 where the connector takes more than 1.3 times the bare loop, or more than 0.8 times
the loop with look-ups.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import multiprocessing
import pstats
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import orjson
import uvloop

from bench.service import scim_service
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import ScimTarget, open_target
from state.journal import Planned
from syncd.apply import Applier
from syncd.cli.garbage import look_as_usual
from syncd.config import load
from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.change import Action, Change
from syncd.core.secret import Secret
from syncd.draft import Draft
from syncd.observe.logs import set_up_logs
from syncd.runtime import Runtime

MOST_OF_BARE = 1.3
MOST_OF_ENTRA = 0.8
TOKEN = "bench"
Item = TypeVar("Item")


def creates(number: int) -> list[Change]:
    """New people with the attributes of the default mapping."""
    found = []
    for n in range(number):
        login = f"person{n}@contoso.com"
        after = {
            "userName": login,
            "externalId": f"{n:08d}-0000-4000-8000-000000000000",
            "active": True,
            "displayName": f"Person {n}",
            "title": "Engineer",
            "name.givenName": "Person",
            "name.familyName": str(n),
            "name.formatted": f"Person {n}",
            'emails[type eq "work"].value': login,
            'phoneNumbers[type eq "mobile"].value': "+49 30 123456",
            'addresses[type eq "work"].locality': "Berlin",
            "preferredLanguage": "de-DE",
            f"{ENTERPRISE_SCHEMA}:department": "Products",
            f"{ENTERPRISE_SCHEMA}:employeeNumber": str(n),
        }
        found.append(
            Change(
                action=Action.CREATE,
                kind="user",
                source_id=after["externalId"],
                target_id=None,
                name=login,
                before={},
                after=after,
                why="assigned",
            )
        )
    return found


async def in_flight(work: Callable[[Item], Awaitable[None]], items: Sequence[Item], concurrency: int) -> None:
    """All of them, so many at a time."""
    rest = iter(items)

    async def lane() -> None:
        for item in rest:
            await work(item)

    await asyncio.gather(*(lane() for _ in range(concurrency)))


Way = Callable[[], Awaitable[None]]


class Spent(NamedTuple):
    """Seconds by the clock on the wall, and of this process's work: other load of the machine disturbs only the former."""

    wall: float
    cpu: float


def target_at(url: str, concurrency: int) -> ScimTarget:
    settings = ScimSettings(name="bench", url=url, auth=BearerToken(token=Secret(TOKEN)), concurrency=concurrency)
    return open_target(settings, None, write=True)


def plain(url: str, changes: Sequence[Change], concurrency: int, *, look_up: bool) -> Way:
    """aiohttp and orjson alone."""
    sample = target_at(url, concurrency)
    requests = [(change.after["userName"], sample.preview(change, {})[0].body) for change in changes]
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json; charset=utf-8"}

    async def run() -> None:
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:

            async def create(request: tuple[str, object]) -> None:
                login, body = request
                if look_up:
                    name = quote(f'userName eq "{login}"')
                    async with session.get(f"{url}/Users?filter={name}") as response:
                        assert orjson.loads(await response.read())["totalResults"] == 0
                async with session.post(f"{url}/Users", data=orjson.dumps(body)) as response:
                    assert response.status == 201
                    assert orjson.loads(await response.read())["id"]

            await in_flight(create, requests, concurrency)

    return run


def connector(url: str, changes: Sequence[Change], concurrency: int) -> Way:
    """Through the target client, as apply uses it."""

    async def run() -> None:
        target = target_at(url, concurrency)

        async def create(change: Change) -> None:
            outcome = await target.send(change, {})
            assert outcome.status == "done", outcome

        await in_flight(create, changes, concurrency)
        await target.close()

    return run


CONFIG = """
[state]
url = "sqlite:///{folder}/state.db"

[sources.contoso]
kind = "graph"
endpoint = "http://127.0.0.1:9/v1.0"
access_token = {{ file = "{folder}/token" }}
service_principal_id = "00000000-0000-4000-8000-000000000000"

[targets.bench]
kind = "scim"
url = "{url}"
token = {{ file = "{folder}/token" }}
concurrency = {concurrency}

[jobs.bench]
source = "contoso"
target = "bench"
"""


@contextmanager
def plan(url: str, changes: Sequence[Change], concurrency: int, folder: Path) -> Iterator[Way]:
    """A plan that is ready in a new state DB, and its carrying out."""
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder, url=url, concurrency=concurrency))
    runtime = Runtime.open(load(config))
    job, draft = runtime.job("bench"), Draft(id=uuid.uuid4().hex, job="bench", cycle="initial")
    journal, now = runtime.store.journal, datetime.now(UTC)
    runtime.store.leases.take(job.name, now=now)
    journal.begin(draft.id, job.name, seq=1, config=job.digest, now=now)
    journal.add(draft.id, [Planned(change=change, rev=None) for change in changes])
    journal.seal(draft.id, dry=False)
    journal.take_over(draft.id, job.name, waits=())

    async def run() -> None:
        async with runtime.target("bench", write=True) as target:
            here = runtime.store, target, draft, runtime.clock
            applied = await Applier(job, *here, stopping=asyncio.Event(), others=tuple).run()
        assert applied.error is None, applied.error

    yield run
    done = sum(runtime.store.links.count("bench").values())
    assert done == len(changes), done
    runtime.close()


def timed(way: Way) -> Spent:
    gc.collect()
    begun, worked = time.perf_counter(), time.process_time()
    uvloop.run(way())
    return Spent(wall=time.perf_counter() - begun, cpu=time.process_time() - worked)


def measure(url: str, number: int, runs: int, concurrency: int) -> dict[str, list[Spent]]:
    """What each way took, run after run: each in a process of its own, as the same work takes up to a tenth more or less
    in another one."""
    spent: dict[str, list[Spent]] = {}
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for turn in range(runs):
            for name, one in pool.apply(_run, (url, number, concurrency, turn)).items():
                spent.setdefault(name, []).append(one)
    return spent


def _run(url: str, number: int, concurrency: int, turn: int) -> dict[str, Spent]:
    set_up_logs("warning")  # as a one-shot command on a terminal does
    look_as_usual()  # likewise: what is loaded is not looked through for garbage again
    _each_way(url, 200, concurrency, turn)  # warm
    return _each_way(url, number, concurrency, turn)


def _each_way(url: str, number: int, concurrency: int, turn: int) -> dict[str, Spent]:
    changes = creates(number)
    ways = {
        "bare": plain(url, changes, concurrency, look_up=False),
        "entra": plain(url, changes, concurrency, look_up=True),
        "connector": connector(url, changes, concurrency),
    }
    # There and back again, so that nobody always has the same neighbour before him.
    spent = {name: timed(ways[name]) for name in list(ways)[:: 1 if turn % 2 else -1]}
    with TemporaryDirectory() as folder, plan(url, changes, concurrency, Path(folder)) as way:
        spent["apply"] = timed(way)
    return {name: spent[name] for name in (*ways, "apply")}


def profiled(url: str, number: int, concurrency: int, which: str) -> None:
    changes = creates(number)
    profile = cProfile.Profile()
    with TemporaryDirectory() as folder, plan(url, changes, concurrency, Path(folder)) as apply:
        way = apply if which == "apply" else connector(url, changes, concurrency)
        profile.runcall(uvloop.run, way())
        if which != "apply":
            uvloop.run(apply())
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--creates", type=int, default=3_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--service-ms", type=float, default=0.0, help="how long the service thinks about each request")
    parser.add_argument("--profile", choices=["connector", "apply"])
    options = parser.parse_args()
    with scim_service(think_s=options.service_ms / 1000) as service:
        if options.profile:
            set_up_logs("warning")
            profiled(service.url, options.creates, options.concurrency, options.profile)
            return 0
        spent = measure(service.url, options.creates, options.runs, options.concurrency)
    print(f"{options.creates:,} creates, {options.concurrency} at a time, medians of {options.runs} runs")
    print("                                        wall: of bare   of entra   CPU: each   of bare   of entra")
    for name, ones in spent.items():
        wall, cpu = (statistics.median(column) for column in zip(*ones, strict=True))
        of = [_ratio(ones, spent[other], by) for by in ("wall", "cpu") for other in ("bare", "entra")]
        print(
            f"{name:10} {wall:8.3f} s {options.creates / wall:>9,.0f}/s {of[0]:>14.2f} {of[1]:>10.2f}"
            f" {cpu / options.creates * 1e6:>8.0f} us {of[2]:>9.2f} {of[3]:>10.2f}"
        )
    of_bare, of_entra = (_ratio(spent["connector"], spent[other], "wall") for other in ("bare", "entra"))
    return 0 if of_bare <= MOST_OF_BARE and of_entra <= MOST_OF_ENTRA else 1


def _ratio(these: Sequence[Spent], those: Sequence[Spent], by: str) -> float:
    """The median of the runs' ratios: what else the machine does meets both of a run alike."""
    return statistics.median(getattr(one, by) / getattr(other, by) for one, other in zip(these, those, strict=True))


if __name__ == "__main__":
    sys.exit(main())
