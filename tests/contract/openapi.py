"""A check of JSON answers against the schemas of an OpenAPI 3.0 document, as far as Okta's document uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_SEGMENT = re.compile(r"\{[^}]+\}")


class Document:
    """One OpenAPI document."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            self._content = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # both are safe

    def faults(self, path: str, answer: Any, status: str = "200") -> list[str]:
        """What is wrong with the answer of GET on a templated path such as /api/v1/users/{}; [] when it fits."""
        known = {_SEGMENT.sub("{}", one): item for one, item in self._content["paths"].items()}
        response = self._resolved(known[path]["get"]["responses"][status])
        return list(self._faults(response["content"]["application/json"]["schema"], answer, "$"))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            target: Any = self._content
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def _faults(self, schema: dict[str, Any], value: Any, at: str, *, discriminate: bool = True) -> Iterator[str]:
        schema = self._resolved(schema)
        discriminator = schema.get("discriminator", {})
        if discriminate and discriminator.get("mapping") and isinstance(value, dict):
            named = value.get(discriminator["propertyName"])
            if named not in discriminator["mapping"]:
                yield f"{at}: {discriminator['propertyName']} is {named!r}"
                return
            yield from self._faults({"$ref": discriminator["mapping"][named]}, value, at, discriminate=False)
            return
        if value is None:
            if not schema.get("nullable"):
                yield f"{at}: null"
            return
        for part in schema.get("allOf", ()):
            yield from self._faults(part, value, at, discriminate=False)
        for kind in ("oneOf", "anyOf"):
            if kind in schema and not any(not list(self._faults(part, value, at)) for part in schema[kind]):
                yield f"{at}: fits none of {kind}"
        wanted = schema.get("type")
        if wanted and (not isinstance(value, _TYPES[wanted]) or (wanted != "boolean" and isinstance(value, bool))):
            yield f"{at}: {type(value).__name__} for {wanted}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is not in the enumeration"
        if isinstance(value, str):
            yield from _text_faults(schema, value, at)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._faults(schema.get("items", {}), item, f"{at}[{number}]")
        elif isinstance(value, dict):
            yield from self._object_faults(schema, value, at)

    def _object_faults(self, schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at}.{name}: missing"
        for name, item in value.items():
            if name in properties:
                yield from self._faults(properties[name], item, f"{at}.{name}")


def _text_faults(schema: dict[str, Any], value: str, at: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{at}: {len(value)} characters"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if schema.get("format") == "date-time":
        try:
            datetime.fromisoformat(value)
        except ValueError:
            yield f"{at}: {value!r} is no time"
    if schema.get("format") == "email" and "@" not in value:
        yield f"{at}: {value!r} is no e-mail address"
