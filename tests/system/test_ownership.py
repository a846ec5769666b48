"""What is not ours is left alone: accounts and groups without a link are never written, and adoption shows first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.journal import Entry
from connectors.sandbox.scim.control import ScimControl
from syncd.control import restart
from tests.system.conftest import Cli
from tests.system.house import KINDS, House, house
from tests.system.recorder import body_of

POLICIES = [
    (leaving, drift) for leaving in ("deactivate", "delete", "ignore") for drift in ("report", "repair", "ignore")
]


def add(here: House, kind: str, **resource: Any) -> str:
    """Something that the target's own people make, past its service."""
    control = here.service.control
    assert isinstance(control, ScimControl)
    return str(control.mutate("create", {"kind": kind, "resource": resource})["id"])


def strangers(here: House) -> set[str]:
    """Fifty accounts and groups of others, alike and unlike ours. Gives their ids."""
    found = {
        add(here, "user", userName=f"stranger{n}@elsewhere.example", active=n % 3 != 0, displayName="Ada")
        for n in range(40)
    }
    company = here.company
    found |= {
        add(here, "user", userName=f"{company.login('ada')}.old", active=True),
        add(here, "user", userName="ada", active=True, emails=[{"type": "work", "value": company.login("ada")}]),
    }
    some = [{"value": id_} for id_ in sorted(found)[:5]]
    return found | {add(here, "group", displayName=f"Strangers {n}", members=some) for n in range(8)}


def named(entries: list[Entry]) -> str:
    """Everything that these requests name, in one text."""
    return " ".join(f"{entry.path} {body_of(entry)}" for entry in entries)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.mark.parametrize(("leaving", "drift"), POLICIES)
def test_an_account_without_link_is_never_written(tmp_path: Path, leaving: str, drift: str) -> None:
    kind = KINDS[POLICIES.index((leaving, drift)) % 2]
    job = f'drift = "{drift}"\n[jobs.job.users]\nout_of_scope = "{leaving}"\ndelete_after = "0s"'
    with house(kind, tmp_path, people=24, job=job, begun=False) as here:
        theirs = strangers(here)
        before = {id_: state for id_, state in here.state().items() if id_ in theirs}
        here.sync()
        company = here.company
        company.leave("legal", "ada")
        company.leave("support", "ada")
        company.purge("ben")
        company.rename("cem", "cemal")
        company.dissolve("design")
        here.sync()
        here.time.advance_days(1)
        for _ in range(2):
            here.sync(full=True)
        here.sync(full=True)
        assert here.written == []
        assert {id_: state for id_, state in here.state().items() if id_ in theirs} == before
        everything = named([entry for entry in here.service.journal if entry.method != "GET"])
        assert not [id_ for id_ in theirs if id_ in everything]


def test_a_member_that_is_not_ours_stays_in_a_group_that_is(kind: str, tmp_path: Path) -> None:
    with house(kind, tmp_path, people=12, begun=False) as here:
        company = here.company
        stranger = add(here, "user", userName="stranger@elsewhere.example", active=True)
        add(here, "group", displayName=company.team_name("sales"), members=[{"value": stranger}])
        here.sync()
        name = company.team_name("sales")
        assert "stranger@elsewhere.example" in here.target.members(name)
        assert len(here.target.members(name)) == 7
        company.leave("sales", "ben")
        company.join("sales", "ada")
        here.sync()
        here.sync(full=True)
        assert here.written == []
        assert "stranger@elsewhere.example" in here.target.members(name)


def test_an_adoption_shows_in_a_dry_run_before_anything_is_written(kind: str, tmp_path: Path, cli: Cli) -> None:
    with house(kind, tmp_path, people=5, begun=False) as here:
        login = here.company.login("ada")
        theirs = add(here, "user", userName=login, active=True, nickName="Countess", title="Poet")
        before = here.state()
        dry = cli("--dry-run", "--job", "job", "-o", "json")
        assert dry.code == 2
        (adoption,) = [row for row in dry.changes if row["action"] == "adopt"]
        assert (adoption["target_id"], adoption["name"], adoption["status"]) == (theirs, login, "planned")
        assert {"attribute": "title", "old": "Poet", "new": "Engineer"} in adoption["modified"]
        assert [request["method"] for request in adoption["requests"]] == ["PATCH"]
        assert here.state() == before
        told = here.sync()
        assert told["checksum"] == dry.job["checksum"]
        stored = here.target.user(login)
        assert stored is not None
        assert (stored.id, stored.attributes["nickName"], stored.attributes["title"]) == (
            theirs,
            "Countess",
            "Engineer",
        )


def test_an_account_that_is_right_already_is_adopted_without_a_request(kind: str, tmp_path: Path) -> None:
    """As after the state DB was lost: everything is linked again, and nothing is written."""
    with house(kind, tmp_path, people=12) as here:
        before = here.state()
        (tmp_path / "again").mkdir()
        fresh = here.restarted(tmp_path / "again")
        told = fresh.sync()
        assert told["counts"]["adopt"] == 12 + 4
        assert told["counts"]["create"] == 0
        assert fresh.written == []
        assert here.state() == before
        fresh.runtime.close()


def test_restarting_with_links_adopts_everything_and_writes_nothing(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=5) as here:
        before = here.state()
        assert restart(here.runtime, "job", links=True) > 0
        told = here.sync()
        assert told["counts"]["adopt"] == len(before)
        assert here.written == []
        assert here.state() == before
