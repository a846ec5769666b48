"""Whether a resource shows that a change was carried out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.scim.patch import is_empty
from syncd.core.attributes import parse_path, read
from syncd.core.model import Json


def applied(resource: Mapping[str, Json], values: Mapping[str, Json], before: Mapping[str, Json]) -> bool | None:
    """True: all of `values` are there. False: something is certainly not. None: the resource does not show enough.

    Many services never show some attributes, so an absent one tells only where a removal was wanted, or where the
    attribute was seen before.
    """
    verdict: bool | None = True
    for text, value in values.items():
        seen = read(resource, parse_path(text))
        old = before.get(text)
        if is_empty(value):
            if not (is_empty(seen) or seen == ""):
                return False
        elif is_empty(seen):
            verdict = None
        elif not same(seen, value) or (old is not None and seen == old and seen != value):
            return False
    return verdict


def same(seen: Json, wanted: Json) -> bool:
    """Equal for a service's eyes: letter case aside, Booleans and numbers also as text, lists in any order."""
    if isinstance(seen, list) and isinstance(wanted, list):
        return len(seen) == len(wanted) and all(any(same(s, w) for s in seen) for w in wanted)
    if isinstance(seen, Mapping) and isinstance(wanted, Mapping):
        names = {key.lower(): value for key, value in seen.items()}
        return all(same(names.get(key.lower()), value) for key, value in wanted.items())
    if isinstance(seen, Mapping) and "value" in seen:
        return same(seen["value"], wanted)
    if isinstance(wanted, Mapping) and "value" in wanted:
        return same(seen, wanted["value"])
    if seen is None or wanted is None:
        return seen is wanted
    return seen == wanted or str(seen).strip().casefold() == str(wanted).strip().casefold()
