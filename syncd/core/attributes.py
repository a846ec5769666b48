"""SCIM attribute paths as mappings write them, and values under them.

A path is one of (RFC 7644 section 3.10, and Entra's extension of it to whole attributes):

    userName · name.givenName · emails[type eq "work"].value · roles[primary eq "True"].value
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department   (…:manager.value)

Attribute names compare without regard to case (RFC 7643 section 2.1); a parsed path prints as it was written, less the
core schema's URN.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from syncd.core.model import Json, Kind

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_SCHEMA = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE_SCHEMAS: Mapping[Kind, str] = {"user": USER_SCHEMA, "group": GROUP_SCHEMA}

_PATH = re.compile(
    r"""(?P<attribute>\$?[A-Za-z][\w-]*)
        (?:\[\s*(?P<key>[A-Za-z][\w-]*)\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false|-?\d+)\s*\])?
        (?:\.(?P<sub>\$?[A-Za-z][\w-]*))?""",
    re.VERBOSE | re.IGNORECASE,
)


class PathError(ValueError):
    """Not an attribute path; the message says what was found and what would be one."""


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
        if isinstance(self.value, str) and self.key == "primary" and self.value.lower() in ("true", "false"):
            return self.value.lower() == "true"
        return self.value


def quote(value: Json) -> str:
    """A filter's literal: JSON, as RFC 7644 section 3.4.2.2 says, so that no value can end the string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in text) + '"'


@lru_cache(maxsize=4096)
def parse_path(text: str) -> AttributePath:
    """Raises PathError for anything that is not one attribute path."""
    schema, rest = None, text.strip()
    if rest.lower().startswith("urn:"):
        bracket = rest.find("[")
        cut = rest.rfind(":", 0, bracket if bracket >= 0 else len(rest))
        schema, rest = rest[:cut], rest[cut + 1 :]
        if schema.lower() in (USER_SCHEMA.lower(), GROUP_SCHEMA.lower()):
            schema = None
    found = _PATH.fullmatch(rest)
    if found is None:
        if re.search(r'\[[^\]]*"[^"\]]*\.\w+\s*\]', rest):
            raise PathError(
                f'{text!r}: the sub-attribute stands inside the brackets; write attribute[type eq "…"].value'
            )
        raise PathError(
            f'{text!r} is no attribute path; write for example name.givenName or emails[type eq "work"].value'
        )
    value: str | bool | int | None = None
    if (literal := found["value"]) is not None:
        if literal.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", literal[1:-1])
        else:
            value = literal.lower() == "true" if literal.lower() in ("true", "false") else int(literal)
    return AttributePath(found["attribute"], schema, found["key"], value, found["sub"])


def _member(resource: Json, name: str) -> Json:
    """resource[name], whatever the letter case of the key."""
    if not isinstance(resource, Mapping):
        return None
    if name in resource:
        return resource[name]
    low = name.lower()
    return next((v for k, v in resource.items() if k.lower() == low), None)


def _equal(seen: Json, wanted: Json) -> bool:
    if isinstance(seen, str) and isinstance(wanted, str):
        return seen.casefold() == wanted.casefold()
    if isinstance(wanted, bool) and isinstance(seen, str):
        return seen.casefold() == str(wanted).casefold()
    return bool(seen == wanted)


def read(resource: Mapping[str, Json], path: AttributePath) -> Json:
    """The value under a path in a SCIM resource; None where there is none. A manager reads as its id."""
    holder = _member(resource, path.schema) if path.schema else resource
    value = _member(holder, path.attribute)
    if path.key is not None:
        elements = value if isinstance(value, list) else []
        value = next((e for e in elements if _equal(_member(e, path.key), path.element)), None)
    if path.sub is not None:
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
    for text, value in values.items():
        if value is None:
            continue
        path = parse_path(text)
        holder = body
        if path.schema:
            if path.schema not in body["schemas"]:
                body["schemas"].append(path.schema)
            holder = body.setdefault(path.schema, {})
        place(holder, path, value)
    return body


def place(holder: dict[str, Json], path: AttributePath, value: Json) -> None:
    """Put one value under a path into the core part or one extension of a resource."""
    if path.key is not None:
        elements = holder.setdefault(path.attribute, [])
        element = next((e for e in elements if _equal(e.get(path.key), path.element)), None)
        if element is None:
            element = {path.key: path.element}
            elements.append(element)
        if path.sub is None and isinstance(value, Mapping):
            element.update(value)
        else:
            element[path.sub or "value"] = value
    elif path.sub is not None:
        part = holder.setdefault(path.attribute, {})
        if isinstance(part, dict):
            part[path.sub] = value
    elif path.attribute.lower() == "manager" and not isinstance(value, Mapping):
        holder[path.attribute] = {"value": value}
    else:
        holder[path.attribute] = value
