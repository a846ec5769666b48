"""The update of one object: a PATCH of what differs, or a PUT over what is there; settled where no answer came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.errors import describe, unanswered
from connectors.scim.knowledge import IGNORES_PATHLESS
from connectors.scim.patch import PATCH_SCHEMA, Unit, current_values, is_empty, operations
from connectors.scim.requests import Step, sendable
from connectors.scim.sending import GONE, Sending
from connectors.scim.settle import applied
from syncd.core.attributes import parse_path, read
from syncd.core.change import Outcome
from syncd.core.model import Json

_SETTLING_TRIES = 3
_NO_SUCH_METHOD = (405, 501)
_SPLITTABLE = (400, 422)
_PLAIN_WORKS = "PATCH operations without a path take effect"
_DOTTED_WORKS = "PATCH operations without a path take effect, dotted keys too"


class Update(Sending):
    """UPDATE, REACTIVATE, DEACTIVATE, REFERENCE, and ADOPT where something differs."""

    async def carry_out(self) -> Outcome:
        found = self.steps()
        taken, reasons = sendable(self.change, self.service.profile)
        if reasons and not taken:
            return Outcome(
                status="failed",
                target_id=self.change.target_id,
                code="NotPermitted",
                message="; ".join(reasons),
                remedy="Leave the attribute out of the mapping, or change it in the product.",
                permanent=True,
            )
        outcome = self.done()
        for at, step in enumerate(found):
            outcome = await (self._patch(step) if step.request.method == "PATCH" else self.put(step.values))
            if outcome.status != "done":
                earlier = tuple(path for before in found[:at] for path in before.values)
                return replace(outcome, written=(*earlier, *outcome.written))
        return replace(outcome, message="; ".join(filter(None, (outcome.message, *reasons))))

    async def _patch(self, step: Step) -> Outcome:
        try:
            answer = await self.write("PATCH", self.path, step.request.body)
        except NoAnswer as broken:
            if not broken.sent:
                return unanswered(broken, maybe=False)
            return await self._settle(step, unanswered(broken, maybe=True))
        if answer.ok:
            return await self._took_effect(step, answer)
        if answer.status in (*GONE, *_NO_SUCH_METHOD):
            seen = await self.look()
            if seen is not None and seen.status in GONE:
                return self.gone()
            if answer.status in GONE and (seen is None or answer.speaks_scim):
                return self.refused(answer)
            self.service.knowledge.learn(f"answers {answer.status} to PATCH: PUT is used", patch=False)
            return await self.put(step.values)
        if answer.status >= 500:
            return await self._settle(step, self.refused(answer))
        if answer.status in _SPLITTABLE and (answer.scim_type or "").lower() != "uniqueness":
            return await self._in_parts(step, answer)
        return self.refused(answer)

    async def _took_effect(self, step: Step, answer: Answer) -> Outcome:
        """Done, unless operations without a path had no effect; then the same is sent with paths.

        Proven once for plain keys and once for dotted ones, since services were seen that take the former and drop the
        latter. An attribute that is not shown is sent with its path once: it may be dropped, or never be shown.
        """
        keys = [
            key
            for operation in step.request.body["Operations"]
            if "path" not in operation
            for key in operation["value"]
        ]
        proof = _DOTTED_WORKS if any("." in key for key in keys) else _PLAIN_WORKS
        knowledge = self.service.knowledge
        if not keys or knowledge.has(proof) or knowledge.has(_DOTTED_WORKS):
            return self.done(answer)
        seen = answer if answer.id == self.target_id else await self.look()
        if seen is None or seen.resource is None:
            return self.done(answer)
        current = current_values(self.change.before, self.wrote)
        verdict = applied(seen.resource, step.values, current)
        if verdict is True:
            knowledge.learn(proof)
            return self.done(seen)
        with_paths = replace(step, request=replace(step.request, body=self._body(step.units)))
        outcome = await self._patch(with_paths)
        if outcome.status != "done":
            return outcome
        again = await self.look()
        if again is None or again.resource is None:
            return outcome
        if verdict is False or applied(again.resource, step.values, current) is True:
            knowledge.learn(IGNORES_PATHLESS)
        else:
            knowledge.learn(proof)
        return self.done(again)

    def _body(self, parts: Sequence[Unit]) -> dict[str, Json]:
        return {
            "schemas": [PATCH_SCHEMA],
            "Operations": operations(parts, self.service.dialect, paths_only=True),
        }

    async def _in_parts(self, step: Step, whole: Answer) -> Outcome:
        """Each unit on its own after the whole was refused, so that one bad attribute does not hold up the others."""
        answer = whole
        written: list[str] = []
        said: dict[str, str] = {}
        optional = self.service.profile.kind(self.change.kind).optional
        for unit in step.units:
            alone = len(step.units) == 1
            try:
                part = whole if alone else await self.write("PATCH", self.path, self._body([unit]))
                if part.status in _SPLITTABLE and unit.other is not None:
                    reworded = await self.write("PATCH", self.path, self._body([unit.other]))
                    part = reworded if reworded.ok else part
            except NoAnswer as broken:
                lost = unanswered(broken, maybe=broken.sent)
                return replace(lost, target_id=self.change.target_id, written=tuple(written))
            if part.ok or (unit.op == "remove" and part.status in _SPLITTABLE and await self._absent(unit)):
                answer = part if part.ok else answer
                written.extend(unit.paths)
            elif part.status in GONE:
                return self.gone()
            elif part.status in _SPLITTABLE:
                said[", ".join(unit.paths)] = describe(part)
                if not set(unit.paths) <= optional:
                    answer = part
            else:
                return replace(self.refused(part), written=tuple(written))
        named = "; ".join(f"{paths} ({words})" for paths, words in said.items())
        if not said or all(set(paths.split(", ")) <= optional for paths in said):
            return self.done(answer if answer.ok else None, f"refused, and optional here: {named}" if said else "")
        if not written:
            return self.refused(answer, f"refused: {named}")
        detail = f"refused: {named}. Written: {', '.join(written)}"
        refusal = next((a for a in (answer, whole) if not a.ok), whole)
        return replace(self.refused(refusal, detail), written=tuple(written))

    async def _absent(self, unit: Unit) -> bool:
        """Whether what is to be removed is not there: some services refuse such a removal."""
        seen = await self.look()
        if seen is None or seen.resource is None:
            return False
        return all(is_empty(read(seen.resource, parse_path(path))) for path in unit.paths)

    async def _settle(self, step: Step, fault: Outcome) -> Outcome:
        """After no trustworthy answer: done if the object shows it; else sent again, a bounded number of times."""
        current = current_values(self.change.before, self.wrote)
        verdict: bool | None = None
        for attempt in range(1, _SETTLING_TRIES + 1):
            seen = await self.look()
            if seen is None or seen.resource is None:
                return self.unsure(fault)
            verdict = applied(seen.resource, step.values, current)
            if verdict is True:
                return self.done(seen)
            if attempt == _SETTLING_TRIES:
                break
            await self.writer.timing.sleep(0.5 * attempt * (0.5 + self.writer.timing.random()))
            try:
                answer = await self.write("PATCH", self.path, step.request.body)
            except NoAnswer as broken:
                fault = unanswered(broken, maybe=True)
                continue
            if answer.ok:
                return self.done(answer)
            fault = self.refused(answer)
            if answer.status < 500 or answer.status == 501:
                return fault
        return replace(fault, status="failed" if verdict is False else "maybe", target_id=self.change.target_id)
