"""Requests to a target that go wrong, in every way and of every kind: the next cycle puts it right, and nothing is doubled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import connectors.scim.client
from connectors.scim.timing import Timing
from syncd.core.attributes import ENTERPRISE_SCHEMA
from tests.contract.quick_time import QuickTime
from tests.system.house import House, house, quirky

TIMEOUT_S = 0.25
#: kind of request → what it looks like on the wire
REQUESTS: dict[str, dict[str, str]] = {
    "create": {"method": "POST", "path": "/Users$"},
    "update": {"method": "PATCH", "path": "/Users/", "body": "title"},
    "manager": {"method": "PATCH", "path": "/Users/", "body": "manager"},
    "deactivate": {"method": "PATCH", "path": "/Users/", "body": '"active"'},
    "delete": {"method": "DELETE", "path": "/Users/"},
    "group create": {"method": "POST", "path": "/Groups$"},
    "rename": {"method": "PATCH", "path": "/Groups/", "body": "displayName"},
    "member add": {"method": "PATCH", "path": "/Groups/", "body": '"add"'},
    "member remove": {"method": "PATCH", "path": "/Groups/", "body": '"remove"'},
    "group delete": {"method": "DELETE", "path": "/Groups/"},
    "find": {"method": "GET", "path": "[?&]filter="},
    "list": {"method": "GET", "path": "startIndex="},
}
WRITES = [name for name in REQUESTS if name not in ("find", "list")]
FAULTS: dict[str, dict[str, Any]] = {
    "reset before it is read": {"drop": "before", "reset": True},
    "closed before it is read": {"drop": "before"},
    "reset after it was applied": {"drop": "answer", "reset": True},
    "closed after it was applied": {"drop": "answer"},
    "answer cut off": {"drop": "body"},
    "answer cut short, with the right length": {"truncate": 0.5},
    "answer that is no gzip": {"corrupt_gzip": True},
    "429 with a wait": {"status": 429, "retry_after": 2},
    "429 without a word": {"status": 429},
    "500": {"status": 500},
    "500 although applied": {"status": 500, "applied": True},
    "503 with a date": {"status": 503, "retry_after": "date:3"},
    "502 as a page": {"html": 502},
    "a page in place of the answer": {"html": 200, "applied": True},
    "a page, and nothing done": {"html": 200},
    "slower than the timeout": {"delay_s": TIMEOUT_S + 0.15},
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target client's pauses take no time; its timeouts are as they are."""

    def timing() -> Timing:
        time = QuickTime()
        time.start = datetime.now(UTC)
        return time.timing

    monkeypatch.setattr(connectors.scim.client, "Timing", timing)


@contextmanager
def inhabited(folder: Path) -> Iterator[House]:
    """A house after its initial cycle, always with the same ids at the source."""
    guards = "[jobs.job.guards]\ndeletions = { count = 500, percent = 50, minimum = 10 }\n"
    with house("graph", folder, people=12, tag="fault", more=guards) as here:
        yield here


@contextmanager
def impatient(here: House) -> Iterator[None]:
    """From now on requests are given up soon; answers that are late for that are the only ones that are slow."""
    with here.changed_config(("[jobs.job]", f"timeout = {TIMEOUT_S}\n\n[jobs.job]")):
        yield


def change_everything(here: House) -> None:
    """At least one change of every kind."""
    company = here.company
    company.hire("new", "sales")
    company.hire("other", "legal", "support")
    company.set_title("ada", "Lead")
    company.set_title("ben", None)
    company.set_manager("cem", "new")
    company.disable("dea")
    company.purge("eve")
    company.leave("sales", "ben")
    company.assign("ben")
    company.join("support", "cem")
    company.found("labs")
    company.join("labs", "ada", "new")
    company.rename_team("legal", "law")
    company.dissolve("design")


def truth(here: House) -> dict[str, Any]:
    """What is at the target, without the ids that it gives. A doubled name shows as two."""
    logins = {user.id: user.name for user in here.target.users()}
    users = []
    for user in here.target.users():
        attributes = dict(user.attributes)
        if manager := attributes.get(ENTERPRISE_SCHEMA, {}).get("manager"):
            attributes[ENTERPRISE_SCHEMA] = {**attributes[ENTERPRISE_SCHEMA], "manager": logins[manager["value"]]}
        users.append((user.name, attributes))
    groups = [(group.name, sorted(logins[id_] for id_ in group.members.ids)) for group in here.target.groups()]
    return {"users": sorted(users, key=lambda one: one[0]), "groups": sorted(groups)}


@cache
def undisturbed() -> dict[str, Any]:
    """What the same changes come to when nothing goes wrong."""
    with TemporaryDirectory() as folder, inhabited(Path(folder)) as here:
        change_everything(here)
        here.sync()
        assert len(here.written) > 12
        return truth(here)


def comes_right(here: House) -> None:
    """One good cycle later all is as it should be, and one more has nothing to do."""
    here.all_well()
    here.time.advance(timedelta(minutes=1))  # what nobody could see by then has not been done
    told = here.sync(code=None)
    assert truth(here) == undisturbed(), told
    here.sync(full=True)
    assert here.methods == []
    assert truth(here) == undisturbed()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_kind_of_request_goes_wrong_once_and_the_next_cycle_puts_it_right(tmp_path: Path, fault: str) -> None:
    undisturbed()
    with inhabited(tmp_path) as here:
        change_everything(here)
        for match in REQUESTS.values():
            here.at_target(FAULTS[fault], times=1, **match)
        with impatient(here) if fault == "slower than the timeout" else nullcontext():
            here.sync(code=None)
            here.sync(code=None, full=True)
        met = {name: rule["hit"] for name, rule in zip(REQUESTS, here.service.faults.data, strict=True)}
        assert met == dict.fromkeys(REQUESTS, 1)
        comes_right(here)


@pytest.mark.parametrize(
    "fault",
    [
        "reset before it is read",
        "reset after it was applied",
        "answer cut short, with the right length",
        "429 without a word",
        "500",
        "500 although applied",
        "a page, and nothing done",
    ],
)
def test_no_write_succeeds_for_a_whole_cycle_and_the_next_one_puts_it_right(tmp_path: Path, fault: str) -> None:
    undisturbed()
    with inhabited(tmp_path) as here:
        change_everything(here)
        for name in WRITES:
            here.at_target(FAULTS[fault], **REQUESTS[name])
        here.sync(code=None)
        comes_right(here)


@pytest.mark.parametrize("fault", ["reset before it is read", "502 as a page", "a page, and nothing done"])
@pytest.mark.parametrize("reading", ["find", "list"])
def test_a_target_that_cannot_be_read_is_not_written_and_is_told(tmp_path: Path, fault: str, reading: str) -> None:
    undisturbed()
    with inhabited(tmp_path) as here:
        change_everything(here)
        here.at_target(FAULTS[fault], **REQUESTS[reading])
        told = here.sync(code=1, full=reading == "list")
        assert here.methods == [], told
        comes_right(here)


@pytest.mark.parametrize("drop", ["before", "answer"])
def test_a_target_that_answers_nothing_at_all_is_left_alone_after_a_while(tmp_path: Path, drop: str) -> None:
    with inhabited(tmp_path) as here:
        change_everything(here)
        here.at_target({"drop": drop})
        here.sync(code=1)
        assert here.service.journal.total - here._seen < 40
        comes_right(here)


@pytest.mark.parametrize("fault", ["reset before it is read", "reset after it was applied", "500", "502 as a page"])
def test_a_removal_that_nobody_can_see_is_made_sure_of(tmp_path: Path, fault: str) -> None:
    with house("graph", tmp_path, people=12, tag="fault", quirks=quirky(members_shown=False)) as here:
        company = here.company
        team = company.team_name("sales")
        before = here.target.members(team)
        company.assign("ben")  # keeps the account
        company.leave("sales", "ben")
        here.at_target(FAULTS[fault], times=1, **REQUESTS["member remove"])
        here.sync(code=None)
        here.all_well()
        here.sync(code=None)
        assert before - here.target.members(team) == here.logins("ben")
        here.sync(full=True)
        assert here.methods == []
