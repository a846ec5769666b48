"""pydantic's errors in the words of this product: found, right, remedy. No value that may be secret is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from syncd.config.faults import CORRECT, Fault, key_path, kind_of, nearest, shown
from syncd.config.section import WRONG, Wrong
from syncd.core.model import Json

_KINDS = {
    "bool_type": "write true or false",
    "dict_type": "it must be a table",
    "float_type": "it must be a number",
    "int_type": "it must be a whole number",
    "mapping_type": "it must be a table",
    "model_attributes_type": "it must be a table",
    "model_type": "it must be a table",
    "string_type": "it must be text",
    "tuple_type": "it must be a list",
}
_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def fault(file: str, error: ErrorDetails) -> Fault:
    """One fault from one of pydantic's errors."""
    wrong = _wrong(error["type"], error["input"], error.get("ctx", {}))
    location = _location(error["loc"])
    return fault_at(file, (*location, "kind") if error["type"].startswith("union_tag") else location, wrong)


def fault_at(file: str, location: Iterable[str | int], wrong: Wrong) -> Fault:
    """One fault at a place in the file."""
    key = key_path(location)
    return Fault(file=file, key=key, found=wrong.found, right=wrong.right, remedy=wrong.remedy)


def _location(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Without the marks that pydantic adds: the kind of a source, and [key] for the name of a table."""
    parts = [part for part in location if part != "[key]"]
    if len(parts) > 2 and parts[0] == "sources":
        del parts[2]
    return tuple(parts)


def _wrong(kind: str, value: Json, facts: Mapping[str, Any]) -> Wrong:
    if kind == WRONG:
        return Wrong(facts["found"], facts["right"], facts["remedy"])
    if kind in _KINDS:
        return Wrong(kind_of(value), _KINDS[kind])
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return Wrong(shown(value), f"it must be {words} {facts[name]:g}")
    if kind == "finite_number":
        return Wrong(shown(value), "it must be a finite number")
    if kind in ("literal_error", "union_tag_invalid"):
        return _choice(value if kind == "literal_error" else value["kind"], facts)
    if kind == "union_tag_not_found":
        return Wrong("missing", 'write kind = "graph" or kind = "okta"')
    return Wrong(f"not usable ({kind_of(value)})", "see the description of this key: syncd config schema", CORRECT)


def _choice(value: Json, facts: Mapping[str, Any]) -> Wrong:
    expected = str(facts.get("expected", facts.get("expected_tags", "")))
    words = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]
    if not isinstance(value, str):
        return Wrong(kind_of(value), f"write one of {', '.join(words)}")
    near = nearest(value, words)
    right = f"the nearest word is {near}" if near else f"write one of {', '.join(words)}"
    return Wrong(shown(value), right if len(words) > 1 else f"write {words[0]}")
