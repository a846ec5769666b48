"""Memberships carried out: in parts, in the form that the target obeys, and verified until that form is proven.

There is no way to remove a member that all services obey: the filter `members[value eq "id"]` is answered 501 or 500 by
some, a list of values is refused or ignored by others, and read strictly it empties the group. So a form is verified by
a read the first time, another one is tried once where it fails, and what works is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.errors import unanswered
from connectors.scim.knowledge import REMOVES_BY
from connectors.scim.member_looks import MemberLooks
from connectors.scim.members import RemoveForm, add_body, chunks, entries, member_value, remove_body
from connectors.scim.overlay import overlay
from connectors.scim.sending import GONE
from syncd.core.change import SOME_MEMBERS_SHOWN, UNSHOWN_MEMBERS, Action, Outcome, members_of
from syncd.core.model import Json

#: answers to a removal that may mean that a member is not there: 400 noTarget (RFC 7644 section 3.12), or not found
_MAY_BE_ABSENT = frozenset({400, 404, 409, 422})
_NOT_THIS_WAY = (400, 405, 422, 500, 501)
#: answers that may be about one member of several, or about their number
_FOR_SOME = frozenset({400, 404, 409, 410, 413, 422})
_SINGLE_REFUSALS = 25  #: before anybody was taken: it is hardly they
_LOST_PARTS = 3  #: in a row, without an answer and not to be seen: all others would take as long
_ADDS = "additions of members are kept"
_UNVERIFIED = Outcome(
    status="maybe",
    code="WebExceptionProtocolError",
    message="the removal was accepted, and the group could not be read to see whether it was carried out",
    remedy="The next cycle looks.",
)


class Membership(MemberLooks):
    """The sending of ADD_MEMBERS or REMOVE_MEMBERS. Used once."""

    _some = False  #: something was carried out
    _refused_alone = 0  #: members who were refused without any others
    _seen_so = False  #: some were refused, and a read showed that they are as they should be
    _open: Outcome | None = None  #: the first addition of which nobody knows yet, although it was looked for
    _lost = 0  #: such additions since the last that was carried out

    async def carry_out(self) -> Outcome:
        adding = self.change.action is Action.ADD_MEMBERS
        ids = tuple((self.change.after if adding else self.change.before).get("members") or ())
        facts = self.service.knowledge.facts
        if not ids:
            return self.done()
        by_put = facts.member_remove == "put" and (not adding or not facts.patch)
        if by_put or self.service.dialect.group_update == "PUT":
            return await self._replace(ids, adding=adding)
        written: list[str] = []
        first: Outcome | None = None
        for part in chunks(ids, max(1, facts.member_chunk)):
            outcome = await (self._add(part) if adding else self._remove(part))
            written.extend(self._counted(part, outcome))
            if self._is_over(outcome, adding=adding):
                return self._ended(outcome, written)
            if outcome.status == "failed":
                first = first or outcome
        return self.done() if first is None and self._open is None else self._ended(first or self.done(), written)

    def _ended(self, outcome: Outcome, written: Sequence[str]) -> Outcome:
        """What became of it all. Where something is open, that has to be looked at before anything is sent again."""
        if self._open is not None and outcome.status in ("done", "failed"):
            outcome = self._open
        return replace(outcome, written=tuple(written))

    def _counted(self, part: Sequence[str], outcome: Outcome) -> Sequence[str]:
        """Whom of a part the change was carried out for."""
        if outcome.status == "failed" and len(part) == 1:
            self._refused_alone += 1
        there = part if outcome.status == "done" else outcome.written
        self._some = self._some or bool(there)
        self._lost = 0 if outcome.status == "done" else self._lost
        return there

    def _is_over(self, outcome: Outcome, *, adding: bool) -> bool:
        """Whether the others need not be tried: nothing is taken at all, or it is not about a member."""
        if outcome.status == "maybe":
            return not adding or self._open is None or self._lost >= _LOST_PARTS
        if outcome.status != "failed":
            return outcome.status != "done"
        return outcome.http_status not in _FOR_SOME or (not self._some and self._refused_alone >= _SINGLE_REFUSALS)

    @property
    def _name(self) -> Json:
        return self.wrote.get("displayName")

    def _addition(self, ids: Sequence[str]) -> dict[str, Json]:
        return add_body(ids, self.service.dialect, self._name, self.change.called)

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
        if answer.status >= 500:
            return await self._settle_add(part, self.refused(answer))
        outcome = await self._gone_or(answer) if answer.status in GONE else self.refused(answer)
        if answer.status in _FOR_SOME and outcome.status == "failed":
            return await self._fewer(part, outcome, adding=True)
        return outcome

    async def _verify_add(self, part: Sequence[str], answer: Answer) -> Outcome:
        knowledge = self.service.knowledge
        shown = members_of(answer.resource) if answer.resource is not None else None
        if answer.resource is not None:
            knowledge.saw("group", answer.resource)
        if (shown is not None and set(part) <= shown) or knowledge.has(_ADDS) or not knowledge.facts.members_shown:
            return self.done(answer)
        seen, shown = await self._settled(lambda shown: shown is not None and shown.issuperset(part))
        if seen is None or seen.status in GONE:
            return self.done(answer)
        if not shown:
            knowledge.learn(UNSHOWN_MEMBERS, members_shown=False)
            return self.done(answer)
        if lost := set(part) - shown:
            if await self._inside(min(lost)):
                knowledge.learn(SOME_MEMBERS_SHOWN, members_shown=False)
                return self.done(answer)
            return replace(
                self._unkept(f"{len(lost)} of {len(part)} additions were accepted and are not there"),
                written=tuple(m for m in part if m in shown),
            )
        knowledge.learn(_ADDS)
        return self.done(seen)

    async def _settle_add(self, part: Sequence[str], fault: Outcome) -> Outcome:
        seen, shown = await self._members()
        if seen is None or shown is None or not self.service.knowledge.facts.members_shown:
            return self.unsure(fault)
        there = tuple(member for member in part if member in shown)
        if len(there) == len(part):
            return self.done(seen)
        # One machine of several may not know of it yet, and a service that keeps a member twice may be asked: whoever
        # looks again later sends it again.
        outcome = replace(self.unsure(fault), written=there)
        self._open, self._lost = self._open or outcome, self._lost + 1
        return outcome

    async def _remove(self, part: Sequence[str]) -> Outcome:
        form = self.service.knowledge.facts.member_remove
        if form == "put":
            return await self._replace(part, adding=False)
        outcome = await self._removal(form, part)
        if outcome.status == "failed" and outcome.http_status in _FOR_SOME:
            return await self._fewer(part, outcome, adding=False)
        return outcome

    async def _removal(self, form: RemoveForm, part: Sequence[str]) -> Outcome:
        """In this form; where it is not proven yet and fails, in another one."""
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
                self._seen_so = self._seen_so or outcome.status == "done" or bool(outcome.written)
                if outcome.status == "done":
                    return outcome, True
                if outcome.status == "failed" and outcome.written and again:
                    rest = [member for member in part if member not in outcome.written]
                    return await self._remove_by(form, rest, before=before, proven=proven, again=False)
            if answer.status in GONE:
                return await self._gone_or(answer), True
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
        looks = (
            self._members() if fault is not None else self._settled(lambda shown: not shown or shown.isdisjoint(part))
        )
        seen, shown = await looks
        if seen is None and fault is None and before is not None and knowledge.facts.members_shown:
            return self.unsure(_UNVERIFIED)  # read before, so it will be again
        if shown is None or not knowledge.facts.members_shown:
            return self.done() if fault is None else self.unsure(fault)
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

    async def _gone_or(self, answer: Answer) -> Outcome:
        """A 404: the group is gone, or it is there and a member, or PATCH itself, is not."""
        seen = await self.look()
        return self.gone() if seen is not None and seen.status in GONE else self.refused(answer)

    async def _fewer(self, part: Sequence[str], refusal: Outcome, *, adding: bool) -> Outcome:
        """A part that was refused whole, in two: it is too large, or one of its members is not accepted. One alone who is to
        be added may be there already, which some services refuse."""
        if len(part) == 1:
            _, shown = await self._members() if adding and refusal.http_status not in GONE else (None, None)
            if shown is None or part[0] not in shown:
                return refusal
            self._seen_so = True
            return self.done()
        send = self._add if adding else self._remove
        rest = [member for member in part if member not in refusal.written]
        written = list(refusal.written)
        first: Outcome | None = None
        for half in (rest[: len(rest) // 2], rest[len(rest) // 2 :]):
            if not half or (first is not None and self._is_over(first, adding=adding)):
                continue
            outcome = await send(half)
            written.extend(self._counted(half, outcome))
            if outcome.status in ("gone", "maybe"):
                return replace(outcome, written=tuple(written))
            if outcome.status == "failed":
                first = first or outcome
        if first is not None:
            return replace(first, written=tuple(written))
        knowledge, chunk = self.service.knowledge, max(1, len(part) // 2)
        # Halves of halves are done first, and know better.
        if not self._seen_so and chunk < knowledge.facts.member_chunk:
            knowledge.learn(f"takes no more than {chunk} members a PATCH", member_chunk=chunk)
        return self.done()

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
            kept = entries(seen.resource)
            if adding:
                new = [member for member in ids if member not in (shown or ())]
                kept += [member_value(member, self.service.dialect, self.change.called) for member in new]
            else:
                kept = [entry for entry in kept if str(entry.get("value")) not in set(ids)]
            body = overlay(seen.resource, {}, "group") | {"members": kept}
            outcome, again = await self.put_once(body, {}, seen)
            if outcome.status == "done" and adding:
                await self._learn_whether_shown()
            if outcome.status == "done" or not again:
                return outcome
            await self.writer.timing.sleep(self.writer.timing.random())
        return outcome

    async def _learn_whether_shown(self) -> None:
        """A service that shows no members must not get a second PUT: it would take away those of the first."""
        knowledge = self.service.knowledge
        if knowledge.has(_ADDS):
            return
        seen, shown = await self._settled(bool)  # the answer to the PUT may show more than a read
        if shown:
            knowledge.learn(_ADDS)
        elif seen is not None and seen.resource is not None:
            knowledge.learn(UNSHOWN_MEMBERS, members_shown=False)

    def _unkept(self, message: str) -> Outcome:
        return Outcome(
            status="failed",
            target_id=self.change.target_id,
            code="SystemForCrossDomainIdentityManagementServiceIncompatible",
            message=message,
            remedy="Choose a profile or a dialect that fits the product.",
        )
