"""Look-ups by the attributes that clients search for, so that a search does not read a hundred thousand users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from syncd.core.model import Json, Kind

#: Indexed attributes by kind; "emails" means its values.
INDEXED: Mapping[Kind, tuple[str, ...]] = {
    "user": ("userName", "externalId", "displayName", "emails"),
    "group": ("displayName", "externalId"),
}


def folded(text: str) -> str:
    """The key under which a text is found, letter case aside."""
    return text.casefold()


def keys(attributes: Mapping[str, Json], name: str) -> Iterable[str]:
    """The keys of one resource for one indexed attribute."""
    value = attributes.get(name)
    if isinstance(value, str):
        return (folded(value),)
    if isinstance(value, list):
        return {folded(each["value"]) for each in value if isinstance(each.get("value"), str)}
    return ()


class Index:
    """Ids by attribute and value. Values are folded: the filter's own test decides on letter case."""

    def __init__(self) -> None:
        self._ids: dict[tuple[Kind, str], dict[str, dict[str, None]]] = {
            (kind, name): {} for kind, names in INDEXED.items() for name in names
        }

    def take(self, kind: Kind, resource_id: str, attributes: Mapping[str, Json]) -> None:
        """Enter a resource."""
        for name in INDEXED[kind]:
            for key in keys(attributes, name):
                self._ids[kind, name].setdefault(key, {})[resource_id] = None

    def drop(self, kind: Kind, resource_id: str, attributes: Mapping[str, Json]) -> None:
        """Strike out a resource with the attributes under which it was entered."""
        for name in INDEXED[kind]:
            entries = self._ids[kind, name]
            for key in keys(attributes, name):
                ids = entries.get(key, {})
                ids.pop(resource_id, None)
                if not ids:
                    entries.pop(key, None)

    def find(self, kind: Kind, name: str, key: str) -> list[str]:
        """Ids under a folded value, oldest first."""
        return list(self._ids[kind, name].get(key, ()))
