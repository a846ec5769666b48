"""What a target shows of a group's members, while they are changed."""

from __future__ import annotations

from collections.abc import Callable

from connectors.errors import TargetError
from connectors.scim.answer import Answer
from connectors.scim.sending import Sending
from syncd.core.change import groups_of, members_of

#: before further looks at what was accepted and is not to be seen yet, seconds: a machine of the target may know it late
_PAUSES_S = (1.0, 3.0, 6.0)


class MemberLooks(Sending):
    """The looks at one group."""

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
        shown = members_of(seen.resource)
        # What it shows otherwise, it leaves out where it is empty.
        return seen, frozenset() if shown is None and self._showed_some else shown

    async def _settled(
        self, right: Callable[[frozenset[str] | None], bool]
    ) -> tuple[Answer | None, frozenset[str] | None]:
        """The same after a change that was accepted, as soon as it is `right`, or as it stays. What is learned of a service
        holds for all groups and for good, so it is not learned from a look that came too early: one that shows a young
        group without the attribute among them."""
        for pause in (*(_PAUSES_S if self.service.knowledge.patient else ()), None):
            seen, shown = await self._members()
            settled = seen is None or seen.resource is None or right(shown)
            if settled or pause is None:
                break
            await self.writer.timing.sleep(pause)
        self.service.knowledge.patient = settled
        return seen, shown

    async def _inside(self, member: str) -> bool:
        """Whether an account itself says that it is in this group (RFC 7643 section 4.1.2, groups)."""
        try:
            seen = await self.service.inspect("user", member)
        except TargetError:
            return False
        return seen is not None and self.target_id in groups_of(seen.resource)
