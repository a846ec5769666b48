"""Okta's lists are read to their end, whatever form their links have and whatever happens between two pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest

from connectors.errors import Incomplete
from syncd.core.model import Page, Stream
from tests.contract.okta_world import World, organisation


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


async def all_in_order(world: World, count: int = 23) -> None:
    """Every assigned user exactly once, over many pages."""
    logins = [user.login for user in world.people(count)]
    world.options(page_size=5)
    read = await world.read("users")
    assert read.logins == logins
    assert len(world.requests("/users?")) == -(-count // 5)


async def test_okta_link_two_lines_self_first(world: World) -> None:
    world.options(link_form="two-lines")
    await all_in_order(world)


async def test_okta_link_two_lines_next_first(world: World) -> None:
    world.options(link_form="next-first")
    await all_in_order(world)


async def test_okta_link_single_comma_joined_line(world: World) -> None:
    world.options(link_form="joined")
    await all_in_order(world)


@pytest.mark.parametrize("form", ["unquoted", "capital"])
async def test_okta_link_unquoted_rel_and_lowercase_name(world: World, form: str) -> None:
    world.options(link_form=form)
    await all_in_order(world)


@pytest.mark.parametrize("form", ["comma-in-url", "with-prev", "reescaped-search"])
async def test_okta_link_comma_inside_next_url(world: World, form: str) -> None:
    world.options(link_form=form)
    await all_in_order(world)


async def test_okta_cursor_percent_encoding_roundtrip(world: World) -> None:
    world.options(link_form="base64-cursor")
    await all_in_order(world)
    cursors = [parse_qs(entry.query)["after"][0] for entry in world.requests("after=")]
    assert cursors
    assert all("+" in cursor and "/" in cursor and cursor.endswith("=") for cursor in cursors)


async def test_okta_short_and_empty_pages_continue(world: World) -> None:
    logins = [user.login for user in world.people(23)]
    world.options(page_size=5, empty_pages=True)
    assert (await world.read("users")).logins == logins


async def test_okta_next_link_foreign_host_pinned(world: World) -> None:
    world.options(link_form="other-host")
    await all_in_order(world)
    assert {entry.headers["host"] for entry in world.requests()} == {world.url.removeprefix("http://")}


async def test_okta_cursor_expired_restarts_scan(world: World) -> None:
    logins = [user.login for user in world.people(23)]
    world.options(page_size=5)
    body = {"errorCode": "E0000029", "errorSummary": "Invalid paging request", "errorId": "oae1", "errorCauses": []}
    world.fault({"status": 400, "body": body}, path="after=", nth=2)
    read = await world.read("users")
    assert read.logins == logins
    assert len([entry for entry in world.requests("/users?") if "after" not in entry.query]) == 2


async def test_a_cursor_that_always_expires_ends_the_round_incomplete(world: World) -> None:
    world.people(23)
    world.options(page_size=5)
    body = {"errorCode": "E0000029", "errorSummary": "Invalid paging request", "errorId": "oae1", "errorCauses": []}
    world.fault({"status": 400, "body": body}, path="after=", times=None)
    with pytest.raises(Incomplete, match="E0000029"):
        await world.read("users")
    assert len(world.requests()) < 12


async def test_okta_next_link_loop_detected(world: World) -> None:
    world.people(23)
    world.options(page_size=5)
    link = f'<{world.url}/api/v1/apps/{world.app.id}/users?after=again&limit=5>; rel="next"'
    world.fault({"status": 200, "body": [], "headers": {"link": link}}, path="/users", times=None)
    with pytest.raises(Incomplete, match="repeats itself"):
        await world.read("users")
    assert len(world.requests()) < 5


async def test_okta_shifting_pages_tolerated(world: World) -> None:
    users = world.people(23)
    world.options(page_size=5, shifting_pages=True)
    source = world.source()
    seen: list[str] = []
    async for page in source.read("users", None):
        seen += [user.id for user in page.records]
        if len(seen) == 10:
            world.directory.unassign_user(world.app.id, users[0].id)  # everybody after that moves up by one
        assert not page.full, "absence from a shifted list must not mean that someone does not exist"
    assert len(seen) == len(set(seen)) == 22


async def test_okta_user_groups_beyond_200(world: World) -> None:
    user = world.people(1)[0]
    wanted = {world.directory.everyone_id}
    for n in range(449):
        group = world.directory.create_group(f"Group {n}")
        world.directory.add_member(group.id, user.id)
        wanted.add(group.id)
    found = await world.source().find("user", user.login)
    assert {one.group_id for one in found[0].memberships} == wanted


async def test_a_page_that_comes_twice_gives_each_record_once(world: World) -> None:
    users = world.people(6)
    world.options(page_size=2)
    first = [
        {
            "id": user.id,
            "status": "ACTIVE",
            "_embedded": {"user": {"id": user.id, "status": "ACTIVE", "profile": {"login": user.login}}},
        }
        for user in users[:2]
    ]
    link = f'<{world.url}/api/v1/apps/{world.app.id}/users?expand=user&limit=2>; rel="next"'
    world.fault({"status": 200, "body": first, "headers": {"link": link}}, path="limit=500")
    assert (await world.read("users")).logins == [user.login for user in users]


@pytest.mark.parametrize(
    "link",
    [
        "no brackets; rel=next",
        '</api/v1/users?after=x>; rel="NEXT"',
        "</api/v1/users?after=x>; REL = next",
        '<http://[bad>; rel="next"',
    ],
)
async def test_a_next_link_that_cannot_be_read_is_no_end_of_the_list(world: World, link: str) -> None:
    world.people(12)
    world.options(page_size=5)
    world.fault({"add_headers": {"link": link}}, path="/users?", times=None)
    with pytest.raises(Incomplete, match="cannot be read"):
        await world.read("users")


async def test_a_full_page_whose_links_were_lost_on_the_way_is_no_end_of_the_list(world: World) -> None:
    world.people(501)
    world.fault({"strip_headers": ["link"]}, path="/users?", times=None)
    with pytest.raises(Incomplete, match="without a Link header"):
        await world.read("users")


@pytest.mark.parametrize("body", [None, {}, {"users": []}, "text", 7])
async def test_okta_non_array_page_rejected(world: World, body: object) -> None:
    world.people(12)
    world.options(page_size=5)
    world.fault({"replace": body}, path="after=", times=None)
    with pytest.raises(Incomplete):
        await world.read("users")


async def test_an_html_page_with_status_200_is_no_end_of_the_list(world: World) -> None:
    world.people(12)
    world.options(page_size=5)
    world.fault({"html": 200}, path="after=", times=None)
    with pytest.raises(Incomplete, match="no JSON"):
        await world.read("users")


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("stream", ["users", "assignments", "groups"])
async def test_okta_page_failure_yields_no_removals(world: World, page: int, stream: Stream) -> None:
    for user in world.people(12):
        group = world.directory.create_group(f"Group of {user.login}")
        world.directory.add_member(group.id, user.id)
        world.directory.assign_group(world.app.id, group.id)
    world.options(page_size=5)
    path = {"users": r"/apps/[^/]+/users", "assignments": r"/apps/[^/]+/groups", "groups": r"/api/v1/groups\?"}[stream]
    world.fault({"status": 503}, path=path, nth=page, times=None)
    pages: list[Page] = []

    async def all_pages() -> None:
        async for got in world.source().read(stream, None):
            pages.append(got)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(Incomplete):
        await all_pages()
    assert not any(got.last or got.removals for got in pages)
