"""Functions between texts, bytes and their printable forms."""

from __future__ import annotations

import base64
import binascii

from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, bounded, shown, single, text

_ENCODINGS = {"Unicode": "utf-16-le", "UTF8": "utf-8", "ASCII": "ascii"}


def _utf16(found: str) -> bytes:
    return found.encode("utf-16-le", "surrogatepass")


def _utf8(found: str) -> bytes:
    """As .NET: half a surrogate pair becomes U+FFFD."""
    return _utf16(found).decode("utf-16-le", "replace").encode("utf-8")


@function("ConvertToBase64(source)")
def convert_to_base64(source: Value) -> Value:
    """ConvertToBase64(source): base64 of the UTF-16LE bytes of the text.

    Null: null gives null.
    Example: ConvertToBase64("Hello world!") → "SABlAGwAbABvACAAdwBvAHIAbABkACEA"
    """
    found = text(source)
    if found is None:
        return None
    bounded(len(found) * 3)
    return base64.b64encode(_utf16(found)).decode("ascii")


@function("ConvertFromBase64(source, [encoding])", keywords=frozenset(_ENCODINGS))
def convert_from_base64(source: Value, encoding: Value = None) -> Value:
    """ConvertFromBase64(source, [encoding]): the text that the base64 holds, the inverse of `ConvertToBase64`.

    `encoding` is `Unicode` (UTF-16LE, the default), `UTF8` or `ASCII`. White space in the base64 is ignored.

    Null: null gives null.
    Example: ConvertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA") → "Hello world!"
    Example: ConvertFromBase64("Wm/Dqw==", UTF8) → "Zoë"
    """
    found, name = text(source), text(encoding) or "Unicode"
    if name not in _ENCODINGS:
        raise Fault(f"encoding is {shown(name)}; it must be Unicode, UTF8 or ASCII")
    if found is None:
        return None
    try:
        return base64.b64decode("".join(found.split()), validate=True).decode(_ENCODINGS[name])
    except (binascii.Error, ValueError):
        raise Fault(f"{shown(found)} is no base64 of a text in {name}") from None


@function("ConvertToUTF8Hex(source)")
def convert_to_utf8_hex(source: Value) -> Value:
    """ConvertToUTF8Hex(source): the UTF-8 bytes as hexadecimal, upper-case, two digits a byte, no separators.

    Null: null gives null.
    Example: ConvertToUTF8Hex("Hello world!") → "48656C6C6F20776F726C6421"
    """
    found = text(source)
    if found is None:
        return None
    bounded(len(found) * 8)
    return _utf8(found).hex().upper()


@function("StringFromSid(binary)")
def string_from_sid(binary: Value) -> Value:
    """StringFromSid(binary): a Windows security identifier as text.

    Takes the bytes as base64, the way JSON carries them; a SID that is a text already stays as it is. The layout is
    that of [MS-DTYP] section 2.4.2.

    Null: null gives null.
    Example: StringFromSid("AQUAAAAAAAUVAAAAFWHvSlfvl1Ar+9BTaQQAAA==") → "S-1-5-21-1257201941-1352134487-1406204715-1129"
    Example: StringFromSid("S-1-5-32-544") → "S-1-5-32-544"
    """
    value = single(binary)
    if value is None:
        return None
    if isinstance(value, (bytes, bytearray)):
        data = bytes(value)
    else:
        found = text(value) or ""
        if found.startswith("S-1-"):
            return found
        try:
            data = base64.b64decode(found, validate=True)
        except (binascii.Error, ValueError):
            raise Fault(f"{shown(found)} is no SID in base64") from None
    if len(data) < 8 or data[0] != 1 or data[1] > 15 or len(data) != 8 + 4 * data[1]:
        raise Fault("the bytes are no SID")
    authority = int.from_bytes(data[2:8], "big")
    parts = [int.from_bytes(data[at : at + 4], "little") for at in range(8, len(data), 4)]
    return "-".join(["S-1", str(authority), *map(str, parts)])
