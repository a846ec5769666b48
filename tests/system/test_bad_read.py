"""No mass removal on a bad read: what failed, broke off, went in circles or came out empty removes nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.system.company import GraphCompany
from tests.system.house import KINDS, House, house, without_waiting

#: of each source: where its users, memberships and assignments come from
PATHS = {
    "graph": {"users": "/users/delta", "members": "/groups/delta", "assignments": "appRoleAssignedTo"},
    "okta": {"users": "/apps/[^/]+/users", "members": "/groups/[^/]+/users", "assignments": "/apps/[^/]+/groups"},
}


@contextmanager
def paged_house(kind: str, folder: Path) -> Iterator[House]:
    """A company whose users come in pages of five."""
    with pytest.MonkeyPatch.context() as patch, house(kind, folder) as here:
        without_waiting(patch)
        if isinstance(here.company, GraphCompany):
            here.company.directory.quirks.set({"users_page": 5})
        else:
            here.company.directory.set_options({"page_size": 5})
        yield here


@pytest.fixture(scope="module", params=KINDS)
def steady(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Shared by tests that leave it as it was."""
    with paged_house(request.param, tmp_path_factory.mktemp("house")) as here:
        yield here


@pytest.fixture(params=KINDS)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with paged_house(request.param, tmp_path) as made:
        yield made


def removals(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in told["changes"] if row["action"] in ("deactivate", "delete", "remove_members")]


BAD = {
    "503 on page three": ("users", {"nth": 3}, {"status": 503, "retry_after": 0}),
    "connections that break on page three": ("users", {"nth": 3}, {"drop": "body"}),
    "half a page": ("users", {"nth": 2}, {"truncate": 0.5, "length": "correct"}),
    "403 on members": ("members", {}, {"status": 403}),
    "404 on members": ("members", {}, {"status": 404}),
    "403 on assignments": ("assignments", {}, {"status": 403}),
    "a web page in place of assignments": ("assignments", {}, {"html": 200}),
    "null in place of users": ("users", {"nth": 2}, {"replace": None}),
    "an object without a list": ("users", {}, {"replace": {}}),
}


@pytest.mark.parametrize("bad", BAD)
def test_empty_partial_or_failed_read_removes_nobody(steady: House, bad: str) -> None:
    here = steady
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
        loop = f'<http://{page.headers["host"]}{page.path}?{page.query}>; rel="next"'
        here.at_source({"add_headers": {"link": loop}}, path=PATHS["okta"]["users"])
    told = here.sync(full=True, code=1)
    assert told["complete"] is False
    assert removals(told) == []
    assert here.state() == before


def test_a_full_reading_that_broke_off_is_begun_anew_and_not_gone_on_from(here: House) -> None:
    """What it has stored may be older than what was known, and the source would not tell of it again."""
    mirror = here.runtime.store.mirror
    assert mirror.watermark("company", "users")
    here.at_source({"status": 503, "retry_after": 0}, path=PATHS[here.company.kind]["users"], nth=2)
    here.sync(full=True, code=1)
    assert mirror.watermark("company", "users") is None
    here.all_well()
    here.sync()
    assert mirror.watermark("company", "users")
    here.sync(full=True)
    assert here.written == []


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


@pytest.mark.parametrize("stream", ["users", "assignments"])
def test_a_well_formed_empty_answer_is_asked_for_twice_and_then_held(here: House, stream: str) -> None:
    """Everything it would remove waits for an approval; the report names what came out empty."""
    before = here.state()
    if isinstance(here.company, GraphCompany):
        link = f"http://{next(iter(here.source.journal)).headers['host']}/v1.0/users/delta?$deltatoken=none"
        nobody = {"value": [], "@odata.deltaLink": link} if stream == "users" else {"value": []}
        here.at_source({"replace": nobody}, path=PATHS["graph"][stream])
    else:  # the users come with the assignments, those of groups come apart
        here.at_source({"replace": []}, path=PATHS["okta"]["users"])
        if stream == "assignments":
            here.at_source({"replace": []}, path=PATHS["okta"]["assignments"])
    told = here.sync(full=True, code=3)
    assert all(rule["hit"] >= 2 for rule in here.source.faults.data)
    assert any(warning["code"] == "EmptySource" for warning in told["warnings"]), told["warnings"]
    assert here.written == []
    assert here.state() == before
    held = [row for row in told["changes"] if row["status"] == "held" and row["kind"] == "user"]
    assert len(held) == 30
    assert {row["action"] for row in held} <= {"deactivate", "delete"}
    here.all_well()
    here.sync(full=True)
    assert here.written == []
    assert here.state() == before


def test_one_group_whose_members_cannot_be_read_keeps_them_and_the_others_move(tmp_path: Path) -> None:
    with house("okta", tmp_path) as here:
        company = here.company
        sales = company.ids["sales"]
        before = here.target.members(company.team_name("sales"))
        company.leave("sales", "ben")
        company.join("design", "ada")
        here.at_source({"status": 403}, path=f"/groups/{sales}/users")
        told = here.sync(full=True, code=None)
        assert any(sales in str(warning["message"]) for warning in told["warnings"])
        assert here.target.members(company.team_name("design")) == here.logins("ada")
        kept = here.target.members(company.team_name("sales"))
        assert kept >= before - here.logins("ben")
        here.all_well()
        here.sync(full=True)
        assert here.target.members(company.team_name("sales")) == before - here.logins("ben")
