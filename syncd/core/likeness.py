"""Whether two values mean the same, although a service shows one as it likes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from syncd.core.model import Json
from syncd.core.schema import is_empty

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)


def same(want: Json, had: Json, *, fold: bool) -> bool:
    """Whether two values mean the same. `fold`: letter case aside.

    Nothing, "", [] and {} are alike, "True" and true, 5 and "5", one instant in two notations, lists in any order, a
    list of one and its element, an element and its `value`; what a service adds to an object does not count.
    """
    if is_empty(want) or is_empty(had):
        return is_empty(want) and is_empty(had)
    if isinstance(want, list) or isinstance(had, list):
        return _same_lists(_listed(want), _listed(had), fold=fold)
    if isinstance(want, Mapping) and isinstance(had, Mapping):  # a server may add $ref, display, primary
        names = {key.lower(): value for key, value in had.items()}
        return all(same(value, names.get(key.lower()), fold=fold) for key, value in want.items())
    if isinstance(want, Mapping) or isinstance(had, Mapping):
        inner, plain = (want, had) if isinstance(want, Mapping) else (had, want)
        return "value" in inner and same(inner["value"], plain, fold=fold)
    if isinstance(want, bool) or isinstance(had, bool):
        return str(want).casefold() == str(had).casefold()
    return want == had or _word(want, fold=fold) == _word(had, fold=fold)


def _listed(value: Json) -> list[Json]:
    return [each for each in (value if isinstance(value, list) else [value]) if not is_empty(each)]


def _same_lists(want: list[Json], had: list[Json], *, fold: bool) -> bool:
    if len(want) != len(had):
        return False
    if not any(isinstance(each, (Mapping, list)) for each in (*want, *had)):
        return Counter(_word(each, fold=fold) for each in want) == Counter(_word(each, fold=fold) for each in had)
    rest = list(had)
    for item in want:
        found = next((at for at, other in enumerate(rest) if same(item, other, fold=fold)), None)
        if found is None:
            return False
        del rest[found]
    return True


def _word(value: Json, *, fold: bool) -> str:
    """One value as text: numbers and instants in one notation each."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    if _INSTANT.match(text):
        try:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            return text
    return text.casefold() if fold else text
