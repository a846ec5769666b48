"""The whole way of a mapping: from config.toml and the target's own /Schemas to what the target holds, and its words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.scim.schema import Attribute, Schema
from syncd.core.attributes import parse_path, read
from syncd.target_facts import facts_data, facts_from
from tests.system.conftest import Cli
from tests.system.house import House, house, quirky

URN = "urn:ietf:params:scim:schemas:extension:Acme:2.0:User"
ACME = Schema(
    id=URN,
    name="Acme",
    extends="user",
    attributes=(
        Attribute(name="badge", type="integer"),
        Attribute(name="remote", type="boolean"),
        Attribute(name="started", type="dateTime"),
        Attribute(name="tags", multi_valued=True),
        Attribute(name="grade", mutability="immutable"),
        Attribute(name="level", mutability="readOnly"),
        Attribute(name="code", case_exact=True),
        Attribute(name="hidden"),
    ),
)
ROWS = f"""
[jobs.job.groups]
enabled = false
[jobs.job.users]
mappings = [
  {{ target = "userName", source = "userPrincipalName" }},
  {{ target = "ACTIVE", expression = 'Not([IsSoftDeleted])' }},
  {{ target = "displayName", source = "displayName" }},
  {{ target = 'roles[primary eq "True"].display', constant = "Member" }},
  {{ target = 'roles[primary eq "True"].value', source = "jobTitle" }},
  {{ target = 'emails[type eq "home"].primary', constant = "True" }},
  {{ target = 'emails[type eq "home"].value', source = "mail" }},
  {{ target = "{URN}:badge", source = "employeeId" }},
  {{ target = "{URN}:remote", expression = 'IIF([city]="Oslo", "False", "True")' }},
  {{ target = "{URN}:started", expression = 'CDate("2026-01-31")' }},
  {{ target = "{URN}:tags", expression = 'Split([department], ",")' }},
  {{ target = "{URN}:grade", source = "jobTitle" }},
  {{ target = "{URN}:level", source = "jobTitle" }},
  {{ target = "{URN}:code", source = "postalCode" }},
  {{ target = "{URN}:hidden", expression = 'Redact([streetAddress])' }},
]
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[House]:
    with house("graph", tmp_path, people=3, quirks=quirky(extensions=(ACME,)), more=ROWS, begun=False) as made:
        yield made


def change(here: House, name: str, **properties: Any) -> None:
    here.company.directory.update_user(here.company.ids[name], **properties)  # type: ignore[union-attr]  # Entra's own


def value(here: House, name: str, path: str) -> Any:
    return read(here.account(name), parse_path(path))


def test_the_very_first_plan_has_the_types_that_the_target_announces(here: House) -> None:
    change(here, "ada", employeeId="0042", department="b,a,b", city="Oslo", postalCode="0150")
    dry = here.sync(code=2, dry=True)
    done = here.sync()
    assert done["checksum"] == dry["checksum"]
    ada = here.account("ada")
    assert ada["active"] is True
    assert ada["roles"] == [{"primary": True, "display": "Member", "value": "Engineer"}]
    assert ada["emails"] == [{"type": "home", "primary": True, "value": here.company.login("ada")}]
    assert ada[URN] == {
        "badge": 42,
        "remote": False,
        "started": "2026-01-31T00:00:00Z",
        "tags": ["a", "b"],
        "grade": "Engineer",
        "code": "0150",
    }
    assert not here.sync()["changes"]
    full = here.sync(full=True)
    assert (full["changes"], full["drift"]) == ([], [])


def test_what_the_target_announced_is_remembered(here: House) -> None:
    here.sync()
    facts = facts_from(json.loads(json.dumps(here.runtime.store.facts("product"))))
    assert facts_from(facts_data(facts)) == facts
    types = facts.types["user"]
    assert (types[f"{URN}:badge".lower()].type, types[f"{URN}:tags".lower()].multi) == ("integer", True)
    assert types["username"].required
    assert types[f"{URN}:code".lower()].case_exact is True
    assert types["displayname"].case_exact is False
    asked = [entry.path for entry in here.service.journal.since(0) if entry.path.endswith("/Schemas")]
    assert len(asked) == 1


def test_a_failing_row_fails_that_object_alone(here: House) -> None:
    change(here, "ada", employeeId="many")
    told = here.sync(code=4)
    assert here.active() == here.logins("ben", "cem")
    (failed,) = [row for row in told["changes"] if row["status"] == "failed"]
    assert failed["error"]["message"] == (
        f"Job job: {URN}:badge from [employeeId]: 'many' is no number (a whole number is expected). "
        "Correct the mapping, or the value at the source, then run: syncd explain NAME"
    )
    assert here.sync(code=4)["counts"]["failed"] == 1, "it is tried again although nothing changed at the source"
    (entry,) = here.runtime.store.log.newest("job", here.company.ids["ada"], count=1)
    assert (entry.status, entry.error["code"]) == ("failure", "MappingError")
    assert entry.error["next_try"] is not None
    assert [step["step"] for step in entry.steps] == ["import", "scope", "match", "action"]
    change(here, "ada", employeeId="7")
    here.sync()
    assert value(here, "ada", f"{URN}:badge") == 7


def test_values_that_went_away_are_removed_with_what_described_them(here: House) -> None:
    change(here, "ada", employeeId="7", department="a,b")
    here.sync()
    change(here, "ada", employeeId=None, department="b", mail=None, jobTitle=None, displayName=None)
    here.sync()
    ada = here.account("ada")
    assert "emails" not in ada
    assert "roles" not in ada
    assert "badge" not in ada[URN]
    assert ada[URN]["tags"] == ["b"]
    assert not here.sync()["changes"]


def test_case_alone_counts_where_the_target_says_so_and_goes_along_elsewhere(here: House) -> None:
    change(here, "ada", postalCode="ab", displayName="ada")
    here.sync()
    change(here, "ada", displayName="Ada")
    assert not here.sync()["changes"]
    change(here, "ada", postalCode="AB")
    here.sync()
    assert value(here, "ada", f"{URN}:code") == "AB"
    assert value(here, "ada", "displayName") == "Ada"
    assert not here.sync()["changes"]


def test_what_cannot_be_changed_is_told_once_and_what_nobody_writes_is_left_out(here: House) -> None:
    here.sync()
    here.company.set_title("ada", "Director")
    told = here.sync()
    assert any(f"{URN}:grade cannot be changed once it is written" in row["message"] for row in told["warnings"])
    assert value(here, "ada", f"{URN}:grade") == "Engineer"
    assert value(here, "ada", f"{URN}:level") is None
    assert not here.sync()["warnings"]


def test_explain_shows_what_each_row_reads_and_gives_and_no_redacted_value(here: House, cli: Cli) -> None:
    change(here, "ada", streetAddress="s3cret street", employeeId="many", city="Oslo")
    ran = cli("explain", here.company.login("ada"), "--job", "job", "-o", "json")
    (step,) = [step for step in ran.job["steps"] if step["step"] == "import"]
    rows = {row["target"]: row for row in step["data"]["mapping"]}
    login = here.company.login("ada")
    assert rows["userName"]["reads"] == {"userPrincipalName": login}
    assert rows["userName"]["gives"] == login
    assert rows[f"{URN}:remote"]["reads"] == {"city": "Oslo"}
    assert rows[f"{URN}:remote"]["gives"] is False
    assert rows[f"{URN}:remote"]["from"] == 'IIF([city]="Oslo", "False", "True")'
    assert "is no number" in rows[f"{URN}:badge"]["error"]
    assert rows[f"{URN}:hidden"]["reads"] == {"streetAddress": "[Redact]"}
    assert rows[f"{URN}:hidden"]["gives"] == "[Redact]"
    assert "s3cret" not in ran.out
    text = cli("explain", login, "--job", "job")
    assert f'{URN}:remote ← IIF([city]="Oslo", "False", "True") with city: \'Oslo\' = False' in text.out
    assert "s3cret" not in text.out + text.err


def test_a_redacted_value_is_written_and_shown_nowhere(here: House, cli: Cli, tmp_path: Path) -> None:
    change(here, "ada", streetAddress="s3cret street")
    told = here.sync()
    assert value(here, "ada", f"{URN}:hidden") == "s3cret street"
    change(here, "ada", streetAddress="s3cret road")
    told = [told, here.sync(code=2, dry=True), here.sync()]
    assert value(here, "ada", f"{URN}:hidden") == "s3cret road"
    assert not here.sync(full=True)["changes"]
    for arguments in (["explain", here.company.login("ada")], ["log"], ["status"]):
        ran = cli(*arguments, "-o", "json")
        told.append(ran.out + ran.err)
    assert "s3cret" not in str(told)
    with closing(sqlite3.connect(tmp_path / "state.db")) as db:
        tables = {name for (name,) in db.execute("select name from sqlite_master where type = 'table'")}
        shown = {table for table in tables if "s3cret" in repr(db.execute(f"select * from {table}").fetchall())}
    assert shown == {"users"}  # the mirror of what the source says; nothing of what was made of it


def test_a_redacted_value_that_nobody_can_compare_is_written_once_more(here: House) -> None:
    here.sync()
    change(here, "ada", streetAddress="s3cret lane")
    here.at_target({"status": 500}, method="PATCH", path="/Users/")
    here.sync(code=4)
    here.all_well()
    here.time.advance(timedelta(minutes=5))
    here.sync()
    assert value(here, "ada", f"{URN}:hidden") == "s3cret lane"
    here.sync()
    assert here.written == []
