"""The third-party servers that other tests rely on: each really runs, checks its token and keeps what it is given."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy

from syncd.core.attributes import ENTERPRISE_SCHEMA, USER_SCHEMA
from tests.servers import Postgres, RunningServer, scim2_server

TESTMU_USER = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User"


@pytest.fixture(params=["scim2_server", "django_scim2", "scimmy"])
def server(request: pytest.FixtureRequest) -> RunningServer:
    running: RunningServer = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=20, trust_env=False) as client:
        yield client


def user(**more: object) -> dict[str, object]:
    login = f"{uuid.uuid4().hex}@contoso.example"
    return {
        "schemas": [USER_SCHEMA],
        "userName": login,
        "name": {"givenName": "Ana", "familyName": "Núñez"},
        "emails": [{"value": login, "type": "work", "primary": True}],
        "active": True,
        **more,
    }


def test_a_user_is_created_read_found_and_deleted(client: httpx.Client) -> None:
    wanted = user()
    made = client.post("/Users", json=wanted)
    assert made.status_code == 201, made.text
    path = f"/Users/{made.json()['id']}"

    assert client.get(path).json()["name"]["familyName"] == "Núñez"
    found = client.get("/Users", params={"filter": f'userName eq "{wanted["userName"]}"'}).json()
    assert [one["id"] for one in found["Resources"]] == [made.json()["id"]]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_taken_user_name_is_refused_with_409(client: httpx.Client) -> None:
    wanted = user()
    assert client.post("/Users", json=wanted).status_code == 201
    assert client.post("/Users", json=wanted).status_code == 409


def test_a_group_takes_a_member(client: httpx.Client) -> None:
    member = client.post("/Users", json=user()).json()["id"]
    group = client.post(
        "/Groups",
        json={"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": uuid.uuid4().hex},
    )
    assert group.status_code == 201, group.text
    patched = client.patch(
        f"/Groups/{group.json()['id']}",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "add", "path": "members", "value": [{"value": member}]}],
        },
    )
    assert patched.status_code in (200, 204), patched.text
    assert [one["value"] for one in client.get(f"/Groups/{group.json()['id']}").json()["members"]] == [member]


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic c3luY2Q6c3luY2Q="])
def test_without_its_token_nobody_gets_in(server: RunningServer, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert httpx.get(server.url + "/Users", headers=headers, trust_env=False).status_code == 401


@pytest.mark.parametrize("fixture", ["scim2_server", "scimmy"])
def test_the_enterprise_extension_is_kept(fixture: str, request: pytest.FixtureRequest) -> None:
    running: RunningServer = request.getfixturevalue(fixture)
    wanted = user(schemas=[USER_SCHEMA, ENTERPRISE_SCHEMA])
    wanted[ENTERPRISE_SCHEMA] = {"department": "Research"}
    made = httpx.post(running.url + "/Users", json=wanted, headers=running.headers, trust_env=False)
    assert made.json()[ENTERPRISE_SCHEMA]["department"] == "Research"


def test_the_strict_server_announces_and_keeps_testmus_extension(scim2_server: RunningServer) -> None:
    wanted = user(schemas=[USER_SCHEMA, TESTMU_USER])
    wanted[TESTMU_USER] = {"OrganizationRole": "Admin"}
    made = httpx.post(scim2_server.url + "/Users", json=wanted, headers=scim2_server.headers, trust_env=False)
    assert made.json()[TESTMU_USER] == {"OrganizationRole": "Admin"}
    schemas = httpx.get(scim2_server.url + "/Schemas", headers=scim2_server.headers, trust_env=False).json()
    assert {TESTMU_USER, TESTMU_USER.replace(":User", ":Group")} <= {one["id"] for one in schemas["Resources"]}


def test_a_server_ends_with_its_context() -> None:
    with scim2_server() as server:
        assert "Uvicorn running" in server.log
    with pytest.raises(ProcessLookupError):
        os.killpg(server.pid, signal.SIGCONT)
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "/Users", trust_env=False)


def test_each_database_is_new_and_empty(postgres: Postgres) -> None:
    first, second = postgres.database(), postgres.database()
    assert first != second
    engine = sqlalchemy.create_engine(first)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE kept (id integer)"))
    engine.dispose()
    engine = sqlalchemy.create_engine(second)
    with engine.connect() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []
    engine.dispose()
