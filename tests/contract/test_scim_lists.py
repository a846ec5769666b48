"""Lists and look-ups at services that do not do what they were asked."""

from __future__ import annotations

import pytest

from connectors.errors import Unreachable, Unusable
from tests.contract.target_world import Open


async def test_a_list_that_repeats_itself_before_its_end_is_no_list(world: Open) -> None:
    w = world(ignores_start_index=True, max_page=20)
    for _ in range(30):
        await w.create()
    with pytest.raises(Unusable, match="repeats itself or stops: 20 of 30 seen"):
        _ = [one async for one in w.target.list("user")]


async def test_a_list_that_breaks_off_raises(world: Open) -> None:
    w = world(max_page=10)
    for _ in range(25):
        await w.create()
    w.fault({"status": 500}, times=None, method="GET", path="startIndex=11")
    seen = []
    with pytest.raises(Unreachable, match="list of users from 11"):
        seen.extend([one async for one in w.target.list("user")])


async def test_an_ignored_filter_is_remembered_and_the_list_is_read_once_for_many_look_ups(world: Open) -> None:
    w = world(filter="ignored")
    logins = [(await w.create())[1]["userName"] for _ in range(30)]
    for login in logins:
        (one,) = await w.target.find("user", {"userName": login})
        assert one.resource["userName"] == login
    assert w.target.facts.unfilterable == {"userName"}
    lists = [
        entry for entry in w.emulator.journal.since(0) if entry.path.endswith("/Users") and "filter" not in entry.query
    ]
    assert len(lists) <= 3
    assert any("a filter on userName is ignored" in sentence for sentence in w.target.facts.learned)


async def test_what_an_order_that_changes_hides_is_looked_for_again_and_never_passed_over(world: Open) -> None:
    w = world(unstable_order=True, max_page=10)
    everybody = {(await w.create())[0] for _ in range(25)}
    for _ in range(6):
        listed = [one.id async for one in w.target.list("user")]
        assert len(listed) == len(everybody)
        assert set(listed) == everybody


async def test_a_list_that_goes_on_by_cursor_alone_is_read_to_its_end(world: Open) -> None:
    w = world(cursor=True, max_page=10)
    everybody = {(await w.create())[0] for _ in range(35)}
    listed = [one.id async for one in w.target.list("user")]
    assert len(listed) == 35
    assert set(listed) == everybody
    asked = [entry.query for entry in w.emulator.journal.since(0) if entry.path.endswith("/Users")]
    assert [query.partition("&")[0].partition("=")[0] for query in asked] == ["cursor"] * 4
    assert asked[0].startswith("cursor&")
    assert w.target.facts.cursor
    assert any("listed by cursor" in finding.what for finding in await w.target.check())


async def test_a_cursor_that_comes_again_is_no_end(world: Open) -> None:
    w = world(cursor=True)
    await w.create()
    w.fault({"replace": {"Resources": [], "nextCursor": "same"}}, times=None, path="/Users")
    with pytest.raises(Unusable, match="repeats itself or stops"):
        _ = [one async for one in w.target.list("user")]


async def test_a_cursor_that_the_target_does_not_take_is_told(world: Open) -> None:
    w = world(cursor=True, max_page=10)
    for _ in range(15):
        await w.create()
    w.fault({"status": 400, "body": {"detail": "expired", "scimType": "expiredCursor"}}, path="cursor=")
    with pytest.raises(Unusable, match="expired"):
        _ = [one async for one in w.target.list("user")]
