"""The reference of config.toml, from the settings' own descriptions: a section for each table, a row for each key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from syncd.config import schema
from syncd.core.filters import OPERATORS
from syncd.core.model import Kind
from syncd.core.vocabulary import SourceKind, vocabulary
from syncd.toml_text import toml

Node = Mapping[str, Any]


def configuration(head: str) -> str:
    """The page: its hand-written head, the tables in the order of the file, the operators, the source attributes."""
    made = schema()
    places: dict[str, list[str]] = {}
    tables = list(_tables(made, made, (), "", places))
    index = [f"- [`{heading}`](#{_anchor(heading)})" for heading, _, _ in tables]
    lines = [head.rstrip(), "", "## Tables", "", *index]
    also = {others[0]: others[1:] for others in places.values()}
    for heading, path, table in tables:
        lines += _section(heading, path, table, made, also[heading])
    return "\n".join([*lines, *_operators(), *_attributes()]) + "\n"


def _tables(
    root: Node, node: Node, path: tuple[str, ...], prefix: str, places: dict[str, list[str]]
) -> Iterator[tuple[str, tuple[str, ...], Node]]:
    """Every table, depth first: (heading, path of keys, schema). One that stands in several places is told once."""
    for key, value in node.get("properties", {}).items():
        for place, below, reference, suffix in _below(key, value):
            name = reference.rpartition("/")[2]
            dotted = f"{prefix}.{place}".lstrip(".")
            heading = {"": f"[{dotted}]", "list": f"[[{dotted}]]", "lists": f"{dotted} = [[{{ }}]]"}.get(suffix)
            places.setdefault(name, []).append(heading or f"[{dotted}] {suffix}")
            if len(places[name]) == 1:
                table = root["$defs"][name]
                yield places[name][0], (*path, *below), table
                yield from _tables(root, table, (*path, *below), dotted, places)


def _below(key: str, value: Node) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    """The tables under one key: (place in a heading, keys, reference, suffix of the heading)."""
    if "$ref" in value:
        yield key, (key,), value["$ref"], ""
    for each in value.get("patternProperties", {}).values():
        if "$ref" in each:
            yield f"{key}.NAME", (key, "*"), each["$ref"], ""
        for kind, reference in each.get("discriminator", {}).get("mapping", {}).items():
            yield f"{key}.NAME", (key, "*"), reference, f"kind = {toml(kind)}"
    items = value.get("items", {})
    inner = items.get("items", items)
    if "$ref" in inner:
        yield key, (key,), inner["$ref"], "list" if inner is items else "lists"


def _section(heading: str, path: tuple[str, ...], table: Node, root: Node, also: Sequence[str]) -> Iterator[str]:
    yield from ("", f"## `{heading}`", "", table.get("description", ""), "")
    if also:
        yield from (f"The same holds for {', '.join(f'`{place}`' for place in also)}.", "")
    yield from ("| key | type | default | |", "|---|---|---|---|")
    required = table.get("required", ())
    for key, value in table["properties"].items():
        default = "**required**" if key in required else ""
        if "default" in value:
            default = f"`{toml(value['default'])}`"
        told = _cell(value.get("description", ""))
        yield f"| `{key}` | {_cell(_type(value, root))} | {_cell(default)} | {told} |"


def _type(value: Node, root: Node) -> str:
    """What a value may be, in words."""
    match value:
        case {"$ref": str(reference)}:
            return "table" if "properties" in root["$defs"][reference.rpartition("/")[2]] else "value"
        case {"const": constant}:
            return f"`{toml(constant)}`"
        case {"enum": list(words)}:
            return " \\| ".join(f"`{toml(word)}`" for word in words)
        case {"oneOf": list(forms)} if all("required" in form for form in forms):
            return "[secret](#secrets)"
        case {"anyOf": list(choices)}:
            return " or ".join(dict.fromkeys(_type(each, root) for each in choices))
        case {"items": Mapping() as items}:
            return f"list of {_type(items, root)}"
        case {"pattern": str(pattern)} if "[smhdw]" in pattern:
            return "[duration](#durations)"
        case {"format": "uri"}:
            return "URL"
        case {"type": list(kinds)}:
            return " or ".join(_WORDS[kind] for kind in kinds)
        case {"type": str(kind)}:
            bounds = [f"{word} {value[key]:g}" for key, word in _BOUNDS.items() if key in value and kind != "string"]
            return ", ".join([_WORDS[kind], *bounds])
        case _:
            raise ValueError(f"no words for {json.dumps(value)}")


_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "table",
    "array": "list",
}
_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}


def _operators() -> Iterator[str]:
    yield from ("", "## Operators of filters", "")
    yield "Those of Entra's scoping filters, in any letter case, space and underscore alike. A clause is false where the"
    yield "attribute has no value, `IS NULL` excepted, so `NOT EQUALS` is not the negation of `EQUALS`."
    yield from ("", "| operator | value |", "|---|---|")
    for name, operator in OPERATORS.items():
        value = "a number" if operator.numeric else "a regular expression for the whole value"
        if not operator.takes_value:
            value = "none"
        elif not operator.numeric and not operator.pattern:
            value = "text, a number or a Boolean"
        yield f"| `{name}` | {value} |"


def _attributes() -> Iterator[str]:
    yield from ("", "## Source attributes", "")
    yield "What mappings, filters and expressions may name. Names are case-sensitive; one that the source cannot have is"
    yield "refused, with the nearest one."
    for source in get_args(SourceKind):
        for kind in get_args(Kind):
            yield from ("", f"### {'Microsoft Graph' if source == 'graph' else 'Okta'}: {kind}s", "")
            names = sorted(vocabulary(source, kind).names, key=str.lower)
            yield ", ".join(f"`{name}`" for name in names) + _FORMS.get((source, kind), "") + "."


_FORMS = {
    ("graph", "user"): ", and directory extensions: `extension_<application id without hyphens>_<name>`",
    ("graph", "group"): ", and directory extensions: `extension_<application id without hyphens>_<name>`",
    ("okta", "user"): ", and any attribute of the profiles: `user.<name>`, `appuser.<name>`",
    ("okta", "group"): ", and any attribute of the profile: `group.<name>`",
}


def _cell(text: str) -> str:
    """As a cell of a table; a bar that is not escaped would end it."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _anchor(heading: str) -> str:
    """As GitHub makes it: lower case, without punctuation, hyphens for blanks."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
