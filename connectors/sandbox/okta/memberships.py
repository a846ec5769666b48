"""Who is in which group: sorted lists both ways, small enough for millions and ready for paging by key."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence


class Memberships:
    """Direct memberships of native and imported groups. Everyone is not kept here: it is all users."""

    def __init__(self) -> None:
        self._members: dict[str, list[str]] = {}
        self._groups: dict[str, tuple[str, ...]] = {}

    def add(self, group_id: str, user_id: str) -> bool:
        """Whether it was new."""
        members = self._members.setdefault(group_id, [])
        if members and members[-1] >= user_id:
            at = bisect_left(members, user_id)
            if members[at] == user_id:
                return False
            insort(members, user_id)
        else:
            members.append(user_id)
        self._groups[user_id] = tuple(sorted((*self._groups.get(user_id, ()), group_id)))
        return True

    def remove(self, group_id: str, user_id: str) -> bool:
        """Whether there was one to remove."""
        members = self._members.get(group_id, [])
        at = bisect_left(members, user_id)
        if at == len(members) or members[at] != user_id:
            return False
        del members[at]
        left = tuple(group for group in self._groups[user_id] if group != group_id)
        if left:
            self._groups[user_id] = left
        else:
            del self._groups[user_id]
        return True

    def members(self, group_id: str) -> Sequence[str]:
        """User ids in rising order; not to be changed."""
        return self._members.get(group_id, ())

    def groups(self, user_id: str) -> tuple[str, ...]:
        """Group ids in rising order."""
        return self._groups.get(user_id, ())

    @property
    def count(self) -> int:
        return sum(map(len, self._members.values()))
