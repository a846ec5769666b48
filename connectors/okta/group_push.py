"""Groups that Okta itself pushes for the application: what to select here so that the same groups go on.

Two writers at one target quarrel, so `syncd check` tells of them. Okta API documentation, "Group Push Mapping"; needs
okta.apps.read and okta.groups.read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from connectors.okta import groups
from connectors.okta.assignments import app_path
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import known_id
from connectors.okta.pager import walk
from connectors.okta.second_look import FEW
from syncd.core.model import Finding

_SHOWN = 20


@dataclass(kw_only=True, slots=True)
class GroupPush:
    """The mappings of one application, by what they do now."""

    active: dict[str, str] = field(default_factory=dict)  #: name of a pushed group → Okta's id of its target group
    paused: dict[str, str] = field(default_factory=dict)  #: name of a group that is not pushed → why, in words

    @property
    def select(self) -> str:
        """The active ones as `groups.select` of config.toml."""
        return "[ " + ", ".join(f"{{ name = {orjson.dumps(name).decode()} }}" for name in sorted(self.active)) + " ]"


async def group_push(client: OktaClient) -> GroupPush:
    """All mappings, 1,000 a page. Raises Failure and Incomplete."""
    first = app_path(client.settings.app_id, "group-push", "mappings") + "?limit=1000"
    rows = [row async for page in walk(client, first, step="group push mappings") for row in page]
    rows = [row for row in rows if isinstance(row, dict) and isinstance(row.get("sourceGroupId"), str)]
    names = await _names(client, {row["sourceGroupId"] for row in rows})
    found = GroupPush()
    for row in rows:
        name = names.get(row["sourceGroupId"], row["sourceGroupId"])
        if row.get("status") == "ACTIVE" and row["sourceGroupId"] in names:
            found.active[name] = str(row.get("targetGroupId"))
        else:
            found.paused[name] = str(row.get("errorSummary") or row.get("status"))
    return found


async def _names(client: OktaClient, ids: set[str]) -> dict[str, str]:
    """Names of groups by id; a few are asked for one by one."""
    if len(ids) <= FEW:
        records = [await groups.group(client, id_) for id_ in sorted(ids)]
    else:
        pages = walk(client, "/api/v1/groups?limit=200", step="groups")
        records = [record async for page in pages for record in page if known_id(record) in ids]
    return {one["id"]: str((one.get("profile") or {}).get("name")) for one in records if one is not None}


async def push_findings(client: OktaClient) -> list[Finding]:
    """Nothing where Okta pushes no group, or cannot tell; else which ones, and what to write here in their place."""
    what = "Okta: group push"
    try:
        found = await group_push(client)
    except Failure as failure:
        if failure.status != 403:
            return []
        remedy = f"Grant {failure.scope} as well, to see whether Okta pushes groups of this application itself."
        return [Finding(ok=True, what=what, detail=f"cannot be read ({failure})", remedy=remedy)]
    findings: list[Finding] = []
    if found.active:
        many = len(found.active) > _SHOWN
        text = f"{len(found.active):,} groups are pushed by Okta itself, so that two write to one target"
        remedy = "Take them over, then deactivate the mappings at Okta: " + (
            "select them by a prefix or a regex." if many else f"select = {found.select}"
        )
        findings.append(Finding(ok=True, what=what, detail=text, remedy=remedy))
    if found.paused:
        few = ", ".join(f"{name} ({why})" for name, why in sorted(found.paused.items())[:_SHOWN])
        text = f"{len(found.paused):,} mappings are not active and not to be taken over unseen: {few}"
        findings.append(Finding(ok=True, what=what, detail=text))
    return findings
