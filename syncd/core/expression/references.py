"""Functions of distinguished names and references."""

from __future__ import annotations

import re

from syncd.core.expression.errors import Fault
from syncd.core.expression.functions import function
from syncd.core.expression.values import Value, integer, shown, text

_HEX = re.compile(r"(?:\\[0-9A-Fa-f]{2})+")


def _components(name: str) -> list[str]:
    """The relative names of a DN, from the left, escapes and quotes kept: RFC 4514 section 2, and RFC 1779's quotes."""
    parts, quoted, escaped = [""], False, False
    for each in name:
        if escaped:
            escaped = False
        elif each == "\\":
            escaped = True
        elif each == '"':
            quoted = not quoted
        elif each in ",;" and not quoted:
            parts.append("")
            continue
        parts[-1] += each
    return parts


def _unescaped(value: str) -> str:
    found = value.strip()
    if len(found) > 1 and found[0] == found[-1] == '"':
        found = found[1:-1]
    found = _HEX.sub(lambda run: bytes.fromhex(run[0].replace("\\", "")).decode("utf-8", "replace"), found)
    return re.sub(r"\\(.)", r"\1", found, flags=re.DOTALL)


@function("DNComponent(dn, n)")
def dn_component(dn: Value, n: Value) -> Value:
    """DNComponent(dn, n): the value of the n-th component of a distinguished name, counted from 1 from the left.

    Escapes are resolved (RFC 4514). A number beyond the last component gives null.

    Null: a null name gives null.
    Example: DNComponent([dn], 1) with {"dn": "cn=Joe,ou=Sales,dc=contoso,dc=com"} → "Joe"
    Example: DNComponent("cn=Doe\\\\, Jane,ou=Sales", 1) → "Doe, Jane"
    Example: DNComponent([dn], 5) with {"dn": "cn=Joe,ou=Sales,dc=contoso,dc=com"} → absent
    """
    found, at = text(dn), integer(n, "n")
    if at < 1:
        raise Fault("n counts from 1")
    if found is None:
        return None
    parts = _components(found)
    if at > len(parts):
        return None
    _, sign, value = parts[at - 1].partition("=")
    if not sign:
        raise Fault(f"{shown(found)} is no distinguished name")
    return _unescaped(value)


@function("CRef(dn)")
def cref(dn: Value) -> Value:
    """CRef(dn): the text as a reference.

    References are ids in syncd, so the text stays as it is.

    Null: null gives null.
    Example: CRef([managerId]) with {"managerId": "u-17"} → "u-17"
    """
    return text(dn)
