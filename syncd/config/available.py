"""Keys that are checked in full and then refused, because this version does not carry them out yet.

One table: a key, and which of its values are refused. A feature that arrives takes its row out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncd.config.faults import shown
from syncd.config.section import Wrong
from syncd.core.model import Json

#: Dotted key, * for any name → the values that are refused; None: any value, which is then not shown.
NOT_YET: Mapping[str, frozenset[str] | None] = {
    "metrics.listen": None,
}


def not_available(raw: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], Wrong]]:
    """Each key of the file that this version refuses, with the words for it."""
    for pattern, refused in NOT_YET.items():
        for location, value in _found(raw, tuple(pattern.split("."))):
            if refused is None or (isinstance(value, str) and value in refused):
                found = location[-1] if refused is None else shown(value)
                right = "this version of syncd does not do that"
                remedy = "Remove it or choose another value, then run: syncd check"
                yield location, Wrong(f"{found} is not available yet", right, remedy)


def _found(raw: Json, pattern: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    if not pattern:
        yield (), raw
    elif isinstance(raw, Mapping):
        for key in raw if pattern[0] == "*" else {pattern[0]} & set(raw):
            for location, value in _found(raw[key], pattern[1:]):
                yield (key, *location), value
