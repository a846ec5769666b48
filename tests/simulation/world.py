"""One simulated world: a company that changes, a target, a state DB, and processes of syncd that come and go."""

from __future__ import annotations

import asyncio
import contextvars
import random
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import structlog

import connectors.graph.source
import connectors.okta.source
import connectors.scim.client
from connectors.okta.backoff import Backoff
from connectors.sandbox.scim.app import scim_app
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.quirks import Quirks
from connectors.scim.timing import Timing
from state.leases import Leases
from state.store import Store
from syncd.core.attributes import GROUP_SCHEMA, USER_SCHEMA
from syncd.core.errors import SyncdError
from syncd.ingest import Clock
from syncd.runtime import Runtime
from tests.simulation.company import ChangingCompany, Person
from tests.simulation.faults import Weather
from tests.simulation.ground import JOB, SOURCE_PORT, TARGET_PORT, TOKEN, VARIANTS, Ground
from tests.simulation.loop import Hang, VirtualClock, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.process import BadDisk, Death, Killed, Process, current
from tests.simulation.second_job import OTHER, SHARE, SecondJob, drawn
from tests.simulation.stale import Lagging
from tests.simulation.titles import TITLES, Titles

#: how old an answer of a source may be: Graph's delta tells late what its replicas learn late; Okta's lists have no such
#: second chance, and are believed about changes of more than a minute ago
_LAG_S = {"graph": 7200, "okta": 60}
#: the removals of one kind that a variant lets through in one cycle
GUARDS = {"guarded": (500, 20, 3), "strict": (1, 100, 100)}
#: by the day, and so rarely that increments alone have to bring everything
FULL_EVERY = ("24h", "90d")
#: ways of servers that are all allowed
_QUIRKS = (
    Quirks(duplicate_members=True),
    Quirks(duplicate_members=True, etag="absent", patch_answer=204),
    Quirks(unique=("group.displayName",), answers_without_body=True),
    Quirks(page_size=3, max_page=5, unstable_order=True, total_results_off=1),
    Quirks(page_size=3, max_page=4, etag="shown"),
    Quirks(page_size=2, max_page=2, unstable_order=True),
    Quirks(announces_filter=False, ids="number", absent_removal="refused"),
)


class Surprise(Exception):
    """A process ended otherwise than by a result or one clear error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How one process ended: `value` is what its verb gave; `error`: it said what is wrong; neither: it was killed."""

    value: Any = None
    error: SyncdError | None = None
    killed: bool = False


class World:
    """One history's world. `draw` decides everything in it."""

    def __init__(self, under: Ground, seed: int, *, two: bool | None = None) -> None:
        self.under, self.draw = under, random.Random(seed)
        self.dice = random.Random(f"jobs {seed}")  # of what concerns a second job: histories of one stay as they are
        self.clock = VirtualClock()
        self.skew = 0.0  #: seconds that syncd's own clock is ahead
        draw = self.draw
        under.fresh()
        self.company = ChangingCompany("graph" if draw.random() < 0.65 else "okta", draw, self.clock)
        self.company.begin()
        self.variant = draw.choice(("plain", "guarded", "strict", "filtered", *VARIANTS))
        self.second: SecondJob | None = None
        if self.dice.random() < SHARE if two is None else two:
            self.second = drawn(self.dice)
            self.variant = self.dice.choice((self.variant, *["filtered"] * 7))
        self.full_every = draw.choice(FULL_EVERY)
        self.target = ScimDirectory(self.clock)
        self.quirks = draw.choice(_QUIRKS)
        self.service = scim_app(self.target, quirks=self.quirks, token=TOKEN)
        source = self.company.directory.app
        self.at_source, self.at_target = Weather(draw, source=True), Weather(draw, source=False)
        source.faults, self.service.faults = self.at_source, self.at_target  # type: ignore[attr-defined]  # both have them
        source.gzip_level = self.service.gzip_level = 0  # type: ignore[attr-defined]  # likewise
        self.stale_source = Lagging(source, draw, self.clock, lag_s=_LAG_S[self.company.kind])
        self.stale_target = Lagging(self.service, draw, self.clock, lag_s=60)
        self.network = Network({SOURCE_PORT: self.stale_source, TARGET_PORT: self.stale_target}, draw)
        self.logged: list[Any] = []
        self.numbers = 100
        self.turns, self.commits, self.statements = 600, 25, 60
        self.by_hand: set[str] = set()  #: accounts and groups at the target that others made
        self.forgotten = False  #: links were, so that nobody knows who was added to a group by whom
        self.passed: set[str] = set()  #: ids of accounts and groups at the target that have had several jobs
        self._furnish()

    @property
    def titles(self) -> dict[str, Titles]:
        """Who is in the scope of each job, by its name."""
        first = TITLES["listed" if self.variant == "filtered" else "all"]
        return {JOB: first} if self.second is None else {JOB: first, OTHER: self.second.has}

    def has_team(self, job: str, name: str) -> bool:
        """Whether that job brings a team of this display name."""
        return self.second is None or self.second.has_team(job, name)

    def wanted(self, job: str | None = None) -> dict[str, Person]:
        """Those who should have an account that works, by this job or by any."""
        found: dict[str, Person] = {}
        for name, titles in self.titles.items():
            found |= self.company.wanted(titles) if job in (None, name) else {}
        return found

    def _furnish(self) -> None:
        """Strangers, who are at home at the target; and somebody of ours, who was there before."""
        for number in range(2):
            self.add_account(f"stranger{number}@elsewhere.example")
        stranger = sorted(self.by_hand)[0]
        group = self._made("group", {"schemas": [GROUP_SCHEMA], "displayName": "Strangers"})
        found = self.target.get("group", group)
        assert found is not None
        members = found.members.copy()
        members.add({"value": stranger, "type": "User"})
        self.target.change(found, found.attributes, members)
        self.strangers = {id_: self.resource(id_) for id_ in self.by_hand}
        somebody = self.draw.choice(sorted(self.company.people))
        self.add_account(self.company.people[somebody].login, title="There before")

    def add_account(self, login: str, **attributes: Any) -> str:
        return self._made("user", {"schemas": [USER_SCHEMA], "userName": login, "active": True, **attributes})

    def _made(self, kind: Any, attributes: dict[str, Any]) -> str:
        plain = {key: value for key, value in attributes.items() if key != "schemas"}
        number = self.target.next_number()
        id_ = str(number) if self.quirks.ids == "number" else str(uuid.UUID(int=number))
        self.target.add(kind, id_, plain, Members())
        self.by_hand.add(id_)
        return id_

    def resource(self, id_: str) -> Any:
        """One resource as stored, for comparison; None where it is gone."""
        found = self.target.either(id_)
        if found is None or found.gone:
            return None
        return repr(sorted(found.attributes.items(), key=str)), tuple(found.members.ids), found.version

    # --- processes --------------------------------------------------------------------------------------------------

    def run(
        self,
        *verbs: Callable[[Runtime], Awaitable[Any]],
        death: Death | None = None,
        disk: BadDisk | None = None,
    ) -> list[Ended]:
        """Each verb in a process of its own, all at once; the first of them may be struck. Raises Surprise, Hang."""
        loop = VirtualLoop(self.clock, self.network, self.draw)
        ids = random.Random(self.draw.getrandbits(64))
        processes = []
        for place, _ in enumerate(verbs):
            self.numbers += 1
            mine = {"death": death, "disk": disk} if place == 0 else {}
            processes.append(Process(self.numbers, **mine))
        loop.processes = processes
        with (
            patch.object(uuid, "uuid4", lambda: uuid.UUID(int=ids.getrandbits(128), version=4)),
            patch.object(random, "random", ids.random),
            structlog.testing.capture_logs() as logged,
            self._timed(ids),
        ):
            try:
                ended = loop.run_until_complete(self._all(verbs, processes))
            finally:
                self.logged += logged
                _close(loop)
        first = processes[0]
        if death is None and disk is None:
            self.turns, self.commits, self.statements = first.turns, first.commits, first.statements
        return ended

    @contextmanager
    def _timed(self, dice: random.Random) -> Iterator[None]:
        """What measures time and throws dice for itself goes by the virtual clock and the seed, too."""
        clock = self.clock
        seconds = partial(getattr, clock, "seconds")
        timing = partial(Timing, now=clock.now, monotonic=seconds, random=dice.random)
        with (
            patch.object(connectors.scim.client, "Timing", timing),
            patch.object(
                connectors.graph.source,
                "open_source",
                partial(connectors.graph.source.open_source, monotonic=seconds, now=clock.now, jitter=dice.random),
            ),
            patch.object(
                connectors.okta.source,
                "open_source",
                partial(
                    connectors.okta.source.open_source, clock=seconds, now=clock.time, backoff=Backoff(random=dice)
                ),
            ),
        ):
            yield

    async def _all(
        self, verbs: Sequence[Callable[[Runtime], Awaitable[Any]]], processes: Sequence[Process]
    ) -> list[Ended]:
        loop = asyncio.get_running_loop()
        for verb, process in zip(verbs, processes, strict=True):
            context = contextvars.copy_context()
            context.run(current.set, process)
            process.task = loop.create_task(self._live(verb, process), context=context)
        tasks = [process.task for process in processes if process.task is not None]
        await asyncio.wait(tasks)
        return [await task for task in tasks]

    async def _live(self, verb: Callable[[Runtime], Awaitable[Any]], process: Process) -> Ended:
        settings = self.under.settings(self.company, self.variant, self.full_every, self.second)
        now = partial(_ahead, self.clock, self.skew)
        try:
            store = Store(self.under.engine)
            store.leases = Leases(self.under.engine, process.mark)
            runtime = Runtime(settings, store, clock=Clock(now=now, sleep=asyncio.sleep))
            value = await verb(runtime)
        except SyncdError as error:
            return Ended(killed=process.dead) if process.dead else Ended(error=error)
        except (Killed, asyncio.CancelledError):
            if not process.dead:
                raise
            return Ended(killed=True)
        except Exception as error:
            if process.dead:
                return Ended(killed=True)
            raise Surprise(f"{type(error).__name__}: {error}") from error
        finally:
            process.ended()
        return Ended(killed=True) if process.dead else Ended(value=value)


def _ahead(clock: VirtualClock, skew: float) -> datetime:
    return clock.now() + timedelta(seconds=skew)


def _close(loop: VirtualLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
    try:
        loop.run_until_complete(asyncio.sleep(0.001))
    except Hang:
        pass
    finally:
        loop.close()
