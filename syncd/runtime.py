"""Settings made real: the state DB, the sources and targets, and the compiled jobs. Every verb starts from here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from state.store import Store
from syncd.chosen_jobs import chosen_jobs
from syncd.clock import SYSTEM_CLOCK, Clock
from syncd.config import Settings
from syncd.config.graph_source import GraphSource
from syncd.core.exchange import Exchange
from syncd.own_profiles import own_profiles
from syncd.progress import UNWATCHED, Progress

if TYPE_CHECKING:
    from connectors import Source, Target
    from connectors.scim.profile import Profile
    from syncd.job import Job
    from syncd.job_compiler import Types


class Runtime:
    """What all verbs share: settings, the open state DB, a clock, and ways to open sources and targets.

    `observe` is told of each request, with its endpoint: "sources.NAME" or "targets.NAME".
    """

    def __init__(self, settings: Settings, store: Store, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self.settings, self.store, self.clock = settings, store, clock
        self.progress: Progress = UNWATCHED
        self.observe: Callable[[str, Exchange], None] = lambda endpoint, exchange: None
        self._profiles: dict[str, Profile] = {}
        self._jobs: dict[str, tuple[Types, Job]] = {}

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock = SYSTEM_CLOCK) -> Runtime:
        """Open the state DB, making or upgrading it. Raises ProfileError before that, and StateError."""
        profiles = own_profiles(settings)
        runtime = cls(settings, open_store(settings), clock=clock)
        runtime._profiles |= profiles
        return runtime

    def with_settings(self, settings: Settings) -> Runtime:
        """The same state DB and clock under other settings, every job compiled. Raises ProfileError and whatever else
        the settings cannot be carried out for; this runtime stays as it is."""
        other = Runtime(settings, self.store, clock=self.clock)
        other.observe = self.observe
        for name in settings.jobs:
            other.job(name)
        return other

    def close(self) -> None:
        self.store.close()

    # --- jobs -------------------------------------------------------------------------------------------------------

    def job_names(self, only: Iterable[str] = ()) -> list[str]:
        """The jobs asked for, or all, those of higher precedence first. Raises UnknownJob."""
        return chosen_jobs(self.settings, only)

    def rivals(self, name: str) -> list[Job]:
        """The jobs on the same target whose precedence is higher."""
        mine = self.settings.jobs[name]
        return [
            self.job(other)
            for other, said in self.settings.jobs.items()
            if said.target == mine.target and said.precedence > mine.precedence
        ]

    def others(self, name: str) -> list[Job]:
        """All other jobs on the same target."""
        mine = self.settings.jobs[name]
        return [
            self.job(other)
            for other, said in self.settings.jobs.items()
            if said.target == mine.target and other != name
        ]

    def profile(self, target: str) -> Profile:
        """The product profile of a target. Raises ProfileError."""
        if target not in self._profiles:
            from connectors.scim.profiles import load_profile  # noqa: PLC0415 - a command that only looks needs none

            self._profiles[target] = load_profile(self.settings.targets[target].profile)
        return self._profiles[target]

    def job(self, name: str) -> Job:
        """A job, compiled once for what its target is known to announce."""
        said = self.settings.jobs[name]
        from syncd.job_compiler import compile_job  # noqa: PLC0415 - a command that only looks needs no expressions
        from syncd.target_facts import facts_from  # noqa: PLC0415 - likewise

        remembered = self.store.facts(said.target)
        types = facts_from(remembered).types if remembered else {}
        before = self._jobs.get(name)
        if before is None or before[0] != types:
            self._jobs[name] = (types, compile_job(self.settings, name, types, self.profile(said.target)))
        return self._jobs[name][1]

    async def acquaint(self, name: str) -> None:
        """Ask the target of a job what it says of itself, if it never was asked: so the very first plan is made with
        the types that it announces. Raises TargetError."""
        from connectors.scim.target import ScimTarget  # noqa: PLC0415 - aiohttp only where it is used

        target = self.settings.jobs[name].target
        if self.store.facts(target) is None:
            async with self.target(target, write=False) as opened:
                if isinstance(opened, ScimTarget):
                    await opened.discover()

    # --- connectors -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def source(self, name: str) -> AsyncIterator[Source]:
        """A source, opened for one piece of work."""
        from syncd.connection import open_graph, open_okta  # noqa: PLC0415 - only where one is opened

        said = self.settings.sources[name]
        observe = partial(self.observe, f"sources.{name}")
        jobs, mirror = self._jobs_of(name), self.store.mirror
        opened = (
            open_graph(name, said, jobs=jobs, mirror=mirror, observe=observe)
            if isinstance(said, GraphSource)
            else open_okta(name, said, jobs=jobs, mirror=mirror, observe=observe)
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(opened.close)
            yield opened

    def _jobs_of(self, source: str) -> list[Job]:
        return [self.job(name) for name, said in self.settings.jobs.items() if said.source == source]

    @asynccontextmanager
    async def target(self, name: str, *, write: bool) -> AsyncIterator[Target]:
        """A target; without `write` it has no way to write. What it learns of the service is kept in the state DB."""
        from connectors.scim.target import open_target  # noqa: PLC0415 - aiohttp only where it is used
        from syncd.connection import scim_settings  # noqa: PLC0415 - likewise
        from syncd.target_facts import facts_data, facts_from  # noqa: PLC0415 - likewise

        remembered = self.store.facts(name)
        facts = facts_from(remembered) if remembered else None
        observe = partial(self.observe, f"targets.{name}")
        opened = open_target(scim_settings(name, self.settings.targets[name], observe=observe), facts, write=write)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(opened.close)
            try:
                yield opened
            finally:
                if opened.facts != facts:
                    self.store.remember_facts(name, facts_data(opened.facts))


def open_store(settings: Settings, *, upgrade: bool = True) -> Store:
    """The configured state DB. Raises StateError."""
    url = sa.make_url(settings.state.url)
    if settings.state.password is not None:
        url = url.set(password=settings.state.password.reveal())
    return Store.open(url, upgrade=upgrade)
