"""Creation and deletion of one object."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from urllib.parse import unquote

from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.errors import unanswered
from connectors.scim.requests import ENDPOINTS
from connectors.scim.sending import GONE, Sending
from syncd.core.change import Outcome
from syncd.core.model import Json


class Creation(Sending):
    """A POST. Where no trustworthy answer comes it is "maybe": the caller finds the object by its match attribute."""

    async def carry_out(self) -> Outcome:
        values = self.change.after
        try:
            answer = await self._post(values)
            if answer.status in (400, 422) and (unknown := self._unannounced(values)):
                second = await self._post({path: value for path, value in values.items() if path not in unknown})
                if second.ok:
                    return self._created(second, f"created without {', '.join(unknown)}: not in its schema")
        except NoAnswer as broken:
            return unanswered(broken, maybe=broken.sent)
        if answer.ok:
            return self._created(answer)
        outcome = self.refused(answer)
        return replace(outcome, status="maybe") if answer.status >= 500 and answer.status != 501 else outcome

    def _post(self, values: Mapping[str, Json]) -> Awaitable[Answer]:
        kind = self.change.kind
        return self.once("POST", ENDPOINTS[kind], self.service.new_bodies.text(values, kind))

    def _unannounced(self, values: Mapping[str, Json]) -> tuple[str, ...]:
        return tuple(p for p in values if self.service.knowledge.announced(self.change.kind, p) is False)

    def _created(self, answer: Answer, message: str = "") -> Outcome:
        """Done, under the id in the answer, or else the one that its Location ends with (RFC 7644 section 3.3)."""
        identifier = answer.id
        if identifier is None:
            marker = f"{ENDPOINTS[self.change.kind]}/"
            location = answer.headers.get("Location", "").partition("?")[0]
            segment = location.rpartition(marker)[2] if marker in location else ""
            identifier = unquote(segment)
            if not identifier or "/" in segment:
                return Outcome(
                    status="maybe",
                    http_status=answer.status,
                    code="SystemForCrossDomainIdentityManagementServiceIncompatible",
                    message="the target said that it created the object, and gave no id",
                    remedy="It is looked up by its match attribute.",
                )
        return Outcome(
            status="done",
            target_id=identifier,
            observed=answer.resource,
            http_status=answer.status,
            message=message,
            requests=self.requests,
        )


class Deletion(Sending):
    """A DELETE. An object that is not there is as good as deleted."""

    async def carry_out(self) -> Outcome:
        try:
            answer = await self.write("DELETE", self.path)
        except NoAnswer as broken:
            if not broken.sent:
                return unanswered(broken, maybe=False)
            seen = await self.look()
            if seen is not None and seen.status in GONE:
                return self.done()
            return unanswered(broken, maybe=seen is None)
        if answer.ok or answer.status in GONE:
            return replace(self.done(), http_status=answer.status)
        if answer.status >= 500 and answer.status != 501:
            seen = await self.look()
            if seen is not None and seen.status in GONE:
                return self.done()
            return self.refused(answer) if seen is not None else replace(self.refused(answer), status="maybe")
        outcome = self.refused(answer)
        if answer.status in (405, 501):
            return replace(
                outcome, permanent=True, remedy='The product does not delete: set out_of_scope = "deactivate".'
            )
        return outcome
