"""What a target's /Schemas says of its attributes, as far as it can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.emulator import Emulator
from connectors.sandbox.scim import Quirks, ScimDirectory, scim_app
from connectors.sandbox.scim.schema import Attribute, Schema
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import open_target
from syncd.core.attribute_type import AttributeType
from syncd.core.change import TargetFacts
from syncd.core.secret import Secret
from tests.servers import RunningServer

TOKEN = "sandbox-token-of-the-types"
URN = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User"
ACME = Schema(
    id=URN,
    name="Acme",
    extends="user",
    attributes=(
        Attribute(name="Badge", type="integer", required=True),
        Attribute(name="tags", multi_valued=True, case_exact=True),
        Attribute(name="grade", mutability="immutable"),
        Attribute(name="secret", returned="never"),
        Attribute(name="desk", type="complex", sub_attributes=(Attribute(name="floor", type="integer"),)),
    ),
)


async def announced(url: str, token: str = TOKEN) -> TargetFacts:
    target = open_target(ScimSettings(name="t", url=url, auth=BearerToken(token=Secret(token))), None, write=False)
    try:
        return await target.discover()
    finally:
        await target.close()


@pytest.fixture
def service() -> Iterator[tuple[str, Emulator]]:
    emulator = scim_app(ScimDirectory(), quirks=Quirks(extensions=(ACME,)), token=Secret(TOKEN))
    with serve({"scim": emulator}) as running:
        yield f"{running['scim']}/scim", emulator


async def test_types_are_known_by_path_in_lower_case(service: tuple[str, Emulator]) -> None:
    facts = await announced(service[0])
    types = facts.types["user"]
    low = URN.lower()
    assert types[f"{low}:badge"] == AttributeType(type="integer", case_exact=False, required=True)
    assert types[f"{low}:tags"] == AttributeType(multi=True, case_exact=True)
    assert types[f"{low}:grade"].mutability == "immutable"
    assert types[f"{low}:secret"].mutability == "writeOnly"
    assert types[f"{low}:desk"].type == "complex"
    assert types[f"{low}:desk.floor"].type == "integer"
    assert types["username"].required
    assert types["emails"].multi
    assert types["emails.primary"].type == "boolean"
    assert types["password"].mutability == "writeOnly"
    assert types["groups"].mutability == "readOnly"
    assert facts.types["group"]["displayname"].required
    assert facts.shows("user", f"{URN}:tags")
    assert not facts.shows("user", f"{URN}:secret")


ODD: list[Any] = [
    {"name": "flag", "type": "BOOLEAN", "caseExact": "false", "multiValued": "true", "required": "yes"},
    {"name": "odd", "type": "Text"},
    {"name": "bare"},
    {"name": "numbered", "type": 7},
    {"name": "parts", "type": "complex", "subAttributes": [None, {"name": 5}, {"name": "one", "type": "dateTime"}]},
    "nothing",
    {"type": "string"},
]


async def test_what_makes_no_sense_is_left_out(service: tuple[str, Emulator]) -> None:
    url, emulator = service
    core = {"id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": ODD}
    answer = {"Resources": [core, {"id": 5, "attributes": "x"}], "totalResults": 2}
    emulator.faults.add({"match": {"path": "/scim/Schemas"}, "times": None, "action": {"status": 200, "body": answer}})
    facts = await announced(url)
    assert facts.types == {
        "user": {
            "flag": AttributeType(type="boolean"),
            "bare": AttributeType(),
            "parts": AttributeType(type="complex"),
            "parts.one": AttributeType(type="dateTime"),
        }
    }
    assert facts.attributes is not None
    assert {"odd", "numbered", "externalId"} <= facts.attributes["user"]


@pytest.mark.parametrize("status", [404, 500, 403])
async def test_a_target_without_schemas_announces_nothing(service: tuple[str, Emulator], status: int) -> None:
    url, emulator = service
    emulator.faults.add({"match": {"path": "/scim/Schemas"}, "times": None, "action": {"status": status}})
    facts = await announced(url)
    assert (facts.types, facts.attributes) == ({}, None)
    assert facts.shows("user", "title")


@pytest.mark.parametrize("server", ["scim2_server", "scimmy"])
async def test_services_of_others_are_understood(server: str, request: pytest.FixtureRequest) -> None:
    running: RunningServer = request.getfixturevalue(server)
    facts = await announced(running.url, running.token)
    types = facts.types["user"]
    assert types["username"].required
    assert types["active"].type == "boolean"
    assert types["emails"].multi
