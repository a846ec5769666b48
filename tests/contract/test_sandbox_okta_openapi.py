"""The sandbox's answers fit Okta's published OpenAPI document of the management API.

The document is at github.com/okta/okta-management-openapi-spec; SYNCD_OKTA_OPENAPI names a local copy of the minimal
management file.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.sandbox.okta import Options, generate
from tests.contract.okta_org import Org, org
from tests.contract.openapi import Document

_PATH = os.environ.get("SYNCD_OKTA_OPENAPI")
pytestmark = pytest.mark.skipif(not _PATH, reason="SYNCD_OKTA_OPENAPI does not name Okta's OpenAPI document")

#: Null in answers of live organisations (and in the examples of Okta's documentation), though not declared nullable.
_LIVE_NULLS = re.compile(
    r"\.(detailEntry|outcome\.reason|legacyEventType|client|securityContext\.\w+"
    r"|accessibility\.(errorRedirectUrl|loginRedirectUrl)|profile\.description): null$"
)


@pytest.fixture(scope="module")
def document() -> Document:
    assert _PATH
    return Document(Path(_PATH))


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org(Options(provisioning=True)) as one:
        generate(one.directory, users=400, groups=40)
        user = one.people(1)[0]
        group = one.directory.create_group("Sales")
        one.directory.add_member(group.id, user.id)
        one.directory.assign_user("TestMu", user.id, {"role": "admin"})
        one.directory.set_status(user.id, "SUSPENDED", event="lifecycle.suspend")
        one.directory.set_options({"transition_s": 30})
        one.directory.set_status(user.id, "DEPROVISIONED")
        yield one


def concrete(acme: Org, path: str) -> str:
    """The path with ids of this organisation."""
    user = next(user for user in acme.directory.users if acme.directory.members.groups(user.id))
    app = next(iter(acme.directory.apps))
    ids = {
        "users": user.id,
        "groups": acme.directory.members.groups(user.id)[0],
        "apps": app,
        "user": "default",
        "mappings": acme.directory.app(app).mapping.id,
    }
    parts: list[str] = []
    for part in path.split("/"):
        before = parts[-1] if parts else ""
        app_user = before == "users" and "apps" in parts
        app_group = before == "groups" and "apps" in parts
        assigned = acme.directory.app(app)
        if part != "{}":
            parts.append(part)
        elif app_user:
            parts.append(next(iter(assigned.after(""))).id)
        elif app_group:
            parts.append(next(iter(assigned.groups)))
        else:
            parts.append(ids[before])
    return "/".join(parts)


@pytest.mark.parametrize(
    ("path", "params", "least"),
    [
        ("/api/v1/users", {}, 200),
        ("/api/v1/users", {"filter": 'status eq "DEPROVISIONED"'}, 3),
        ("/api/v1/users/{}", {}, 1),
        ("/api/v1/users/{}/groups", {}, 2),
        ("/api/v1/groups", {}, 41),
        ("/api/v1/groups", {"expand": "stats"}, 41),
        ("/api/v1/groups/{}", {}, 1),
        ("/api/v1/groups/{}/users", {}, 1),
        ("/api/v1/apps", {}, 1),
        ("/api/v1/apps/{}", {}, 1),
        ("/api/v1/apps/{}/users", {"limit": "500"}, 100),
        ("/api/v1/apps/{}/users", {"limit": "500", "expand": "user"}, 100),
        ("/api/v1/apps/{}/users/{}", {"expand": "user"}, 1),
        ("/api/v1/apps/{}/groups", {"limit": "200"}, 5),
        ("/api/v1/apps/{}/groups", {"limit": "200", "expand": "group"}, 5),
        ("/api/v1/apps/{}/groups/{}", {}, 1),
        ("/api/v1/logs", {}, 5),
        ("/api/v1/mappings", {}, 1),
        ("/api/v1/mappings/{}", {}, 1),
        ("/api/v1/meta/types/user", {}, 1),
    ],
)
async def test_answers_fit_the_published_document(
    acme: Org, document: Document, path: str, params: dict[str, str], least: int
) -> None:
    answer = await acme.get(concrete(acme, path), **params)
    assert answer.status == 200, answer.json
    assert len(answer.json if isinstance(answer.json, list) else [answer.json]) >= least
    assert [fault for fault in document.faults(path, answer.json) if not _LIVE_NULLS.search(fault)] == []


async def test_schemas_differ_from_the_document_only_in_what_live_ones_say(acme: Org, document: Document) -> None:
    """The document knows no `unique: "UNIQUE_VALIDATED"`, which every live schema has."""
    for path in ("/api/v1/meta/schemas/user/{}", "/api/v1/meta/schemas/apps/{}/default"):
        faults = document.faults(path, (await acme.get(concrete(acme, path))).json)
        assert [fault for fault in faults if "UNIQUE_VALIDATED" not in fault] == []


async def test_the_check_itself_finds_what_does_not_fit(acme: Org, document: Document) -> None:
    user = (await acme.get(concrete(acme, "/api/v1/users/{}"))).json
    for change, expected in (
        ({"status": "HIBERNATED"}, "$.status: 'HIBERNATED' is not in the enumeration"),
        ({"created": "yesterday"}, "$.created: 'yesterday' is no time"),
        ({"id": 7}, "$.id: int for string"),
        ({"profile": {"firstName": ""}}, "$.profile.firstName: 0 characters"),
    ):
        assert document.faults("/api/v1/users/{}", {**user, **change}) == [expected]
    row = (await acme.get(concrete(acme, "/api/v1/apps/{}/users/{}"))).json
    del row["scope"]
    assert document.faults("/api/v1/apps/{}/users/{}", row) == ["$.scope: missing"]
