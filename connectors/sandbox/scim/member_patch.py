"""The members of a group under PATCH: adding, replacing and the three ways of removing, of which no two servers agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from connectors.sandbox.scim.catalogue import Place
from connectors.sandbox.scim.core_schemas import GROUP
from connectors.sandbox.scim.error import ScimError, refused
from connectors.sandbox.scim.filter import Comparison, Filter, Path
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.predicate import element_predicate
from connectors.sandbox.scim.quirks import Quirks
from syncd.core.model import Json

_MEMBERS = GROUP.names["members"]


class MemberPatch:
    """Operations on `members`, a copy that is changed in place.

    `enrol` turns what a client sends for a member into the element to store, and refuses an unknown one.
    """

    def __init__(
        self, quirks: Quirks, members: Members, enrol: Callable[[Mapping[str, Json]], Mapping[str, Json]]
    ) -> None:
        self._quirks = quirks
        self._members = members
        self._enrol = enrol
        self._changes = 0

    def apply(self, verb: str, path: Path, place: Place, value: Json, *, pathless: bool) -> None:
        """Carry out one operation. Raises ScimError."""
        if path.sub is not None or place.sub is not None or (path.where is not None and verb != "remove"):
            raise refused("mutability", "a member is added or removed, never changed")
        self._count(1 if path.where is not None else len(listed(None if verb == "remove" and not value else value)))
        if verb == "remove":
            self._remove(path.where, value)
            return
        added = [self._enrol(each) for each in listed(value)]
        adds = self._quirks.members_replace
        if verb == "replace" and adds != "adds" and not (adds == "adds-pathless" and pathless):
            self._members.replace(added)
        else:
            for each in added:
                self._members.add(each, twice=self._quirks.duplicate_members)
        limit = self._quirks.member_limit
        if limit is not None and len(self._members) > limit:
            raise refused("tooMany", f"a group has at most {limit} members")

    def _count(self, changes: int) -> None:
        self._changes += changes
        most = self._quirks.member_changes
        if most is not None and self._changes > most:
            raise refused("invalidValue", f"a PATCH changes at most {most} members")

    def _remove(self, where: Filter | None, value: Json) -> None:
        given = [] if value is None else listed(value)
        by = "remove_by_filter" if where is not None else "remove_by_value" if given else "remove_all"
        manner = getattr(self._quirks, by)
        if isinstance(manner, int):
            raise ScimError(
                status=manner,
                scim_type="invalidPath" if manner == 400 else None,
                detail="members cannot be removed in this way",
            )
        if manner == "ignored":
            return
        if where is not None:
            gone = self._fitting(where)
        elif given and manner == "listed":
            gone = [str(each.get("value")) for each in given]
        else:
            gone = list(self._members.ids)
        removed = [self._members.discard(member_id) for member_id in gone]
        if not any(removed) and self._quirks.absent_removal == "refused":
            raise refused("noTarget", "no member fits")

    def _fitting(self, where: Filter) -> Sequence[str]:
        # One look-up for the filter that every client sends; a scan would make a large PATCH quadratic.
        if isinstance(where, Comparison) and where.operator == "eq" and where.path.lower() == "value":
            return [where.value] if where.value in self._members else []
        fits = element_predicate(where, _MEMBERS)
        return [each["value"] for each in self._members.elements if fits(each)]


def listed(value: Json) -> list[Mapping[str, Json]]:
    """Members as a list of objects with a value; a lone object is a list of one. Raises ScimError (invalidValue)."""
    given = value if isinstance(value, list) else [] if value is None else [value]
    for each in given:
        if not isinstance(each, Mapping) or not isinstance(each.get("value"), str) or not each["value"]:
            raise refused("invalidValue", 'members are a list of {"value": id}')
    return given
