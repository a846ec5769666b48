"""Digests by which a record is known to be as it was."""

from __future__ import annotations

import hashlib

import orjson

from syncd.core.model import Json


def digest(*facts: Json) -> str:
    """32 hexadecimal digits that are equal for equal JSON values, whatever the order of keys."""
    return hashlib.blake2b(orjson.dumps(facts, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
