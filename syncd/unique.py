"""Values that nobody else at the target may have: what SelectUniqueValue asks about when an account is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncd.core.attribute_mapping import AttributeMapping, MappingError
from syncd.evaluate import Evaluated, Evaluator
from syncd.matching import Matcher, match_key


class UniqueValues:
    """Chooses for one kind of object, for the length of one plan: two namesakes of one plan get different values."""

    def __init__(self, evaluator: Evaluator, matcher: Matcher) -> None:
        self._evaluator, self._matcher = evaluator, matcher
        self._given: set[tuple[str, str]] = set()  # path and value, by this plan

    async def chosen(self, one: Evaluated, rows: Sequence[AttributeMapping]) -> Evaluated:
        """The object with the first free value in each of these rows; with the error where all are in use."""
        values = dict(one.desired.values) if one.desired else {}
        for row in rows:
            if row.path not in values:
                continue
            try:
                values[row.path] = await self._free(one, row)
            except MappingError as error:
                return replace(one, error=error)
        return replace(one, desired=replace(one.desired, values=values)) if one.desired else one

    async def _free(self, one: Evaluated, row: AttributeMapping) -> object:
        """Evaluated again with each answer of the target, until the value is one that it does not have."""
        taken: dict[str, bool] = {}
        while True:
            value = self._evaluator.unique(one, row, lambda text: taken.get(text, False))
            if not isinstance(value, str) or value in taken:
                return value
            key = (row.path, match_key(row.path, value))
            taken[value] = key in self._given or await self._matcher.in_use(row.path, value)
            if not taken[value]:
                self._given.add(key)
