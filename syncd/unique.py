"""Values that nobody else at the target may have: what SelectUniqueValue asks about when an account is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from syncd.core.attribute_mapping import AttributeMapping, MappingError
from syncd.core.expression import IGNORE_ATTRIBUTE, IgnoreObject
from syncd.core.model import Json
from syncd.evaluate import IGNORED, Evaluated, Evaluator
from syncd.matching import Matcher, match_key


class UniqueValues:
    """Chooses for one kind of object, for the length of one plan: two namesakes of one plan get different values."""

    def __init__(self, evaluator: Evaluator, matcher: Matcher) -> None:
        self._evaluator, self._matcher = evaluator, matcher
        self._given: set[tuple[str, str]] = set()  # path and value, by this plan

    async def chosen(self, one: Evaluated, rows: Sequence[AttributeMapping]) -> Evaluated:
        """The object with the first free value in each of these rows; with the error where all are in use."""
        values = dict(one.desired.values) if one.desired else {}
        given: list[tuple[str, str]] = []
        for row in rows:
            if row.path not in values:
                continue
            try:
                value = await self._free(one, row, given)
            except MappingError as error:
                self._given.difference_update(given)
                return replace(one, error=error)
            except IgnoreObject:  # said by a rule that only counts where those before it are in use
                self._given.difference_update(given)
                return replace(one, verdict=IGNORED, desired=None)
            if value is IGNORE_ATTRIBUTE:
                del values[row.path]
            else:
                values[row.path] = value
        return replace(one, desired=replace(one.desired, values=values)) if one.desired else one

    async def _free(self, one: Evaluated, row: AttributeMapping, given: list[tuple[str, str]]) -> Json:
        """Evaluated again with each answer of the target, until the value is one that it does not have.

        What is asked about is the text that the function proposes; the row may make a number of it, or a list. `given`: gets what is
        reserved, for an object that fails after all.
        """
        taken: dict[str, bool] = {}
        while True:
            proposed: list[str] = []

            def is_taken(text: str, proposed: list[str] = proposed) -> bool:
                if text not in taken:
                    proposed.append(text)
                return taken.get(text, False)

            value = self._evaluator.unique(one, row, is_taken)
            if not proposed:
                return value
            (text,) = proposed
            key = (row.path, match_key(row.path, text))
            taken[text] = key in self._given or await self._matcher.in_use(row.path, _asked(value, text))
            if not taken[text]:
                self._given.add(key)
                given.append(key)


def _asked(value: Json, text: str) -> Json:
    """What to look for at the target: the value as it would be written, or of a list the text that it is made of."""
    return value if isinstance(value, (str, int, float)) else text
