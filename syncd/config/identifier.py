"""Short texts with a fixed form: names of tables, directory ids, plain text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from syncd.config.faults import has_placeholder, kind_of, shown
from syncd.config.section import Wrong
from syncd.config.surroundings import surroundings


def _matching(pattern: str, right: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(kind_of(value), right).error()
        if not compiled.fullmatch(value):
            found = f"{shown(value)} is a placeholder" if has_placeholder(value) else shown(value)
            raise Wrong(found, right).error()
        return value

    return check


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong(kind_of(value), "it must be text").error()
    if not value.strip():
        raise Wrong("empty text", "it must not be empty").error()
    return value


def _existing_file(value: Any, info: ValidationInfo) -> Path:
    path = surroundings(info).path(_text(value).replace("\0", "�"))
    if not os.path.isfile(path):  # noqa: PTH113 - a Path raises for a name that is too long
        raise Wrong(
            f"file {shown(path)} does not exist",
            "it must be a readable file",
            "Create it or correct the path, then run: syncd check",
        ).error()
    return path


_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
_NAME_RIGHT = "a name has letters, digits, dots, hyphens and underscores, at most 63, and begins with a letter or digit"

_ID = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"

#: A key under [sources], [targets] and [jobs]: stands in commands, metrics and ids, hence no colon and no blank.
Name = Annotated[
    str, PlainValidator(_matching(_NAME, _NAME_RIGHT)), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})
]
#: A tenant: its id or one of its domains.
TenantId = Annotated[
    str,
    PlainValidator(_matching(_ID, "write the tenant's id (a GUID) or one of its domains")),
    WithJsonSchema({"type": "string"}),
]
#: The id of an application or another object at Entra: a GUID, though nothing here depends on its form.
EntraId = Annotated[
    str,
    PlainValidator(_matching(_ID, "write the id as Entra shows it, such as 11111111-2222-3333-4444-555555555555")),
    WithJsonSchema({"type": "string", "pattern": f"^{_ID}$"}),
]
#: The id of an object at Okta.
OktaId = Annotated[
    str,
    PlainValidator(_matching(_ID, "write the id as Okta shows it, such as 0oaabcdefghijklmnop1")),
    WithJsonSchema({"type": "string", "pattern": f"^{_ID}$"}),
]
#: Any text but an empty one.
Text = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string", "minLength": 1})]
#: A file that is there, as an absolute path.
ExistingFile = Annotated[Path, PlainValidator(_existing_file), WithJsonSchema({"type": "string", "minLength": 1})]
