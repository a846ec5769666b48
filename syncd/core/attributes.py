"""SCIM attribute paths as mappings write them, and values under them.

A path is one of (RFC 7644 section 3.10, and Entra's extension of it to whole attributes):

    userName · name.givenName · emails[type eq "work"].value · roles[primary eq "True"].value
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department   (…:manager.value)

Attribute names compare without regard to case (RFC 7643 section 2.1): a parsed path prints the RFC's own attributes as
the RFC spells them and less the core schema's URN, all others as they were written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from syncd.core.attribute_type import AttributeType
from syncd.core.model import Json, Kind
from syncd.core.standard_attributes import (
    CORE_SCHEMAS,
    ENTERPRISE_SCHEMA,
    GROUP_SCHEMA,
    SPELLING,
    STANDARD,
    USER_SCHEMA,
)

__all__ = [
    "CORE_SCHEMAS",
    "ENTERPRISE_SCHEMA",
    "GROUP_SCHEMA",
    "USER_SCHEMA",
    "AttributePath",
    "PathError",
    "assemble",
    "overlap",
    "parse_path",
    "place",
    "quote",
    "read",
]

EXAMPLE = 'write an attribute path such as name.givenName or emails[type eq "work"].value'
_PATH = re.compile(
    r"""(?P<attribute>\$?[A-Za-z][\w-]*)
        (?:\[\s*(?P<key>\$?[A-Za-z][\w-]*)\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false|-?\d{1,18})\s*\])?
        (?:\.(?P<sub>\$?[A-Za-z][\w-]*))?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)
_SCHEMA = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:[^\s\[\]\"]*[^\s\[\]\":]", re.IGNORECASE | re.ASCII)
#: …:2.0:User is an extension, not an attribute named User
_BARE_SCHEMA = re.compile(r"urn:.*:[0-9]+(\.[0-9]+)*:(user|group)", re.IGNORECASE | re.ASCII)


class PathError(ValueError):
    """Not an attribute path; the message says what was found and what would be one."""

    def __init__(self, text: str, why: str = EXAMPLE) -> None:
        super().__init__(f"{text!r} is no attribute path; {why}")
        self.why = why  #: half a sentence: what is wrong, or what to write


@dataclass(frozen=True, slots=True)
class AttributePath:
    """One parsed path. `str()` gives its canonical text, which is the key of desired and written values."""

    attribute: str  #: "emails"
    schema: str | None = None  #: the extension's URN; None in the core schema
    key: str | None = None  #: "type" in emails[type eq "work"]
    value: str | bool | int | None = None  #: "work"
    sub: str | None = None  #: "value"

    def __str__(self) -> str:
        prefix = f"{self.schema}:" if self.schema else ""
        element = "" if self.key is None else f"[{self.key} eq {quote(self.value)}]"
        return f"{prefix}{self.attribute}{element}" + (f".{self.sub}" if self.sub else "")

    @property
    def element(self) -> Json:
        """The filter's value with its type: the strings "True" and "False" are Booleans for a `primary` key."""
        if (
            isinstance(self.value, str)
            and self.key
            and self.key.lower() == "primary"
            and self.value.lower() in ("true", "false")
        ):
            return self.value.lower() == "true"
        return self.value

    @property
    def bare(self) -> str:
        """The path without its element filter: what a schema knows it by."""
        return str(self) if self.key is None else str(replace(self, key=None, value=None))

    @property
    def written(self) -> AttributePath:
        """The place that a value goes to: an element without a part means its `value` (RFC 7643 section 2.4)."""
        return self if self.key is None or self.sub is not None else replace(self, sub="value")


def quote(value: Json) -> str:
    """A filter's literal: JSON, as RFC 7644 section 3.4.2.2 says, so that no value can end the string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in text) + '"'


def _literal(text: str) -> str | bool | int:
    """The value of a filter's literal. A backslash before anything but JSON's escapes stands for what follows it."""
    if not text.startswith('"'):
        return text.lower() == "true" if text.lower() in ("true", "false") else int(text)
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


@lru_cache(maxsize=4096)
def parse_path(text: str) -> AttributePath:
    """Raises PathError for anything that is not one attribute path."""
    schema, rest = None, text.strip()
    if rest.lower().startswith("urn:"):
        bracket = rest.find("[")
        cut = rest.rfind(":", 0, bracket if bracket >= 0 else len(rest))
        schema, rest = rest[:cut], rest[cut + 1 :]
        if _SCHEMA.fullmatch(schema) is None or _BARE_SCHEMA.fullmatch(text.strip()):
            raise PathError(text, "it names no attribute of a schema; write urn:…:2.0:User:department")
        if schema.lower() in (USER_SCHEMA.lower(), GROUP_SCHEMA.lower()):
            schema = None
        elif schema.lower() == ENTERPRISE_SCHEMA.lower():
            schema = ENTERPRISE_SCHEMA
    found = _PATH.fullmatch(rest)
    if found is None:
        if re.search(r'\[[^\]]*"[^"\]]*\.\w+\s*\]', rest):
            raise PathError(text, 'the sub-attribute stands inside the brackets; write attribute[type eq "…"].value')
        raise PathError(text)
    value = None if found["value"] is None else _literal(found["value"])
    path = AttributePath(found["attribute"], schema, found["key"], value, found["sub"])
    return _checked(_spelled(path), text)


def _spelled(path: AttributePath) -> AttributePath:
    """The path in the RFC's letter case, where the RFC has it."""
    holder = AttributePath(path.attribute, path.schema)
    known = SPELLING.get(str(holder).lower())
    if known is None:
        return path

    def part(name: str | None) -> str | None:
        found = SPELLING.get(f"{known}.{name}".lower()) if name else None
        return found.rpartition(".")[2] if found else name

    return replace(path, attribute=known.rpartition(":")[2], key=part(path.key), sub=part(path.sub))


def _checked(path: AttributePath, text: str) -> AttributePath:
    """The path, unless the RFC's own attribute has another shape."""
    known: AttributeType | None = STANDARD.get(str(AttributePath(path.attribute, path.schema)))
    if known is None or path.attribute == "manager":
        return path
    name = path.attribute
    if known.multi and path.key is None and path.sub is not None:
        raise PathError(text, f'{name} has several elements; write {name}[type eq "work"].{path.sub}')
    if path.key is not None and not known.multi:
        raise PathError(text, f"{name} has one value only; write it without brackets")
    if path.sub is not None and known.type != "complex":
        raise PathError(text, f"{name} has no parts; write {name}")
    return path


def overlap(one: AttributePath, other: AttributePath) -> bool:
    """Whether one of two places holds the other: the whole of `emails`, and one of its elements."""
    if (one.schema or "").lower() != (other.schema or "").lower() or one.attribute.lower() != other.attribute.lower():
        return False
    whole = [path.key is None and path.sub is None for path in (one, other)]
    return any(whole) and (all(whole) or one.attribute.lower() != "manager")


def _key(holder: Mapping[str, Json], name: str) -> str:
    """The key that holds this name, whatever its letter case; the name itself where there is none."""
    if name in holder:
        return name
    low = name.lower()
    return next((key for key in holder if key.lower() == low), name)


def _member(holder: Json, name: str) -> Json:
    """holder[name], whatever the letter case of the key."""
    return holder.get(_key(holder, name)) if isinstance(holder, Mapping) else None


def _equal(seen: Json, wanted: Json) -> bool:
    if isinstance(seen, str) and isinstance(wanted, str):
        return seen.casefold() == wanted.casefold()
    if isinstance(wanted, bool) and isinstance(seen, str):
        return seen.casefold() == str(wanted).casefold()
    return type(seen) is type(wanted) and bool(seen == wanted)


def read(resource: Mapping[str, Json], path: AttributePath) -> Json:
    """The value under a path in a SCIM resource; None where there is none.

    A manager reads as its id. What some services leave out is made up for: a list of one element without its brackets,
    and a `value` that stands where its object should.
    """
    holder = _member(resource, path.schema) if path.schema else resource
    value = _member(holder, path.attribute)
    if path.key is not None:
        elements = value if isinstance(value, list) else [value]
        value = next((e for e in elements if _equal(_member(e, path.key), path.element)), None)
    if path.sub is not None:
        if path.sub.lower() == "value" and isinstance(value, (str, int, float)):
            return value
        return _member(value, path.sub)
    if isinstance(value, Mapping) and path.key is None and path.attribute.lower() == "manager":
        return _member(value, "value")
    return value


def assemble(values: Mapping[str, Json], kind: Kind) -> dict[str, Json]:
    """The SCIM resource that holds these values under these paths; paths of one array element share the element.

    The enterprise `manager` becomes {"value": id} (RFC 7643 section 4.3). `schemas` lists the core schema and each
    extension used. None means absent.
    """
    body: dict[str, Json] = {"schemas": [CORE_SCHEMAS[kind]]}
    parts: list[tuple[dict[str, Json], AttributePath, Json]] = []
    for text, value in values.items():
        if value is None:
            continue
        path = parse_path(text)
        holder = body
        if path.schema:
            schema = _key(body, path.schema)
            if schema not in body:
                body["schemas"].append(schema)
            holder = body.setdefault(schema, {})
        if path.key is None and path.sub is None:
            place(holder, path, value)
        else:  # after the whole of an attribute: then the order of the paths means nothing
            parts.append((holder, path, value))
    for holder, path, value in parts:
        place(holder, path, value)
    return body


def place(holder: dict[str, Json], path: AttributePath, value: Json) -> None:
    """Put one value under a path into the core part or one extension of a resource."""
    name = _key(holder, path.attribute)
    there = holder.get(name)
    if path.key is not None:
        elements = holder[name] = list(there) if isinstance(there, list) else []
        at = next((i for i, e in enumerate(elements) if _equal(_member(e, path.key), path.element)), len(elements))
        element = dict(elements[at]) if at < len(elements) else {path.key: path.element}
        elements[at:] = [element, *elements[at + 1 :]]
        if path.sub is None and isinstance(value, Mapping):
            element.update(value)
        else:
            element[_key(element, path.sub or "value")] = value
    elif path.sub is not None or (path.attribute.lower() == "manager" and not isinstance(value, Mapping)):
        whole = holder[name] = dict(there) if isinstance(there, Mapping) else {}
        whole[_key(whole, path.sub or "value")] = value
    else:
        holder[name] = value
