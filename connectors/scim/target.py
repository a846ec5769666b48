"""A SCIM 2.0 service as a `connectors.Target`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from connectors.errors import ReadOnly, TargetError, Unauthorized
from connectors.scim.checking import findings
from connectors.scim.client import ScimReader, ScimWriter
from connectors.scim.creation import Creation, Deletion
from connectors.scim.discovery import discover
from connectors.scim.finding import Finder
from connectors.scim.knowledge import DISCOVERED, Knowledge, first_facts
from connectors.scim.membership import Membership
from connectors.scim.paging import every
from connectors.scim.profile import Profile
from connectors.scim.profiles import load_profile
from connectors.scim.requests import steps
from connectors.scim.sending import Sending
from connectors.scim.service import Service
from connectors.scim.settings import ScimSettings, tenant_url
from connectors.scim.timing import Timing
from connectors.scim.update import Update
from syncd.core.change import Action, Change, Observed, Outcome, Request, TargetFacts
from syncd.core.model import Finding, Json, Kind

SENDINGS: Mapping[Action, type[Sending]] = {
    Action.CREATE: Creation,
    Action.DELETE: Deletion,
    Action.ADD_MEMBERS: Membership,
    Action.REMOVE_MEMBERS: Membership,
}


_WRITES_VALUES = frozenset({Action.CREATE, Action.ADOPT, Action.REACTIVATE, Action.UPDATE, Action.REFERENCE})


class ScimTarget:
    """One target. Made by `open_target`; closed by `close`.

    Unless the facts say that an earlier run did so, it asks the target for its discovery before its first other request.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._finder = Finder(service)
        self._discovering = asyncio.Lock()
        self._comparing = False

    @property
    def name(self) -> str:
        return self._service.name

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, repeats included."""
        return self._service.reader.requests

    @property
    def facts(self) -> TargetFacts:
        return self._service.knowledge.facts

    @facts.setter
    def facts(self, facts: TargetFacts) -> None:
        self._service.knowledge.facts = facts

    @property
    def profile(self) -> Profile:
        return self._service.profile

    @property
    def member_names(self) -> bool:
        return self._service.dialect.member_display

    @property
    def writable(self) -> bool:
        return self._service.writer is not None

    async def discover(self) -> TargetFacts:
        """What the target says of itself, asked once. Raises Unreachable, Unauthorized."""
        if self._service.knowledge.has(DISCOVERED):
            return self.facts
        async with self._discovering:
            if not self._service.knowledge.has(DISCOVERED):
                self.facts = await discover(self._service)
                self._service.knowledge.learn(DISCOVERED)
        return self.facts

    async def find(self, kind: Kind, match: Mapping[str, Json]) -> Sequence[Observed]:
        await self.discover()
        return await self._finder.find(kind, match)

    async def get(self, kind: Kind, target_id: str, *, members: bool = False) -> Observed | None:
        await self.discover()
        seen = await self._service.inspect(kind, target_id, members=members)
        if seen is not None:
            self._service.knowledge.saw(kind, seen.resource)
        return seen

    async def list(self, kind: Kind, *, members: bool = False) -> AsyncIterator[Observed]:
        await self.discover()
        async for one in every(self._service, kind, members=members):
            self._service.knowledge.saw(kind, one.resource)
            yield one

    def preview(self, change: Change, wrote: Mapping[str, Json]) -> Sequence[Request]:
        found = steps(change, wrote, self._service.dialect, self.facts, self._service.profile)
        return tuple(step.request for step in found)

    async def send(self, change: Change, wrote: Mapping[str, Json]) -> Outcome:
        writer = self._service.writer
        if writer is None:
            raise ReadOnly(target=self.name, detail=f"{change.action.word} {change.kind} {change.source_id}")
        sending = SENDINGS.get(change.action, Update)(self._service, writer, change, wrote)
        try:
            if not self._service.knowledge.has(DISCOVERED):
                await self.discover()
            outcome = await sending.carry_out()
        except Unauthorized as error:
            outcome = Outcome(status="failed", code="Unauthorized", http_status=401, message=error.detail)
        except TargetError as error:
            outcome = Outcome(status="failed", code="WebExceptionProtocolError", message=error.detail)
        except (TypeError, UnicodeEncodeError) as error:
            outcome = Outcome(
                status="failed",
                code="MissingValues",
                message=f"a value cannot be written as JSON: {error}",
                remedy="Correct the value at the source or in the mapping.",
                permanent=True,
            )
        if outcome.status == "done" and change.action in _WRITES_VALUES:
            if outcome.observed is None:
                await self._compare(change, outcome)
            else:
                self._service.knowledge.wrote(change.kind, change.after, outcome.observed)
        if change.action is Action.CREATE and outcome.code == "Conflict":
            self._finder.doubt(change.kind)
        elif change.action in (Action.CREATE, Action.DELETE):
            self._finder.forget(change.kind)
        if outcome.target_id and outcome.requests == sending.requests and not outcome.message:
            return outcome
        return replace(
            outcome,
            target_id=outcome.target_id or change.target_id,
            requests=sending.requests,
            message=self._discreet(outcome.message, change) if outcome.message else "",
        )

    async def _compare(self, change: Change, outcome: Outcome) -> None:
        """Learn which of the written attributes the target shows where its answer does not say: once for each, by a read."""
        knowledge = self._service.knowledge
        if outcome.target_id is None or self._comparing or not knowledge.untried(change.kind, change.after):
            return
        self._comparing = True
        try:
            one = await self._service.inspect(change.kind, outcome.target_id)
            if one is not None:
                knowledge.wrote(change.kind, change.after, one.resource)
        except TargetError:
            pass  # the next write tries again
        finally:
            self._comparing = False

    def _discreet(self, message: str, change: Change) -> str:
        """The message without secrets, and without the values that no log may show."""
        message = self._service.reader.redact(message)
        for path in change.redacted:
            for value in (change.before.get(path), change.after.get(path)):
                if isinstance(value, str) and value:
                    message = message.replace(value, "***")
        return message

    async def check(self) -> Sequence[Finding]:
        return await findings(self._service, self._finder)

    async def close(self) -> None:
        await self._service.reader.close()


def open_target(
    settings: ScimSettings, facts: TargetFacts | None, *, write: bool, timing: Timing | None = None
) -> ScimTarget:
    """The target of these settings. With `write` False it has no way to write.

    Raises ProfileError for an unknown or broken profile, Misconfigured for an unsafe URL. Sends nothing yet.
    """
    profile = load_profile(settings.profile)
    dialect = profile.speak(settings.dialect, tenant_url(settings).dialect)
    writer = ScimWriter(settings, timing) if write else None
    service = Service(
        name=settings.name,
        reader=writer or ScimReader(settings, timing),
        writer=writer,
        profile=profile,
        dialect=dialect,
        knowledge=Knowledge(facts or first_facts(profile, dialect)),
    )
    return ScimTarget(service)
