"""No mass removal on a bad read: what failed, broke off, went in circles or came out empty removes nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.house import KINDS, House, house, without_waiting

PAGED = {"graph": {"users_page": 5}, "okta": {"page_size": 5}}
#: of each source: where its users, memberships and assignments come from
PATHS = {
    "graph": {"users": "/users/delta", "members": "/groups/delta", "assignments": "appRoleAssignedTo"},
    "okta": {"users": "/apps/[^/]+/users", "members": "/groups/[^/]+/users", "assignments": "/apps/[^/]+/groups"},
}


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A company whose users come in pages of five."""
    without_waiting(monkeypatch)
    with house(request.param, tmp_path) as made:
        directory = made.company.directory
        if request.param == "graph":
            directory.quirks.set(PAGED["graph"])
        else:
            directory.set_options(PAGED["okta"])
        yield made


def removals(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in told["changes"] if row["action"] in ("deactivate", "delete", "remove_members")]


BAD = {
    "503 on page three": ("users", {"nth": 3}, {"status": 503, "retry_after": 0}),
    "connections that break on page three": ("users", {"nth": 3}, {"drop": "body"}),
    "half a page": ("users", {"nth": 2}, {"truncate": 0.5, "length": "correct"}),
    "403 on members": ("members", {}, {"status": 403}),
    "404 on members": ("members", {"nth": 2}, {"status": 404}),
    "403 on assignments": ("assignments", {}, {"status": 403}),
    "a web page in place of assignments": ("assignments", {}, {"html": 200}),
    "null in place of users": ("users", {"nth": 2}, {"replace": None}),
    "an object without a list": ("users", {}, {"replace": {}}),
}


@pytest.mark.parametrize("bad", BAD)
def test_empty_partial_or_failed_read_removes_nobody(here: House, bad: str) -> None:
    stream, match, action = BAD[bad]
    before = here.state()
    here.at_source(action, path=PATHS[here.company.kind][stream], **match)
    told = here.sync(full=True, code=None)
    assert here.source.faults.data[0]["hit"], "the fault was met"
    assert removals(told) == []
    assert here.written == []
    assert told["complete"] is False or told["warnings"]
    assert here.state() == before
    here.all_well()
    here.sync(full=True)
    assert here.written == []


def test_links_that_lead_in_circles_remove_nobody(here: House) -> None:
    before = here.state()
    if here.company.kind == "graph":
        here.company.directory.quirks.set({"endless_chain": True})
    else:
        first = here.source.journal.since()
        page = next(entry for entry in first if "/users" in entry.path and "apps" in entry.path)
        loop = f"<http://{page.headers['host']}{page.path}?{page.query}>; rel=\"next\""
        here.at_source({"add_headers": {"link": loop}}, path=PATHS["okta"]["users"])
    told = here.sync(full=True, code=1)
    assert told["complete"] is False
    assert removals(told) == []
    assert here.state() == before


def test_a_failed_read_still_lets_in_what_came_before_it(here: House) -> None:
    """Additions of streams that came to their end are not held up by one that did not, and the rest follows later."""
    here.company.hire("new", "sales")
    here.company.disable("ada")
    here.at_source({"status": 403}, path=PATHS[here.company.kind]["assignments"])
    told = here.sync(full=True, code=1)
    assert [row for row in told["changes"] if row["action"] == "delete"] == []
    assert len(here.active()) >= 29
    here.all_well()
    here.sync(full=True)
    assert here.logins("new") <= here.active()
    assert not here.logins("ada") & here.active()


EMPTY = {
    "graph": {"replace": {"value": [], "@odata.deltaLink": "{url}/v1.0/users/delta?$deltatoken=x"}},
    "okta": {"replace": []},
}


@pytest.mark.parametrize("stream", ["assignments", "users"])
def test_a_well_formed_empty_answer_is_asked_for_twice_and_then_held(here: House, stream: str) -> None:
    """Everything it would remove waits for an approval; the report names what came out empty."""
    kind = here.company.kind
    if stream == "users" and kind == "okta":
        stream = "assignments"  # Okta's users come with the assignments
    before = here.state()
    if kind == "graph" and stream == "users":
        for person in list(here.company.directory.users):
            person.purged, person.deleted = True, 1.0
    elif kind == "graph":
        here.at_source({"replace": {"value": []}}, path=PATHS["graph"]["assignments"])
    else:
        here.at_source({"replace": [], "strip_headers": ["link"]}, path=PATHS["okta"]["users"])
        here.at_source({"replace": [], "strip_headers": ["link"]}, path=PATHS["okta"]["assignments"])
    asked = here.source.journal.total
    told = here.sync(full=True, code=3)
    if not (kind == "graph" and stream == "users"):
        again = [e for e in here.source.journal.since(asked) if e.fault]
        assert len(again) >= 2
    assert any(warning["code"] == "EmptySource" for warning in told["warnings"]), told["warnings"]
    assert here.written == []
    assert here.state() == before
    held = [row for row in told["changes"] if row["status"] == "held"]
    assert {row["kind"] for row in held} >= {"user"}
    assert len([row for row in held if row["kind"] == "user"]) == 30
    assert {row["action"] for row in held} <= {"deactivate", "delete", "remove_members"}


def test_one_group_whose_members_cannot_be_read_keeps_them_and_the_others_move(tmp_path: Path) -> None:
    with house("okta", tmp_path) as here:
        company = here.company
        sales = company.ids["sales"]
        before = here.target.members(company.team_name("sales"))
        company.leave("sales", "ben")
        company.join("design", "ada")
        here.at_source({"status": 403}, path=f"/groups/{sales}/users")
        told = here.sync(full=True, code=None)
        assert any(warning["code"] == "UnknownMembers" for warning in told["warnings"])
        assert here.target.members(company.team_name("design")) == here.logins("ada")
        kept = here.target.members(company.team_name("sales"))
        assert kept >= before - here.logins("ben")
        here.all_well()
        here.sync(full=True)
        assert here.target.members(company.team_name("sales")) == before - here.logins("ben")
