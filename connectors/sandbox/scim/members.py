"""The members of one group: elements by member id, quick to change however many there are."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping

from syncd.core.model import Json


class Members:
    """Elements such as {"value": id, "type": "User"}, in the order of joining.

    `touched` has the ids that came or went since this copy was made, so that an index can follow without comparing
    the whole.
    """

    __slots__ = ("_again", "_elements", "touched")

    def __init__(self) -> None:
        self._elements: dict[str, Mapping[str, Json]] = {}
        self._again: list[Mapping[str, Json]] = []  # stored twice, on servers that add without looking
        self.touched: set[str] = set()

    def copy(self) -> Members:
        """A copy that can be changed, with nothing touched yet; elements are shared and never changed in place."""
        other = Members()
        other._elements = dict(self._elements)
        other._again = list(self._again)
        return other

    def add(self, element: Mapping[str, Json], *, twice: bool = False) -> None:
        """Add one; a member that is there stays as it is, or is stored once more with `twice`."""
        member_id = element["value"]
        if member_id not in self._elements:
            self._elements[member_id] = element
            self.touched.add(member_id)
        elif twice:
            self._again.append(element)
            self.touched.add(member_id)

    def discard(self, member_id: str) -> bool:
        """Remove one, every time it is stored; whether it was there."""
        if self._elements.pop(member_id, None) is None:
            return False
        if self._again:
            self._again = [each for each in self._again if each["value"] != member_id]
        self.touched.add(member_id)
        return True

    def replace(self, elements: Iterable[Mapping[str, Json]]) -> None:
        """Exactly these from now on."""
        self.touched |= self._elements.keys()
        self._elements, self._again = {}, []
        for element in elements:
            self.add(element)
            self.touched.add(element["value"])

    @property
    def ids(self) -> KeysView[str]:
        """Each member's id, once."""
        return self._elements.keys()

    @property
    def elements(self) -> list[Mapping[str, Json]]:
        """As a resource shows them."""
        return [*self._elements.values(), *self._again]

    def __contains__(self, member_id: object) -> bool:
        return member_id in self._elements

    def __len__(self) -> int:
        return len(self._elements) + len(self._again)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Members) and self.elements == other.elements

    __hash__ = None  # type: ignore[assignment]  # it changes
