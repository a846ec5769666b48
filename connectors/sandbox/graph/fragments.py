"""Users as pre-serialised JSON, so that the sandbox is not what a throughput test measures."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from connectors.sandbox.graph.entity import Entity, User
from connectors.sandbox.graph.properties import ever_set
from syncd.core.model import Json

#: about 200 MB of the usual properties
_LIMIT = 300_000


class Fragments:
    """The scalars of users that were not touched since the tenant was generated, per selection."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], dict[Entity, bytes]] = {}
        self._count = 0

    def record(self, found: Entity, names: tuple[str, ...], more: Mapping[str, Json]) -> Json:
        """The record of delta's default mode: the named properties that were ever set, the id, and `more`."""
        if type(found) is not User or found.values or found.deleted is not None:
            return {**ever_set(found, names), "id": found.id, **more}
        made = self._made.setdefault(names, {})
        text = made.get(found)
        if text is None:
            text = orjson.dumps({**ever_set(found, names), "id": found.id})
            if self._count >= _LIMIT:
                self._made.clear()
                self._count = 0
            made[found] = text
            self._count += 1
        return orjson.Fragment(text[:-1] + b"," + orjson.dumps(more)[1:] if more else text)
