"""A company, the sandbox's SCIM service as its target, and the job between them: for tests of what the product promises."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import connectors.graph.source
import connectors.okta.source
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.journal import Entry
from connectors.sandbox.scim.app import scim_app
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.serve import serve
from syncd.clock import Clock
from syncd.config import load
from syncd.report.result import JobResult
from syncd.runtime import Runtime
from tests.system.company import COMPANIES, PEOPLE, GraphCompany, OktaCompany, write_secret
from tests.system.conftest import sync_once
from tests.system.recorder import body_of

TARGET_TOKEN = "house-target"
KINDS = tuple(COMPANIES)


class Time:
    """Stands still at the moment of its making until it is moved on."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    def advance_days(self, days: float) -> None:
        self.advance(timedelta(days=days))


@dataclass(kw_only=True)
class House:
    """What one test lives in."""

    company: GraphCompany | OktaCompany
    source: Emulator
    service: Emulator  #: of the target
    target: ScimDirectory
    config: Path
    runtime: Runtime
    time: Time
    _seen: int = 0

    def sync(self, *, code: int | None = 0, job: str = "job", **wish: Any) -> dict[str, Any]:
        """One cycle; gives the report of the job. `code`: the exit code that it must have."""
        self._seen = self.service.journal.total
        result: JobResult = sync_once(self.runtime, job, **wish)
        told = result.data(self.runtime.store)
        if code is not None:
            assert result.exit_code == code, told
        return told

    @property
    def written(self) -> list[Entry]:
        """What the last cycle wrote at the target."""
        return [entry for entry in self.service.journal.since(self._seen) if entry.method != "GET"]

    @property
    def methods(self) -> list[str]:
        """The same as "PATCH user", sorted."""
        kinds = {"Users": "user", "Groups": "group"}
        return sorted(f"{entry.method} {kinds[str(entry.notes['resource'])]}" for entry in self.written)

    def bodies(self, method: str) -> list[Any]:
        return [body_of(entry) for entry in self.written if entry.method == method]

    def active(self) -> set[str]:
        """The logins of the accounts that may sign in at the target."""
        return {user.name for user in self.target.users() if user.attributes.get("active") is not False}

    def account(self, name: str) -> dict[str, Any]:
        """The attributes of a person's one account at the target."""
        (found,) = [user for user in self.target.users() if user.name == self.company.login(name)]
        return dict(found.attributes)

    def logins(self, *names: str) -> set[str]:
        return {self.company.login(name) for name in names}

    def state(self) -> dict[str, Any]:
        """Every account and group as stored, versions and members included."""
        everyone = [*self.target.users(), *self.target.groups()]
        return {one.id: (one.attributes, one.version, tuple(sorted(one.members.ids))) for one in everyone}

    def at_source(self, action: Mapping[str, Any], *, times: int | None = None, **match: Any) -> None:
        """Requests to the source that match go wrong from now on."""
        self.source.faults.add({"match": match, "times": times, "action": dict(action)})

    def at_target(self, action: Mapping[str, Any], *, times: int | None = None, **match: Any) -> None:
        self.service.faults.add({"match": match, "times": times, "action": dict(action)})

    def process(self) -> closing[Runtime]:
        """Another process on the same state DB."""
        return closing(Runtime.open(load(self.config), clock=self.runtime.clock))

    def restarted(self, folder: Path) -> House:
        """The same house with a state DB that is new, in another folder; its `runtime` is the caller's to close."""
        text = self.config.read_text(encoding="utf-8")
        config = folder / "config.toml"
        config.write_text(
            text.replace(f"{self.config.parent / 'state.db'}", f"{folder / 'state.db'}"), encoding="utf-8"
        )
        return replace(self, config=config, runtime=Runtime.open(load(config), clock=self.runtime.clock))

    @contextmanager
    def changed_config(self, *changes: tuple[str, str], more: str = "") -> Iterator[None]:
        """From now on the configuration reads otherwise; the state DB stays."""
        text = self.config.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.config.write_text(text + more, encoding="utf-8")
        before = self.runtime
        with closing(Runtime.open(load(self.config), clock=before.clock)) as self.runtime:
            yield
        self.runtime = before

    def all_well(self) -> None:
        """No more faults."""
        self.source.faults.clear()
        self.service.faults.clear()


@contextmanager
def house(
    kind: str,
    folder: Path,
    *,
    people: int = len(PEOPLE),
    quirks: Quirks | None = None,
    job: str = "",
    more: str = "",
    tag: str | None = None,
    begun: bool = True,
) -> Iterator[House]:
    """Thirty people in "sales" and "legal", every third in "support"; "design" is empty. `job`: TOML inside the job's
    table, `more`: behind it. `begun`: after the initial cycle."""
    company = COMPANIES[kind](tag or uuid.uuid4().hex[:6])
    for team in ("sales", "legal", "support", "design"):
        company.found(team)
    for number, person in enumerate(PEOPLE[:people]):
        company.hire(person, "sales" if number % 2 else "legal", *(("support",) if number % 3 == 0 else ()))
    target = ScimDirectory()
    service = scim_app(target, quirks=quirks or "strict", token=TARGET_TOKEN)
    with serve({"source": company.app, "target": service}) as served:
        write_secret(folder / "target.token", TARGET_TOKEN)
        config = folder / "config.toml"
        config.write_text(
            f"""
[state]
url = "sqlite:///{folder / "state.db"}"
{company.source(folder, served["source"])}
[targets.product]
kind = "scim"
url = "{served["target"]}/scim"
token = {{ file = "{folder / "target.token"}" }}

[jobs.job]
source = "company"
target = "product"
schedule = "1m"
{job}
{more}
""",
            encoding="utf-8",
        )
        time = Time()
        with closing(Runtime.open(load(config), clock=Clock(now=time.now, sleep=asyncio.sleep))) as runtime:
            here = House(
                company=company,
                source=company.app,
                service=service,
                target=target,
                config=config,
                runtime=runtime,
                time=time,
            )
            if begun:
                here.sync()
            yield here


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sources' pauses before they ask again take no time; all else of them is as it is."""

    async def pause(seconds: float) -> None:
        await asyncio.sleep(0)

    for module in (connectors.graph.source, connectors.okta.source):
        monkeypatch.setattr(module, "open_source", partial(module.open_source, sleep=pause))


def quirky(**switches: Any) -> Quirks:
    """The plain service with some of its ways changed."""
    return replace(Quirks(), **switches)
