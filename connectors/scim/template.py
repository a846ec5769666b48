"""The body of a new object, from a form that is kept for all objects with the same attributes.

A first cycle creates thousands of objects of the same few forms; only the first of each is put together path by path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from syncd.core.attributes import assemble, parse_path
from syncd.core.model import Json, Kind

_PLAIN = frozenset({str, bool, int, float})


def new_body(values: Mapping[str, Json], kind: Kind) -> dict[str, Json]:
    """As `assemble`; none of the values may be None."""
    if _PLAIN.issuperset(map(type, values.values())):
        template = _template(tuple(values), kind)
        if template is not None:
            return template.filled(values)
    return assemble(values, kind)


@lru_cache(maxsize=256)
def _template(paths: tuple[str, ...], kind: Kind) -> Template | None:
    """What is the same for all of them; None where the values themselves decide where others go."""
    for path in map(parse_path, paths):
        if path.key is not None and (path.sub or "value").lower() == path.key.lower():
            return None
    return Template.of(assemble({path: _Place(path) for path in paths}, kind))


class _Place:
    """Stands in a form where the value of a path goes."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A body taken apart into its objects and arrays: copied one by one, tied together, and given their values."""

    nodes: tuple[Any, ...]  #: each dict or list as it is before anything of ours is in it, the whole first
    inside: tuple[tuple[int, Any, int], ...]  #: node, key or index, node there
    places: tuple[tuple[int, Any, str], ...]  #: node, key or index, path whose value goes there

    @classmethod
    def of(cls, form: Json) -> Template:
        """The parts of a form with `_Place`s."""
        nodes: list[Any] = []
        inside: list[tuple[int, Any, int]] = []
        places: list[tuple[int, Any, str]] = []

        def take(part: Any) -> int:
            at = len(nodes)
            nodes.append(part.copy())
            for key, each in part.items() if isinstance(part, dict) else enumerate(part):
                if isinstance(each, _Place):
                    places.append((at, key, each.path))
                elif isinstance(each, (dict, list)):
                    inside.append((at, key, take(each)))
            return at

        take(form)
        return cls(nodes=tuple(nodes), inside=tuple(inside), places=tuple(places))

    def filled(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """A body of its own with these values."""
        nodes = [node.copy() for node in self.nodes]
        for at, key, there in self.inside:
            nodes[at][key] = nodes[there]
        for at, key, path in self.places:
            nodes[at][key] = values[path]
        body: dict[str, Json] = nodes[0]
        return body
