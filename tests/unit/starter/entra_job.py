"""Small schemas of Entra, written as Microsoft Graph exports them, and what comes over of them."""

from __future__ import annotations

from typing import Any

from syncd.core.entra_schema import read_schema
from syncd.entra_import import Imported, carry_over


def imported(data: Any) -> Imported:
    return carry_over(read_schema(data))


def row(target: str, source: Any = None, **more: Any) -> dict[str, Any]:
    if isinstance(source, str):
        source = {"type": "Attribute", "name": source, "expression": f"[{source}]", "parameters": []}
    return {"targetAttributeName": target, "source": source, "flowType": "Always", "matchingPriority": 0, **more}


def function(expression: str) -> dict[str, Any]:
    return {"type": "Function", "name": expression.partition("(")[0], "expression": expression, "parameters": []}


LOGIN = row("userName", "userPrincipalName", matchingPriority=1)


def schema(*rows: Any, kind: str = "User", target: str = "customappsso", **mapping: Any) -> dict[str, Any]:
    made = {"name": f"{kind}s", "sourceObjectName": kind, "attributeMappings": list(rows), **mapping}
    rule = {"sourceDirectoryName": "Azure Active Directory", "targetDirectoryName": target, "objectMappings": [made]}
    return {"synchronizationRules": [rule]}


def about(found: Imported, word: str) -> list[str]:
    return [note for note in found.notes if word in note]
