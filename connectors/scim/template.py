"""The body of a new object as text, from a form that is kept for all objects with the same attributes.

A first cycle creates thousands of objects of the same few forms; only the first of each is put together path by path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter

import orjson

from connectors.scim.dialects import Dialect
from connectors.scim.requests import new_body
from syncd.core.attributes import AttributePath, parse_path
from syncd.core.model import Json, Kind

_PLAIN = frozenset({str, bool, int, float})
_MOST = 256
_MARK = "\x01"
_PLACE = re.compile(rb'"\\u0001(\d+)\\u0001"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A JSON text with places, and how to take their values, in its order, from those of an object."""

    text: bytes  #: for the operator %
    values: Callable[[Mapping[str, Json]], tuple[Json, ...]]

    @classmethod
    def of(cls, form: Json, paths: tuple[str, ...]) -> Template:
        """The text of a form in which `place(n)` stands where the value of the n-th path goes."""
        text = orjson.dumps(form)
        order = [paths[int(found)] for found in _PLACE.findall(text)]
        pick = itemgetter(*order) if len(order) > 1 else lambda values: tuple(values[path] for path in order)
        return cls(text=_PLACE.sub(b"%b", text.replace(b"%", b"%%")), values=pick)

    def filled(self, values: Mapping[str, Json]) -> bytes:
        return self.text % tuple(map(orjson.dumps, self.values(values)))


_UNKNOWN = Template(text=b"", values=tuple)


def place(number: int) -> str:
    return f"{_MARK}{number}{_MARK}"


class NewBodies:
    """The texts of new objects in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[tuple[Kind, tuple[str, ...]], Template | None] = {}

    def text(self, values: Mapping[str, Json], kind: Kind) -> bytes:
        """What `new_body` gives, as JSON. Raises TypeError for what cannot be written so."""
        if _PLAIN.issuperset(map(type, values.values())):
            form = (kind, tuple(values))
            template = self._known.get(form, _UNKNOWN)
            if template is _UNKNOWN:
                template = self._keep(*form)
            if template is not None:
                return template.filled(values)
        return orjson.dumps(new_body(values, kind, self._dialect))

    def _keep(self, kind: Kind, paths: tuple[str, ...]) -> Template | None:
        if len(self._known) >= _MOST:
            self._known.clear()
        template = self._known[kind, paths] = self._made(kind, paths)
        return template

    def _made(self, kind: Kind, paths: tuple[str, ...]) -> Template | None:
        """None where the values themselves decide where others go: as `type` in emails[type eq "work"], which a path of
        the same attribute writes."""
        parsed = tuple(map(parse_path, paths))
        keys = {_part(path, path.key) for path in parsed if path.key is not None}
        if any(_part(path, path.sub or "value") in keys or _MARK in str(path.value) for path in parsed):
            return None
        form = new_body({path: place(number) for number, path in enumerate(paths)}, kind, self._dialect)
        return Template.of(form, paths)


def _part(path: AttributePath, name: str) -> tuple[str, str, str]:
    return (path.schema or "").lower(), path.attribute.lower(), name.lower()
