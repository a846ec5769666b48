"""Records that make no sense: each is set aside by itself and said, and the rest of its page is used."""

from __future__ import annotations

import orjson

from syncd.core.model import Json

_KEPT = 200


class Odd(ValueError):
    """Why one record cannot be used; the message is half a sentence."""


class Oddities:
    """What was set aside since the source was opened."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.count = 0

    def note(self, what: str, id_: str | None, why: str) -> None:
        """`what` is "user", `id_` the record's id where it has one."""
        self.count += 1
        warning = f"{what} {id_ or 'without id'}: {why}; its last known state is kept"
        if len(self.warnings) < _KEPT and warning not in self.warnings:
            self.warnings.append(warning)


def identifier(record: Json) -> str:
    """The record's id. Raises Odd."""
    if not isinstance(record, dict):
        raise Odd("not an object")
    id_ = record.get("id")
    if not isinstance(id_, str) or not id_ or not id_.isprintable() or "/" in id_:
        raise Odd("no usable id")
    return id_


def known_id(record: Json) -> str | None:
    """The id, where there is one."""
    try:
        return identifier(record)
    except Odd:
        return None


def without_unstorable(records: Json) -> Json:
    """A list whose records can all be written as JSON again: one that cannot, as with half of a surrogate pair in a
    name, is reduced to its id, and so is odd to whoever reads it."""
    return [_reduced(record) for record in records] if isinstance(records, list) else _reduced(records)


def _reduced(record: Json) -> Json:
    try:
        orjson.dumps(record)
    except TypeError:
        return {"id": known_id(record)}
    return record
