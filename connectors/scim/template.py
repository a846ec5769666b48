"""The body of a new object, from a form that is kept for all objects with the same attributes.

A first cycle creates thousands of objects of the same few forms; only the first of each is put together path by path.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from syncd.core.attributes import assemble, parse_path
from syncd.core.model import Json, Kind

_PLAIN = (str, bool, int, float)


class _Place:
    """Stands in a form where the value of a path goes."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


def new_body(values: Mapping[str, Json], kind: Kind) -> dict[str, Json]:
    """As `assemble`; none of the values may be None."""
    if all(isinstance(value, _PLAIN) for value in values.values()):
        form = _form(tuple(values), kind)
        if form is not None:
            body: dict[str, Json] = _filled(form, values)
            return body
    return assemble(values, kind)


@lru_cache(maxsize=256)
def _form(paths: tuple[str, ...], kind: Kind) -> Any:
    """What is the same for all of them; None where the values themselves decide where others go."""
    for path in map(parse_path, paths):
        if path.key is not None and (path.sub or "value").lower() == path.key.lower():
            return None
    return assemble({path: _Place(path) for path in paths}, kind)


def _filled(form: Any, values: Mapping[str, Json]) -> Any:
    if type(form) is _Place:
        return values[form.path]
    if type(form) is dict:
        return {name: _filled(part, values) for name, part in form.items()}
    if type(form) is list:
        return [_filled(part, values) for part in form]
    return form
