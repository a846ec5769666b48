"""A change as the requests of one dialect, and the names that its tests use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.scim.dialects import DIALECTS
from connectors.scim.knowledge import first_facts
from connectors.scim.profiles import load_profile
from connectors.scim.requests import steps
from syncd.core.change import Action, Change, TargetFacts

GENERIC = load_profile("generic")
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CUSTOM = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NUMBER = f"{ENTERPRISE}:employeeNumber"
MANAGER = f"{ENTERPRISE}:manager"
WORK = 'emails[type eq "work"].value'

RFC, ENTRA, ENTRA_2020, OKTA_PUT, OKTA_PATCH = "rfc7644", "entra", "entra-2020", "okta-put", "okta-patch"


def requests(
    dialect: str,
    action: Action,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    kind: str = "user",
    target_id: str | None = "t1",
    wrote: Mapping[str, Any] | None = None,
    facts: TargetFacts | None = None,
    called: Mapping[str, str] | None = None,
) -> list[tuple[str, str, Any]]:
    change = Change(
        action=action,
        kind=kind,  # type: ignore[arg-type]
        source_id="s",
        target_id=target_id,
        name="n",
        before=before,
        after=after,
        why="",
        called=called or {},
    )
    words = DIALECTS[dialect]  # type: ignore[index]
    found = steps(change, wrote or {}, words, facts or first_facts(GENERIC, words), GENERIC)
    return [(step.request.method, step.request.path, step.request.body) for step in found]


def operations(dialect: str, before: Mapping[str, Any], after: Mapping[str, Any], **more: Any) -> list[Any]:
    ((method, path, body),) = requests(dialect, Action.UPDATE, before, after, **more)
    assert (method, path) == ("PATCH", "/Users/t1" if more.get("kind", "user") == "user" else "/Groups/t1")
    assert body["schemas"] == [PATCH_OP]
    return list(body["Operations"])
