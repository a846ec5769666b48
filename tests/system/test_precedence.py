"""Several jobs on one target: the incumbent keeps an account, precedence decides about the others, and moves leave no gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.control import pause, restart
from tests.system.conftest import Cli
from tests.system.house import House, house


def jobs(first: int, second: int) -> dict[str, str]:
    """Two jobs from one source on one target, without groups: `job` for who is assigned, `other` for everybody."""
    return {
        "job": f"precedence = {first}\ngroups.enabled = false",
        "more": f"""
[jobs.other]
source = "company"
target = "product"
scope = "all"
precedence = {second}
[jobs.other.groups]
enabled = false
""",
    }


def held(told: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["held"] for row in told["changes"] if row["status"] == "held"}


def owners(here: House) -> dict[str, str]:
    """Whose each account is, by login."""
    found = here.runtime.store.links.owners("product", "user", [user.id for user in here.target.users()])
    return {user.name: found[user.id].job for user in here.target.users()}


def test_who_is_in_two_scopes_goes_to_the_job_with_the_higher_precedence(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4, begun=False, **jobs(1, 5)) as here:
        here.sync(code=None, dry=True)
        waiting = held(here.sync(code=3))
        assert waiting.keys() == here.logins("ada", "ben", "cem", "dea")
        assert (
            "job other claims this account too, and its precedence is higher (5 over 1)"
            in waiting[here.company.login("ada")]
        )
        assert here.written == []
        here.sync(job="other")
        assert set(owners(here).values()) == {"other"}
        assert len(here.active()) == 4
        assert "belongs to job other, which keeps it" in held(here.sync(code=3))[here.company.login("ada")]
        assert here.written == []


def test_without_precedence_whoever_comes_first_has_it(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4, **jobs(0, 0)) as here:
        assert held(here.sync(code=3, job="other")).keys() == here.logins("ada", "ben", "cem", "dea")
        assert set(owners(here).values()) == {"job"}


def test_a_higher_precedence_takes_no_account_from_the_job_that_has_it(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4, begun=False, **jobs(1, 5)) as here:
        here.sync(job="other")
        with here.changed_config(("precedence = 1", "precedence = 9")):
            here.sync(code=3)
            here.company.hire("new", "sales")
            here.sync(code=3)
            assert here.methods == ["POST user"]
            assert owners(here) == dict.fromkeys(here.logins("ada", "ben", "cem", "dea"), "other") | {
                here.company.login("new"): "job"
            }


def test_a_move_by_precedence_leaves_no_gap_in_access(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4, **jobs(1, 0)) as here:
        here.company.hire("freelance")
        here.sync(code=3, job="other")
        before = here.state()
        with here.changed_config(("precedence = 0", "precedence = 2")):
            assert restart(here.runtime, "job", links=True) == 4
            here.sync(code=3)
            assert here.written == []
            here.sync(job="other")
            assert here.written == []
        assert set(owners(here).values()) == {"other"}
        assert {id_: here.state()[id_] for id_ in before} == before


def test_the_commands_go_by_precedence_and_explain_names_who_goes_first(tmp_path: Path, cli: Cli) -> None:
    with house("graph", tmp_path, people=4, begun=False, **jobs(1, 5)) as here:
        assert cli("sync", "--job", "job").code == 3
        ran = cli("explain", here.company.login("ada"), "--job", "job", "-o", "json")
        assert "job other claims this account too" in ran.job["changes"][0]["held"]
        told = cli("sync", "-o", "json")
        assert [job["job"] for job in told.json["jobs"]] == ["other", "job"]
        assert told.code == 3
        assert set(owners(here).values()) == {"other"}


@pytest.mark.parametrize("value", ["1.5", '"high"', "true"])
def test_a_precedence_that_is_no_whole_number_is_refused(tmp_path: Path, cli: Cli, value: str) -> None:
    with house("graph", tmp_path, people=1, begun=False, job="precedence = 1") as here:
        here.config.write_text(here.config.read_text().replace("precedence = 1", f"precedence = {value}"))
        ran = cli("sync")
        assert ran.code == 64
        assert "jobs.job.precedence" in ran.err


def test_a_job_that_is_paused_goes_before_nobody(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=4, begun=False, **jobs(1, 5)) as here:
        pause(here.runtime, "other")
        here.sync()
        assert set(owners(here).values()) == {"job"}


def test_a_job_that_creates_nobody_goes_before_others_only_where_there_is_an_account(tmp_path: Path) -> None:
    with house("graph", tmp_path, people=2, begun=False, **jobs(1, 5)) as here:
        more = '[jobs.other.users]\nactions = ["update", "deactivate"]'
        with here.changed_config(more=more):
            here.sync()
            assert set(owners(here).values()) == {"job"}
            restart(here.runtime, "job", links=True)
            assert held(here.sync(code=3)).keys() == here.logins("ada", "ben")
            here.sync(job="other")
        assert set(owners(here).values()) == {"other"}
