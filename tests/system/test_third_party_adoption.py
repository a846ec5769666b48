"""Accounts that exist at servers that others wrote: the one sure match is adopted, several are held, a 409 is looked up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import RunningServer
from tests.system.life import Life, lived

SERVERS = ("scim2_server", "django_scim2", "scimmy")
#: By a name that several may have, which each of the servers keeps.
BY_NAME = """
[jobs.job.users]
match = ["displayName", "userName"]
"""
NOBODY = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": []}


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> RunningServer:
    found: RunningServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def life(server: RunningServer, tmp_path: Path) -> Iterator[Life]:
    with lived("graph", server, tmp_path, people=4, more=BY_NAME) as made:
        yield made


def test_an_account_made_between_look_up_and_create_is_adopted_on_the_servers_409(life: Life) -> None:
    company, product = life.company, life.product
    login = company.hire("new", "sales")
    theirs = product.add_user(login, nickName="Countess")
    there = len(product.users())
    # By its name nobody is found; when it is looked up by its login, the account is about to come.
    asked = {"method": "GET", "path": "filter=.*" + login.replace("@", "(@|%40)")}
    life.recorder.fail({"match": asked, "times": 1, "action": {"replace": NOBODY}})
    begun = life.recorder.now
    life.sync()
    assert life.recorder.emulator.faults.data[0]["hit"] == 1
    (refused,) = [entry for entry in life.recorder.writes(begun) if entry.method == "POST"]
    assert refused.status == 409
    assert len(product.users()) == there
    account = product.user(login)
    assert account["id"] == theirs["id"]
    assert account["name"]["givenName"] == "New"
    assert account.get("nickName") == theirs.get("nickName")
    assert str(theirs["id"]) in product.members(company.team_name("sales"))
    life.recorder.emulator.faults.clear()
    life.steady()


def test_several_accounts_that_match_are_held_by_their_ids_until_somebody_settles_it(life: Life) -> None:
    company, product = life.company, life.product
    login = company.hire("twin", "sales")
    company.hire("other", "sales")
    called = {
        "displayName": f"Twin {company.tag}",
        "name": {"givenName": "Twin", "familyName": company.tag, "formatted": f"Twin {company.tag}"},
    }
    twins = [product.add_user(f"{name}.{login}", **called) for name in ("one", "two")]
    before = {str(twin["id"]): product.users()[str(twin["id"])] for twin in twins}
    (held,) = [row for row in life.sync(code=3) if row["status"] == "held"]
    assert held["name"] == login
    assert all(id_ in held["held"] for id_ in before)
    assert {id_: product.users()[id_] for id_ in before} == before
    assert product.user(company.login("other"))["active"] is True
    assert [row["status"] for row in life.sync(code=3)] == ["held"]
    assert life.written == []

    product.delete(f"/Users/{twins[1]['id']}")
    (row,) = [row for row in life.sync() if row["kind"] == "user"]
    assert (row["action"], row["target_id"]) == ("adopt", str(twins[0]["id"]))
    assert product.user(login)["id"] == twins[0]["id"]
    life.steady()
