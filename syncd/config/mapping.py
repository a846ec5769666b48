"""One row of a mapping: what stands in one attribute of the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from syncd.config.expression import ExpressionText, compiled
from syncd.config.faults import kind_of, shown
from syncd.config.filters import Scalar
from syncd.config.identifier import Text
from syncd.config.section import Section, Wrong
from syncd.core.attributes import AttributePath, PathError, parse_path
from syncd.core.model import Json

ORIGINS = ("source", "constant", "expression")
_READ_ONLY = {
    "id": "the target sets its id itself (RFC 7643 section 3.1); map externalId instead",
    "meta": "the target sets it itself (RFC 7643 section 3.1)",
    "schemas": "syncd lists the schemas in use itself",
}


def attribute_path(value: Any) -> AttributePath:
    """A target attribute. Raises an error with a Wrong."""
    if not isinstance(value, str):
        raise Wrong(kind_of(value), "write a target attribute such as name.givenName").error()
    try:
        return parse_path(value)
    except PathError as fault:
        raise Wrong(f"{shown(value)} is no attribute path", fault.why).error() from None


def path_key(path: AttributePath) -> tuple[Json, ...]:
    """Equal for two spellings of the same place in a resource: letter case, an implied `value`, a typed element."""
    element = path.element.casefold() if isinstance(path.element, str) else path.element
    implied = path.key is not None or path.attribute.lower() == "manager"
    sub = path.sub or ("value" if implied else "")
    return (path.schema or "").lower(), path.attribute.lower(), (path.key or "").lower(), element, sub.lower()


def selects_unique(text: Json) -> bool:
    """Whether this expression can be read, and gives another value once the first one is in use."""
    expression = compiled(text)
    return expression is not None and expression.selects_unique


def _target(value: Any) -> str:
    path = attribute_path(value)
    if path.schema is None and (right := _READ_ONLY.get(path.attribute.lower())):
        raise Wrong(f"{shown(str(path))} is no attribute to write", right).error()
    return str(path)


def _constant(value: Any) -> Json:
    """Text, a number, a Boolean, or a list of these."""
    values = value if isinstance(value, list | tuple) else [value]
    for each in values:
        if not isinstance(each, str | int | float) or (isinstance(each, float) and each - each != 0):
            found = kind_of(each) if each is value else f"a list with {kind_of(each)} in it"
            raise Wrong(found, "write text, a number, true, false, or a list of these").error()
    return list(values) if isinstance(value, list | tuple) else value


_SCALAR_SCHEMA: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_CONSTANT_SCHEMA = WithJsonSchema({"anyOf": [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA}]})
Constant = Annotated[Json, PlainValidator(_constant), _CONSTANT_SCHEMA]


def _allowed(value: Any) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple):
        raise Wrong(kind_of(value), "write a list of values").error()
    if not value:
        raise Wrong("an empty list", "it would allow nothing; list the values or remove the key").error()
    return tuple(_constant(value))


class MappingRow(Section):
    """One target attribute: from a source attribute, a constant or an expression."""

    target: Annotated[str, PlainValidator(_target), WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        description='The target attribute, such as userName, name.givenName, emails[type eq "work"].value or '
        "urn:…:User:department"
    )
    source: Text | None = Field(default=None, description="A source attribute; names are case-sensitive")
    constant: Constant | None = Field(default=None, description="A fixed value: text, a number, a Boolean or a list")
    expression: ExpressionText | None = Field(
        default=None, description='An expression in Entra\'s language, such as Join(" ", [givenName], [surname])'
    )
    apply: Literal["always", "on-create"] = Field(
        default="always", description="always, or on-create: written when the object is created and left alone later"
    )
    default: Constant | None = Field(default=None, description="The value when the source gives none")
    when_empty: Literal["clear", "keep"] = Field(
        default="clear", description="What a value that went away at the source does at the target: clear or keep"
    )
    allowed: (
        Annotated[
            tuple[Scalar, ...],
            PlainValidator(_allowed),
            PlainSerializer(list, when_used="json"),  # pydantic warns of what its own wrapper makes of the tuple
            WithJsonSchema({"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1}),
        ]
        | None
    ) = Field(
        default=None, description="The values that the target knows; an object with another one fails with that reason"
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        origins = [key for key in ORIGINS if key in raw]
        if not origins:
            yield Wrong("no source, constant or expression", "give exactly one of them")
        elif len(origins) > 1:
            yield Wrong(" and ".join(origins), "give exactly one of source, constant and expression")
        if raw.get("source") == "manager":  # a reference: its value becomes the id of another account
            for key in ("default", "allowed"):
                if key in raw:
                    yield Wrong(f"{key} for a reference", "a manager is an account, not a text; remove it", key=key)
        if "constant" in raw and str(raw.get("target", "")).strip().lower() == "password":
            yield Wrong(
                "a password in clear (not shown here)",
                "a constant is no secret; write an expression such as RandomString",
                key="constant",
            )
        if selects_unique(raw.get("expression")) and raw.get("apply") != "on-create":
            yield Wrong(
                "SelectUniqueValue in a row that is always applied",
                'it gives another value once the first one is in use by the object itself; add apply = "on-create"',
                key="expression",
            )
        allowed = raw.get("allowed")
        if not isinstance(allowed, list | tuple) or not allowed:
            return
        for key in ("constant", "default"):
            value = raw.get(key)
            values = value if isinstance(value, list | tuple) else [value]
            for each in values:
                if key in raw and isinstance(each, str | int | float) and each not in allowed:
                    yield Wrong(shown(each), f"allowed: {', '.join(shown(one) for one in allowed)}", key=key)
