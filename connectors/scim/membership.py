"""Memberships carried out: in parts, in the form that the target obeys, and verified until that form is proven.

There is no way to remove a member that all services obey: the filter `members[value eq "id"]` is answered 501 or 500 by
some, a list of values is refused or ignored by others, and read strictly it empties the group. So a form is verified by
a read the first time, another one is tried once where it fails, and what works is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.errors import TargetError
from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.errors import unanswered
from connectors.scim.knowledge import REMOVES_BY
from connectors.scim.members import RemoveForm, add_body, chunks, member_value, remove_body
from connectors.scim.overlay import overlay
from connectors.scim.sending import GONE, Sending
from syncd.core.change import Action, Outcome, groups_of, members_of
from syncd.core.model import Json

#: answers to a removal that may mean that a member is not there: 400 noTarget (RFC 7644 section 3.12), or not found
_MAY_BE_ABSENT = frozenset({400, 404, 409, 422})
_NOT_THIS_WAY = (400, 405, 422, 500, 501)
_SINGLE_REFUSALS = 3
_ADDS = "additions of members are kept"
_UNSHOWN = "does not show the members of a group"
_SOME_SHOWN = "shows only some of the members of a large group"


class Membership(Sending):
    """The sending of ADD_MEMBERS or REMOVE_MEMBERS. Used once."""

    async def carry_out(self) -> Outcome:
        adding = self.change.action is Action.ADD_MEMBERS
        ids = tuple((self.change.after if adding else self.change.before).get("members") or ())
        facts = self.service.knowledge.facts
        if not ids:
            return self.done()
        whole = self.service.dialect.group_update == "PUT" or (
            facts.member_remove == "put" and (not adding or not facts.patch)
        )
        if whole:
            return await self._replace(ids, adding=adding)
        written: list[str] = []
        outcome = self.done()
        for part in chunks(ids, max(1, facts.member_chunk)):
            outcome = await (self._add(part) if adding else self._remove(part))
            if outcome.status != "done":
                return replace(outcome, written=(*written, *outcome.written))
            written.extend(part)
        return outcome

    @property
    def _name(self) -> Json:
        return self.wrote.get("displayName")

    def _addition(self, ids: Sequence[str]) -> dict[str, Json]:
        return add_body(ids, self.service.dialect, self._name, self.change.called)

    @property
    def _showed_some(self) -> bool:
        """Whether this service has ever shown a member of any group."""
        return self.service.knowledge.facts.shown.get("group", {}).get("members") is True

    async def _members(self) -> tuple[Answer | None, frozenset[str] | None]:
        """A read of the group and the members that it shows; None where they cannot be told."""
        seen = await self.look(members=True)
        if seen is None or seen.resource is None:
            return seen, None
        self.service.knowledge.saw("group", seen.resource)
        return seen, members_of(seen.resource)

    async def _add(self, part: Sequence[str]) -> Outcome:
        try:
            answer = await self.write("PATCH", self.path, self._addition(part))
        except NoAnswer as broken:
            if not broken.sent:
                return unanswered(broken, maybe=False)
            return await self._settle_add(part, unanswered(broken, maybe=True))
        if answer.ok:
            return await self._verify_add(part, answer)
        if answer.status in (405, 501):
            self.service.knowledge.learn(REMOVES_BY["put"], member_remove="put", patch=False)
            return await self._replace(part, adding=True)
        if answer.status in GONE:
            return await self._gone_or(answer, part, adding=True)
        if answer.status >= 500:
            return await self._settle_add(part, self.refused(answer))
        if answer.status in (400, 413, 422) and len(part) > 1:
            return await self._halves(part, adding=True)
        return self.refused(answer)

    async def _verify_add(self, part: Sequence[str], answer: Answer) -> Outcome:
        knowledge = self.service.knowledge
        shown = members_of(answer.resource) if answer.resource is not None else None
        if answer.resource is not None:
            knowledge.saw("group", answer.resource)
        if (shown is not None and set(part) <= shown) or knowledge.has(_ADDS) or not knowledge.facts.members_shown:
            return self.done(answer)
        seen, shown = await self._members()
        if seen is not None and seen.status in GONE:
            return self.gone()
        if seen is None:
            return self.done(answer)
        if not shown:
            knowledge.learn(_UNSHOWN, members_shown=False)
            return self.done(answer)
        if lost := set(part) - shown:
            if await self._inside(min(lost)):
                knowledge.learn(_SOME_SHOWN, members_shown=False)
                return self.done(answer)
            return replace(
                self._unkept(f"{len(lost)} of {len(part)} additions were accepted and are not there"),
                written=tuple(m for m in part if m in shown),
            )
        knowledge.learn(_ADDS)
        return self.done(seen)

    async def _inside(self, member: str) -> bool:
        """Whether an account itself says that it is in this group (RFC 7643 section 4.1.2, groups)."""
        try:
            seen = await self.service.inspect("user", member)
        except TargetError:
            return False
        return seen is not None and self.target_id in groups_of(seen.resource)

    async def _settle_add(self, part: Sequence[str], fault: Outcome) -> Outcome:
        seen, shown = await self._members()
        if seen is not None and seen.status in GONE:
            return self.gone()
        if seen is None or shown is None or not self.service.knowledge.facts.members_shown:
            return replace(fault, status="maybe", target_id=self.change.target_id)
        missing = [member for member in part if member not in shown]
        if not missing:
            return self.done(seen)
        try:
            answer = await self.write("PATCH", self.path, self._addition(missing))
        except NoAnswer as broken:
            return replace(unanswered(broken, maybe=broken.sent), target_id=self.change.target_id)
        if answer.ok:
            return await self._verify_add(missing, answer)
        _, shown = await self._members()
        if shown is not None and set(part) <= shown:
            return self.done()
        sure = shown is not None or answer.status < 500
        outcome = self.refused(answer) if sure else replace(self.refused(answer), status="maybe")
        return replace(outcome, written=tuple(m for m in part if m in (shown or ())))

    async def _remove(self, part: Sequence[str]) -> Outcome:
        form = self.service.knowledge.facts.member_remove
        if form == "put":
            return await self._replace(part, adding=False)
        # What shows no members can prove nothing, however often it is asked.
        if self.service.knowledge.has(REMOVES_BY[form]) or not self.service.knowledge.facts.members_shown:
            outcome, _ = await self._remove_by(form, part, before=None, proven=True)
            return outcome
        _, before = await self._members()
        outcome, settled = await self._remove_by(form, part, before=before, proven=False)
        shown = before is not None and not before.isdisjoint(part)
        if settled or not shown:
            return outcome
        other: RemoveForm = "value" if form == "filter" else "filter"
        second, settled = await self._remove_by(other, part, before=before, proven=False)
        if settled:
            return second
        replaced = await self._replace(part, adding=False)
        if replaced.status != "done":
            return outcome
        self.service.knowledge.learn(REMOVES_BY["put"], member_remove="put")
        return replaced

    async def _remove_by(
        self, form: RemoveForm, part: Sequence[str], *, before: frozenset[str] | None, proven: bool, again: bool = True
    ) -> tuple[Outcome, bool]:
        """The Outcome of one form, and whether it settles the matter; if not, another form is worth trying."""
        try:
            answer = await self.write("PATCH", self.path, remove_body(part, form, self.service.dialect, self._name))
        except NoAnswer as broken:
            if not broken.sent:
                return unanswered(broken, maybe=False), True
            outcome = await self._removed(form, part, before, unanswered(broken, maybe=True))
        else:
            if answer.ok:
                if proven:
                    return self.done(answer), True
                outcome = await self._removed(form, part, before, None)
                return outcome, outcome.status != "failed"
            if answer.status in _MAY_BE_ABSENT and not (before is not None and before.issuperset(part)):
                # Some services refuse to remove whom they do not have: who is not there is as good as removed.
                outcome = await self._removed(form, part, before, self.refused(answer))
                if outcome.status == "done":
                    return outcome, True
                if outcome.status == "failed" and outcome.written and again:
                    rest = [member for member in part if member not in outcome.written]
                    return await self._remove_by(form, rest, before=before, proven=proven, again=False)
            if answer.status in GONE:
                return await self._gone_or(answer, part, adding=False), True
            if answer.status == 413 and len(part) > 1:
                return await self._halves(part, adding=False), True
            if answer.status in _NOT_THIS_WAY and answer.status != 500:
                return self.refused(answer), False
            if answer.status < 500:
                return self.refused(answer), True
            outcome = await self._removed(form, part, before, self.refused(answer))
            if answer.status == 500 and not proven:
                return outcome, outcome.status != "failed"
        if outcome.status == "failed" and again:
            return await self._remove_by(form, part, before=before, proven=proven, again=False)
        return outcome, True

    async def _removed(
        self, form: RemoveForm, part: Sequence[str], before: frozenset[str] | None, fault: Outcome | None
    ) -> Outcome:
        """What a read shows after a removal, accepted or with a fault: done, failed, or maybe where it shows nothing.

        Members that went although they were to stay are added again: the service took a list of values for "all".
        """
        knowledge = self.service.knowledge
        seen, shown = await self._members()
        if seen is not None and seen.status in GONE:
            return self.gone()
        if shown is None and seen is not None and self._showed_some:
            shown = frozenset()  # what it shows otherwise, it leaves out where it is empty
        if seen is None or shown is None or not knowledge.facts.members_shown:
            return self.done() if fault is None else replace(fault, status="maybe", target_id=self.change.target_id)
        sure = knowledge.has(_ADDS) or self._showed_some
        if fault is not None and not shown and not sure and (before is None or before.isdisjoint(part)):
            # Nobody was shown before either: perhaps the service never shows anybody. Removing twice is the same.
            return replace(fault, status="failed", target_id=self.change.target_id)
        if still := shown & set(part):
            gone = tuple(member for member in part if member not in shown)
            told = f"{len(still)} of {len(part)} removals were accepted and the members are still there"
            outcome = self._unkept(told) if fault is None else replace(fault, status="failed")
            return replace(outcome, target_id=self.change.target_id, written=gone)
        lost = sorted((before or frozenset()) - shown - set(part)) if form == "value" else []
        for back in chunks(lost, max(1, knowledge.facts.member_chunk)):
            restored = await self._add(back)
            if restored.status != "done":
                told = f"members were lost and could not be added again: {restored.message}"
                return replace(restored, message=told)
        if lost:
            knowledge.learn("a list of values empties a group; it is not used", member_remove="put")
        elif before is not None and not before.isdisjoint(part):
            knowledge.learn(REMOVES_BY[form], member_remove=form)
        return self.done(seen)

    async def _gone_or(self, answer: Answer, part: Sequence[str], *, adding: bool) -> Outcome:
        """A 404: the group is gone, or it is there and a member, or PATCH itself, is not."""
        seen = await self.look()
        if seen is None:
            return self.refused(answer)
        if seen.status in GONE:
            return self.gone()
        return await self._halves(part, adding=adding) if len(part) > 1 else self.refused(answer)

    async def _halves(self, part: Sequence[str], *, adding: bool) -> Outcome:
        """A part in two after it was refused whole: too large, or one of its members is not accepted."""
        send = self._add if adding else self._remove
        written: list[str] = []
        refused: list[tuple[str, Outcome]] = []
        for half in (part[: len(part) // 2], part[len(part) // 2 :]):
            outcome = await send(half)
            if outcome.status == "done":
                written.extend(half)
            elif outcome.status in ("gone", "maybe"):
                return replace(outcome, written=(*written, *outcome.written))
            else:
                written.extend(outcome.written)
                refused.append((", ".join(half), outcome))
                if not written and len(half) == 1 and len(refused) >= _SINGLE_REFUSALS:
                    break
        if not refused:
            chunk = max(1, len(part) // 2)
            self.service.knowledge.learn(f"takes no more than {chunk} members a PATCH", member_chunk=chunk)
            return self.done()
        _, first = refused[0]
        return replace(first, written=tuple(written))

    async def _replace(self, ids: Sequence[str], *, adding: bool) -> Outcome:
        """The whole group by PUT, with these members more or less: for a target without PATCH for members."""
        outcome = Outcome(status="failed")
        for _ in range(3):
            seen, shown = await self._members()
            if seen is None:
                return self.unreadable()
            if seen.resource is None:
                return self.gone()
            if not self.service.knowledge.facts.members_shown:
                return self.would_empty()
            kept = _entries(seen.resource)
            if adding:
                new = [member for member in ids if member not in (shown or ())]
                kept += [member_value(member, self.service.dialect, self.change.called) for member in new]
            else:
                kept = [entry for entry in kept if str(entry.get("value")) not in set(ids)]
            body = overlay(seen.resource, {}, "group") | {"members": kept}
            outcome, again = await self.put_once(body, {}, seen)
            if outcome.status == "done" and adding:
                await self._learn_whether_shown(outcome)
            if outcome.status == "done" or not again:
                return outcome
            await self.writer.timing.sleep(self.writer.timing.random())
        return outcome

    async def _learn_whether_shown(self, outcome: Outcome) -> None:
        """A service that shows no members must not get a second PUT: it would take away those of the first."""
        knowledge = self.service.knowledge
        if knowledge.has(_ADDS):
            return
        shown = members_of(outcome.observed) if outcome.observed is not None else None
        if not shown:
            _, shown = await self._members()
        if shown:
            knowledge.learn(_ADDS)
        elif shown is not None:
            knowledge.learn(_UNSHOWN, members_shown=False)

    def _unkept(self, message: str) -> Outcome:
        return Outcome(
            status="failed",
            target_id=self.change.target_id,
            code="SystemForCrossDomainIdentityManagementServiceIncompatible",
            message=message,
            remedy="Choose a profile or a dialect that fits the product.",
        )


def _entries(resource: Mapping[str, Json]) -> list[dict[str, Json]]:
    shown = next((value for key, value in resource.items() if key.lower() == "members"), None)
    entries = shown if isinstance(shown, list) else []
    return [dict(e) if isinstance(e, Mapping) else {"value": e} for e in entries]
