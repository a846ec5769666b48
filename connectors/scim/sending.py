"""The sending of one change: what creation, update, deletion and membership share.

A 5xx or a broken connection is "maybe", never "no": services were seen that store a change and answer 500.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.errors import TargetError
from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.client import ScimWriter
from connectors.scim.errors import failed, unanswered
from connectors.scim.overlay import overlay, unkeyed
from connectors.scim.patch import current_values
from connectors.scim.requests import Step, object_path, steps
from connectors.scim.service import Service
from connectors.scim.settle import applied
from syncd.core.change import Change, Outcome
from syncd.core.model import Json

_PUT_TRIES = 3
GONE = (404, 410)
CHANGED_MEANWHILE = (412, 428)
_UNKEYED = "keeps no type of "  #: before the attribute's name, in TargetFacts.learned


class Sending:
    """One change on its way. Used once; counts its requests."""

    def __init__(self, service: Service, writer: ScimWriter, change: Change, wrote: Mapping[str, Json]) -> None:
        self.service = service
        self.writer = writer
        self.change = change
        self.wrote = wrote
        self.requests = 0

    async def carry_out(self) -> Outcome:
        """What became of the change."""
        raise NotImplementedError

    def steps(self, change: Change | None = None) -> tuple[Step, ...]:
        """The requests that `preview` shows, as of now."""
        service = self.service
        return steps(change or self.change, self.wrote, service.dialect, service.knowledge.facts, service.profile)

    async def write(self, method: str, path: str, body: Json = None, *, etag: str | None = None) -> Answer:
        """A counted request. Raises NoAnswer.

        A change names what differs and no more, so it is right for any version of the object and goes without one.
        Where the service insists (412, 428), the object is read once and the change sent for that version (RFC 7644
        section 3.14).
        """
        answer = await self.once(method, path, body, etag)
        if answer.status in CHANGED_MEANWHILE and etag is None and method in ("PATCH", "DELETE"):
            seen = await self.look()
            if seen is not None and seen.etag:
                return await self.once(method, path, body, seen.etag)
        return answer

    async def once(self, method: str, path: str, body: Json | bytes, etag: str | None = None) -> Answer:
        """A counted request, as it is. Raises NoAnswer."""
        try:
            answer = await self.writer.write(method, path, body, etag=etag)
        except NoAnswer as broken:
            self.requests += broken.attempts
            raise
        self.requests += answer.attempts
        if answer.body is None and answer.ok and answer.is_page:
            # Something before the service has answered for it: a sign-in, a maintenance page. Nothing may have been done.
            raise NoAnswer(f"{answer.status} with a page in place of SCIM: {answer.words}", sent=True)
        return answer

    async def look(self, *, members: bool = False) -> Answer | None:
        """What the target says of the object now; None where it cannot be told."""
        try:
            answer = await self.service.look(self.change.kind, self.target_id, members=members)
        except NoAnswer as broken:
            self.requests += broken.attempts
            return None
        except TargetError:
            self.requests += 1
            return None
        self.requests += answer.attempts
        return answer if answer.status in GONE or (answer.ok and answer.resource is not None) else None

    @property
    def target_id(self) -> str:
        return self.change.target_id or ""

    @property
    def path(self) -> str:
        return object_path(self.change.kind, self.target_id)

    def refused(self, answer: Answer, detail: str | None = None) -> Outcome:
        return replace(
            failed(answer, self.service.profile, self.change.kind, detail=detail), target_id=self.change.target_id
        )

    def gone(self) -> Outcome:
        return Outcome(
            status="gone",
            http_status=404,
            code="InvalidAnchor",
            target_id=self.change.target_id,
            message=f"the {self.change.kind} no longer exists at the target",
            remedy="It is matched again.",
        )

    def done(self, answer: Answer | None = None, message: str = "") -> Outcome:
        resource = answer.resource if answer is not None else None
        if answer is not None and answer.id != self.target_id:
            resource = None
        return Outcome(
            status="done",
            target_id=self.change.target_id,
            observed=resource,
            http_status=answer.status if answer is not None else None,
            message=message,
        )

    async def put(self, values: Mapping[str, Json]) -> Outcome:
        """The object as it is, our values over it, sent back; again where it changed in between (412)."""
        outcome = Outcome(status="failed")
        for _ in range(_PUT_TRIES):
            seen = await self.look(members=True)
            if seen is None:
                return self.unreadable()
            if seen.resource is None:
                return self.gone()
            if self.change.kind == "group" and not self.service.knowledge.facts.members_shown:
                return self.would_empty()
            outcome, again = await self.put_once(self._over(seen.resource, values), values, seen)
            if outcome.status == "done" and self._learns_unkeyed(outcome.observed, values):
                continue
            if not again:
                return outcome
            await self.writer.timing.sleep(self.writer.timing.random())
        return outcome

    def _over(self, resource: Mapping[str, Json], values: Mapping[str, Json]) -> Mapping[str, Json]:
        plain = frozenset(name.removeprefix(_UNKEYED) for name in self.service.knowledge.facts.learned)
        current = current_values(self.change.before, self.wrote)
        return overlay(resource, values, self.change.kind, plain=plain, current=current)

    def _learns_unkeyed(self, resource: Mapping[str, Json] | None, values: Mapping[str, Json]) -> bool:
        """Whether the answer shows something new: what was put beside an element without a type has to take its place."""
        known = self.service.knowledge.facts.learned
        names = unkeyed(resource, values) if resource is not None else frozenset()
        for name in sorted(names):
            self.service.knowledge.learn(f"{_UNKEYED}{name}")
        return self.service.knowledge.facts.learned != known

    async def put_once(self, body: Json, values: Mapping[str, Json], seen: Answer) -> tuple[Outcome, bool]:
        """The Outcome of one PUT, and whether it is worth trying again on a fresh read."""
        try:
            answer = await self.write("PUT", self.path, body, etag=seen.etag)
        except NoAnswer as broken:
            if not broken.sent:
                return unanswered(broken, maybe=False), False
            return await self._settle_put(values, unanswered(broken, maybe=True))
        if answer.ok:
            return self.done(answer), False
        if answer.status in GONE:
            return self.gone(), False
        outcome = self.refused(answer)
        if answer.status >= 500 and answer.status != 501:
            return await self._settle_put(values, outcome)
        return outcome, answer.status in CHANGED_MEANWHILE

    async def _settle_put(self, values: Mapping[str, Json], fault: Outcome) -> tuple[Outcome, bool]:
        seen = await self.look(members=True)
        if seen is None or seen.resource is None:
            return self.unsure(fault), False
        if values and applied(seen.resource, values, self.change.before) is True:
            return self.done(seen), False
        return replace(fault, status="failed", target_id=self.change.target_id), True

    def unsure(self, fault: Outcome) -> Outcome:
        """No trustworthy answer, and a read that shows nothing, or no such object: one machine of several may not know of a
        young object yet, so whoever looks again later decides."""
        return replace(fault, status="maybe", target_id=self.change.target_id)

    def unreadable(self) -> Outcome:
        return Outcome(
            status="failed",
            target_id=self.change.target_id,
            code="WebExceptionProtocolError",
            message="the object could not be read before it was to be replaced; nothing was sent",
            remedy="The next cycle tries again.",
        )

    def would_empty(self) -> Outcome:
        return Outcome(
            status="failed",
            target_id=self.change.target_id,
            code="MethodNotAllowed",
            message="the target has no PATCH and does not show members: a PUT would empty the group; nothing was sent",
            remedy="Make this change of the group at the target by hand.",
            permanent=True,
        )
