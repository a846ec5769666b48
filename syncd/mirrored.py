"""What the mirror holds of one source, for a connector that must tell what is gone (connectors/okta/mirrored.py) or new."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from state.mirror import Mirror
from syncd.core.model import Kind, Stream


class Mirrored:
    """One source's part of the mirror, as ids."""

    def __init__(self, mirror: Mirror, source: str) -> None:
        self._mirror, self._source = mirror, source

    def ids(self, stream: Stream) -> Iterable[str]:
        if stream == "assignments":
            return self._mirror.assignment_ids(self._source)
        return self._mirror.live_ids(self._source, "user" if stream == "users" else "group")

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        wanted = list(ids)
        found = set(self._mirror.objects(self._source, kind, wanted))
        if kind == "user":  # a member of a group need not be among the users that are read
            inside = self._mirror.groups_of(self._source, wanted, nested=False)
            found |= {id_ for id_, group_ids in inside.items() if group_ids}
        return found


class InView:
    """Whom a reading of what is assigned has in view (connectors/graph/assigned.py)."""

    def __init__(self, mirror: Mirror, source: str, *, nested_groups: bool) -> None:
        self._mirror, self._source, self._nested_groups = mirror, source, nested_groups

    def known(self, kind: Kind) -> Iterable[str]:
        return (id_ for id_, _ in self._mirror.known_ids(self._source, kind))

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        return {id_ for id_, one in self._mirror.objects(self._source, kind, ids).items() if one.state != "gone"}

    def members(self, group_id: str) -> Collection[str]:
        return self._mirror.member_ids(self._source, group_id, nested=False)

    def needed(self, kind: Kind, *, lacking: bool) -> Iterable[str]:
        inside = kind == "user" or self._nested_groups
        return self._mirror.needed_ids(self._source, kind, members_too=inside, lacking=lacking)
