"""A secret in config.toml: by reference only, in exactly one of three ways."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from syncd.config.faults import CORRECT, kind_of, nearest_of, one_line, shown
from syncd.config.section import Wrong
from syncd.config.surroundings import Surroundings, surroundings
from syncd.core.model import Json
from syncd.core.secret import Secret

WAYS = ("env", "file", "credential")
FORMS = '{ env = "NAME" }, { file = "PATH" } or { credential = "NAME" }'
FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"  # systemd.exec(5)
SIZE_LIMIT_BYTES = 65_536

_MOVE = "Move it to a file that only syncd can read and refer to that, then run: syncd check"
_NONE_SHOWN = "not shown here"


def _resolve(value: Any, info: ValidationInfo) -> Secret:
    """The secret without its final line break; one line, as tokens and passwords are."""
    text = _text(value, surroundings(info))
    if any(not c.isprintable() for c in text):
        raise Wrong(
            f"the secret ({_NONE_SHOWN}) has a line break or another control character",
            "it is one line of text",
            "Write it anew, then run: syncd check",
        ).error()
    return Secret(text)


def _resolve_lines(value: Any, info: ValidationInfo) -> Secret:
    """The secret as it is: a key or certificate has several lines."""
    return Secret(_text(value, surroundings(info)))


def _text(value: Json, around: Surroundings) -> str:
    if not isinstance(value, Mapping):
        raise Wrong(f"a secret in clear ({kind_of(value)}, {_NONE_SHOWN})", f"write {FORMS}", _MOVE).error()
    ways = [way for way in WAYS if way in value]
    for key in value:
        if key not in WAYS:
            raise Wrong(f"unknown key {shown(key)}", f"{nearest_of(key, WAYS, 'key')}; write {FORMS}").error()
    if len(ways) != 1:
        found = f"{len(ways)} ways for one secret ({', '.join(ways)})" if ways else "an empty table"
        raise Wrong(found, f"write exactly one of {FORMS}").error()
    name = value[ways[0]]
    if not isinstance(name, str) or not name or "\0" in name:
        found = "empty text" if name == "" else kind_of(name)
        raise Wrong(f"{ways[0]} is {found}", f"write {FORMS}").error()
    match ways[0]:
        case "env":
            return _from_environment(name, around)
        case "file":
            return secret_file(around.path(name)).strip("\r\n")
        case _:
            return _from_credential(name, around)


def _from_environment(name: str, around: Surroundings) -> str:
    text = around.environ.get(name)
    if text is None:
        raise Wrong(
            f"environment variable {shown(name)} is not set",
            "it must hold the secret",
            "Set it where syncd is started, then run: syncd check",
        ).error()
    if not text.strip():
        raise Wrong(f"environment variable {shown(name)} is empty", "it must hold the secret").error()
    return text.strip("\r\n")


def _from_credential(name: str, around: Surroundings) -> str:
    folder = around.environ.get(FOLDER_VARIABLE)
    load = f"LoadCredential={one_line(name)}:PATH"
    if "/" in name or name in (".", ".."):
        raise Wrong(f"credential is {shown(name)}", "it is a plain name, not a path").error()
    if not folder:
        raise Wrong(
            f"credential {shown(name)} is asked for, and $CREDENTIALS_DIRECTORY is not set",
            f"systemd sets it for {load}",
            "Start syncd by systemd, or use { file = … } or { env = … }, then run: syncd check",
        ).error()
    return secret_file(Path(folder) / name, remedy=f"Write {load} in the unit, then run: syncd check").strip("\r\n")


def _head(path: Path) -> bytes:
    """At most one byte more than is allowed."""
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT_BYTES + 1)


def secret_file(path: Path, *, remedy: str = "Create it, readable for syncd, then run: syncd check") -> str:
    """The text of a secret file of at most 64 KiB. Raises an error with a Wrong for one that cannot be used."""
    name = shown(path)
    try:
        special = path.exists() and not path.is_file()  # a pipe or a device could be read without end
        content = b"" if special else _head(path)
    except FileNotFoundError:
        raise Wrong(f"file {name} does not exist", "it must hold the secret", remedy).error() from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise Wrong(f"file {name} cannot be read ({reason})", "it must hold the secret", remedy).error() from None
    if special:
        raise Wrong(f"{name} is no regular file", "it must hold the secret", remedy).error()
    if len(content) > SIZE_LIMIT_BYTES:
        raise Wrong(f"file {name} is larger than {SIZE_LIMIT_BYTES} bytes", "it holds the secret alone").error()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        hint = "it must be text; convert a .pfx file with: openssl pkcs12 -nodes"
        raise Wrong(f"file {name} is not UTF-8 text", hint, CORRECT).error() from None
    if not text.strip():
        raise Wrong(f"file {name} is empty", "it must hold the secret", "Fill it, then run: syncd check").error()
    return text


SECRET_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": f"A secret by reference: {FORMS}",
    "oneOf": [
        {
            "properties": {way: {"type": "string", "minLength": 1, "description": description}},
            "required": [way],
            "additionalProperties": False,
        }
        for way, description in (
            ("env", "Name of an environment variable"),
            ("file", "Path of a file; a relative one starts at the folder of config.toml"),
            ("credential", "Name of a file in $CREDENTIALS_DIRECTORY (systemd's LoadCredential)"),
        )
    ],
}

#: A token or password: one line.
SecretLine = Annotated[Secret, PlainValidator(_resolve), WithJsonSchema(SECRET_SCHEMA)]
#: A private key or certificate in PEM form, or a JSON Web Key: several lines.
SecretText = Annotated[Secret, PlainValidator(_resolve_lines), WithJsonSchema(SECRET_SCHEMA)]
