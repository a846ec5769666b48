"""One bad record stops none: it is named with the target's words, tried again ever more rarely, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import Cli
from tests.system.house import KINDS, House, house

REFUSAL = {
    "status": 400,
    "body": {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400",
        "scimType": "invalidValue",
        "detail": "No seat in this building",
    },
}


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house(request.param, tmp_path, people=5) as made:
        yield made


def refuse(here: House, name: str) -> None:
    here.at_target(REFUSAL, method="POST", body=here.company.login(name))


def failures(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in told["changes"] if row["status"] == "failed"]


def test_one_refused_user_is_named_and_the_rest_are_written(here: House, cli: Cli) -> None:
    for number in range(99):
        here.company.hire(f"n{number}", "sales")
    here.company.hire("odd", "sales", "legal")
    refuse(here, "odd")
    told = here.sync(code=4)
    assert told["counts"]["create"] == 99
    assert told["counts"]["failed"] == 1
    (row,) = failures(told)
    assert (row["name"], row["source_id"]) == (here.company.login("odd"), here.company.ids["odd"])
    assert row["error"]["http_status"] == 400
    assert "No seat in this building" in row["error"]["message"]
    assert row["error"]["next_try"]
    assert row["error"]["remedy"]
    assert len(here.active()) == 104
    assert len(here.target.members(here.company.team_name("sales"))) == 2 + 99
    (status,) = cli("status", "-o", "json").json["jobs"]
    assert len(status["failing"]) == 1 if isinstance(status["failing"], list) else status["failing"] == 1

    told = here.sync(code=4)  # tried again at once by `sync`, and told again
    assert here.methods.count("POST user") == 1
    assert failures(told)[0]["error"]["next_try"] > row["error"]["next_try"]

    here.all_well()
    here.sync()
    assert here.logins("odd") <= here.active()
    assert here.company.login("odd") in here.target.members(here.company.team_name("legal"))
    here.sync(full=True)
    assert here.written == []


def test_the_daemon_tries_a_failing_user_at_its_time_and_not_in_every_cycle(here: House) -> None:
    here.company.hire("odd", "sales")
    refuse(here, "odd")
    here.sync(code=4)
    for _ in range(3):
        here.sync(code=4, failed_now=False)
        assert here.written == []
    here.time.advance(timedelta(minutes=5))
    here.sync(code=4, failed_now=False)
    assert here.methods == ["POST user"]
    here.time.advance(timedelta(minutes=5))
    here.sync(code=4, failed_now=False)
    assert here.written == []
    here.all_well()
    here.time.advance(timedelta(minutes=10))
    here.sync(failed_now=False)
    assert here.logins("odd") <= here.active()


def test_a_value_that_cannot_be_mapped_fails_its_user_alone(tmp_path: Path) -> None:
    rows = """
[[jobs.job.users.mappings]]
target = "userName"
source = "userPrincipalName"
[[jobs.job.users.mappings]]
target = "title"
source = "jobTitle"
allowed = ["Engineer", "Director"]
"""
    with house("graph", tmp_path, people=5, more=rows) as here:
        here.company.hire("odd", "sales", title="Wizard")
        here.company.hire("even", "sales", title="Director")
        told = here.sync(code=4)
        (row,) = failures(told)
        assert row["name"] == here.company.login("odd")
        assert "'Wizard' is not allowed" in row["error"]["message"]
        assert "Director, Engineer" in row["error"]["message"]
        assert here.logins("even") <= here.active()
        assert not here.logins("odd") & here.active()
        assert here.methods == ["PATCH group", "POST user"]
        here.company.set_title("odd", "Engineer")
        here.sync()
        assert here.logins("odd") <= here.active()


def test_a_refused_group_leaves_the_other_groups_and_all_people_alone(here: House) -> None:
    name = here.company.found("odd")
    here.company.found("even")
    here.company.hire("new", "odd", "even")
    here.at_target(REFUSAL, method="POST", path="/Groups", body=name)
    told = here.sync(code=4)
    assert [row["name"] for row in failures(told)] == [name]
    assert here.target.members(here.company.team_name("even")) == here.logins("new")
    here.all_well()
    here.sync()
    assert here.target.members(name) == here.logins("new")
    here.sync(full=True)
    assert here.written == []


def test_one_refused_attribute_lets_the_others_through(here: House) -> None:
    before = here.target.user(here.company.login("ben"))
    assert before is not None
    here.company.set_title("ben", "Wizard")
    here.company.set_given_name("ben", "Benjamin")
    here.at_target(REFUSAL, method="PATCH", body="Wizard")
    told = here.sync(code=4)
    (row,) = failures(told)
    assert "title" in row["error"]["message"]
    stored = here.target.get("user", before.id)
    assert stored is not None
    assert stored.attributes["name"]["givenName"] == "Benjamin"
    here.all_well()
    here.sync()
    stored = here.target.get("user", before.id)
    assert stored is not None
    assert stored.attributes["title"] == "Wizard"
