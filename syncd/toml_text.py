"""Values as TOML writes them (TOML 1.0). The standard library reads TOML, and does not write it."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.core.model import Json

_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def toml(value: Json) -> str:
    """One value: text, a Boolean, a number, a list, or a table in one line. Raises TypeError for anything else."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case list() | tuple():
            return f"[{', '.join(map(toml, value))}]"
        case _ if isinstance(value, Mapping):
            return f"{{ {', '.join(f'{_key(key)} = {toml(each)}' for key, each in value.items())} }}"
        case _:
            raise TypeError(f"TOML has no {type(value).__name__}")


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _text(key)


def _text(text: str) -> str:
    """In the quotes that need no escapes, so that expressions stay legible: "plain", 'with "quotes"', or several lines."""
    lines = text.split("\n")
    if all(line.isprintable() for line in lines):
        if len(lines) == 1 and not set(text) & {'"', "\\"}:
            return f'"{text}"'
        if len(lines) == 1 and "'" not in text:
            return f"'{text}'"
        # A line break right behind the opening quotes is not part of the value.
        if len(lines) > 1 and "'''" not in text and not text.endswith("'"):
            return f"'''\n{text}'''"
    return f'"{"".join(map(_character, text))}"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
