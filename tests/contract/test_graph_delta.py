"""Delta rounds of users and groups: what ends them, what they may contain, what they leave behind."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from connectors.errors import Incomplete, NotConfigured
from connectors.graph.transport import Limits
from tests.contract.graph_mirror import Mirror
from tests.contract.graph_world import PROFILE, World, tenant


@pytest.fixture
def world() -> Iterator[World]:
    with tenant() as made:
        made.quirks.set({"users_page": 7, "groups_page": 2, "members_page": 5, "members_budget": 10})
        yield made


async def both(world: World) -> None:
    source = world.source()
    await world.mirror.read(source, "users")
    await world.mirror.read(source, "groups")
    await source.close()


async def fails(world: World, stream="users", *, raises=Incomplete, **options):
    """The error of a round that must not come to its end; nothing was swept, and the old watermark stays."""
    mirror, source = world.mirror, world.source(**options)
    before = dict(mirror.watermarks), list(mirror.swept)
    with pytest.raises(raises) as caught:
        await mirror.read(source, stream)
    await source.close()
    assert (mirror.watermarks, mirror.swept) == before
    return caught.value


async def test_graph_delta_round_ends_only_on_deltalink(world):
    await both(world)
    assert world.same_users()
    assert world.same_groups()
    *early, last = [page for page in world.mirror.pages if page.stream == "users"]
    assert len(early) > 5
    assert not any(page.last or page.watermark for page in early)
    assert last.last
    assert "deltatoken" in orjson.loads(last.watermark)["deltaLink"]


@pytest.mark.parametrize("stream", ["users", "groups"])
async def test_graph_delta_empty_page_with_nextlink_continues(world, stream):
    world.quirks.empty_pages = True
    source = world.source()
    pages = await world.mirror.read(source, stream)
    await source.close()
    assert pages[0].records == ()
    assert any(not page.records for page in pages[1:-1])
    assert world.same_users() if stream == "users" else world.same_groups()


async def test_graph_delta_short_pages_continue(world):
    world.quirks.short_pages = True
    await both(world)
    assert world.same_users()
    assert world.same_groups()


async def test_graph_delta_links_sent_byte_exact(world):
    world.quirks.awkward_tokens = True
    world.emulator.faults.clear()
    await both(world)
    world.forget()
    links = {orjson.loads(world.mirror.watermarks[stream])["deltaLink"] for stream in ("users", "groups")}
    await both(world)
    sent = {f"{world.url}{entry.path}?{entry.query}" for entry in world.requests()}
    assert any("%2B" in link and "%2F" in link and "%3D" in link for link in links)
    assert links <= sent
    assert {entry.status for entry in world.requests()} == {200}


async def test_graph_delta_new_deltalink_stored_when_idle(world):
    await both(world)
    before = dict(world.mirror.watermarks)
    world.clock.advance(3600)
    world.forget()
    source = world.source()
    (page,) = await world.mirror.read(source, "users")
    await source.close()
    assert (page.records, page.removals, page.full, page.last) == ((), (), False, True)
    assert len(world.requests()) == 1
    assert world.mirror.watermarks["users"] != before["users"]


async def test_graph_delta_duplicates_last_seen_wins(world):
    world.quirks.duplicates = True
    await both(world)
    user = world.directory.users[3]
    world.directory.update_user(user.id, jobTitle="Lead")
    world.directory.update_user(user.id, jobTitle="Head")
    await both(world)
    assert world.mirror.users[user.id]["jobTitle"] == "Head"
    assert world.same_users()
    assert world.same_groups()


async def test_a_manager_told_once_outlives_a_repetition_in_the_same_full_round(world):
    world.quirks.removed_in_initial = False
    first = [user for user in world.directory.users[:7] if user.manager is not None]
    again = [{"id": user.id, "displayName": "Again", "jobTitle": None} for user in first]
    world.fault({"transform": "append", "with": again}, path="users/delta", nth=3)
    world.fault({"transform": "append", "with": again[:1]}, path="users/delta", nth=9)
    source = world.source()
    pages = await world.mirror.read(source, "users")
    await source.close()
    assert first
    for user in first:
        told = world.mirror.users[user.id]
        assert (told["displayName"], told["jobTitle"], told["manager"]) == ("Again", None, user.manager.id)
    assert {record.enabled for page in pages if not page.full for record in page.records} == {None}
    assert pages[-1].full
    assert pages[-1].last
    assert world.mirror.swept == []


async def test_graph_delta_replay_is_idempotent(world):
    await both(world)
    for user in world.directory.users[:20]:
        world.directory.update_user(user.id, department="Replays")
    await both(world)
    users, edges, told = dict(world.mirror.users), set(world.mirror.edges), len(world.mirror.pages)
    world.quirks.replays = 0.5
    await both(world)
    assert any(page.records for page in world.mirror.pages[told:])
    assert world.mirror.users == users
    assert world.mirror.edges == edges


async def test_graph_delta_removed_in_initial_round(world):
    await both(world)
    gone = [user for user in world.directory.users if not user.live]
    assert gone
    told = [removal for removal in world.mirror.removed if removal.kind == "user"]
    assert {removal.id for removal in told} <= {user.id for user in gone}
    assert told
    assert not {user.id for user in gone} & world.mirror.users.keys()
    assert world.same_groups()


async def test_graph_delta_absent_keeps_null_clears(world):
    await both(world)
    user = next(u for u in world.directory.users if "mobilePhone" in world.users.get(u.id, {}))
    never = next(u for u in world.directory.users if u.live and "mobilePhone" not in world.users[u.id])
    assert "mobilePhone" not in world.mirror.users[never.id]
    world.directory.clear_properties(user.id, ["mobilePhone"])
    await both(world)
    assert world.mirror.users[user.id]["mobilePhone"] is None
    assert world.mirror.users[user.id]["displayName"] == world.users[user.id]["displayName"]
    assert world.same_users()


async def test_graph_delta_full_round_absent_means_null(world):
    await both(world)
    user = next(u for u in world.directory.users if u.live and "department" in world.users[u.id])
    world.mirror.users[user.id]["faxNumber"] = "lost during the outage"
    world.directory.reset_stream("users")
    await both(world)
    assert "faxNumber" not in world.mirror.users[user.id]
    assert world.same_users()


async def test_graph_delta_select_change_starts_new_round(world):
    await both(world)
    source = world.source(user_attributes=PROFILE | {"city"})
    pages = await world.mirror.read(source, "users")
    await source.close()
    assert all(page.full for page in pages)
    assert world.mirror.swept == []
    assert any("city" in attributes for attributes in world.mirror.users.values())


async def test_graph_delta_no_forbidden_parameters(world):
    await both(world)
    world.directory.update_user(world.directory.users[0].id, jobTitle="Head")
    await both(world)
    for entry in world.requests("/delta"):
        names = [part.partition("=")[0] for part in entry.query.split("&")]
        assert set(names) in ({"$select"}, {"$skiptoken"}, {"$deltatoken"})


async def test_graph_delta_late_visible_change_arrives(world):
    await both(world)
    world.quirks.late_visibility = 600.0
    user = world.directory.users[1]
    world.directory.update_user(user.id, jobTitle="Late")
    await both(world)
    assert world.mirror.users[user.id].get("jobTitle") != "Late"
    world.clock.advance(601)
    await both(world)
    assert world.mirror.users[user.id]["jobTitle"] == "Late"


async def test_graph_delta_endless_chain_stopped(world):
    world.quirks.endless_chain = True
    error = await fails(world)
    assert "the same again and again" in str(error)
    assert len(world.requests()) < 10


async def test_a_next_link_that_leads_back_is_a_circle(world):
    again = f"{world.root}/users/delta?$skiptoken=again"
    edit = {"edit": {"set": {"@odata.nextLink": again}, "remove": ["@odata.deltaLink"]}}
    world.fault({**edit, "transform": "empty"}, path="users/delta", times=1)
    world.fault({"replace": {"value": [], "@odata.nextLink": again}}, path="again", times=None)
    assert "circle" in str(await fails(world))
    assert len(world.requests()) == 2


async def test_empty_pages_without_end_are_stopped(world, monkeypatch):
    monkeypatch.setattr("connectors.graph.pager.EMPTY_PAGES", 5)
    world.quirks.endless_chain = True
    world.fault({"transform": "empty"}, path="users/delta", times=None)
    assert "again and again" in str(await fails(world))
    assert len(world.requests()) < 10


async def test_a_chain_of_ever_new_links_is_stopped_by_the_cap(world):
    error = await fails(world, limits=Limits(pages=3))
    assert "no end after 3 pages" in str(error)
    assert len(world.requests()) == 3


@pytest.mark.parametrize("nth", [1, 3])
async def test_graph_delta_page_without_any_link_is_error(world, nth):
    world.fault({"edit": {"remove": ["@odata.nextLink", "@odata.deltaLink"]}}, path="users/delta", nth=nth)
    assert "nextLink and deltaLink" in str(await fails(world))


async def test_a_page_with_both_links_is_no_end(world):
    world.fault({"edit": {"set": {"@odata.deltaLink": f"{world.root}/users/delta?$deltatoken=x"}}}, path="users/delta")
    assert "nextLink and deltaLink" in str(await fails(world))


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ({"edit": {"remove": ["value"]}}, "without its list"),
        ({"edit": {"set": {"value": None}}}, "without its list"),
        ({"edit": {"set": {"value": {"id": "x"}}}}, "without its list"),
        ({"edit": {"set": {"value": ["x"]}}}, "no id"),
        ({"replace": []}, "without its list"),
        ({"replace": None}, "without its list"),
        ({"first": {"remove": ["id"]}}, "no id"),
        ({"first": {"set": {"id": 7}}}, "no id"),
        ({"edit": {"set": {"@odata.nextLink": 7}}}, "no text"),
    ],
)
async def test_graph_delta_malformed_page_is_error(world, action, says):
    world.fault(action, path="users/delta", nth=2)
    error = await fails(world)
    assert says in str(error)
    assert str(error).startswith("Source contoso: reading users did not come to its end (")


async def test_html_instead_of_every_page_is_error(world):
    world.fault({"html": 200}, times=None, path="users/delta")
    assert "no JSON" in str(await fails(world))
    assert len(world.requests()) == Limits().attempts


async def test_members_that_cannot_be_read_are_an_error(world):
    world.fault({"first": {"set": {"members@delta": [{"@odata.type": "#microsoft.graph.user"}]}}}, path="groups/delta")
    assert "cannot be read" in str(await fails(world, "groups"))


async def test_unknown_properties_and_types_do_not_disturb(world):
    world.quirks.removed_in_initial = False
    extra = {"first": {"set": {"someNewThing": {"a": 1}, "@odata.type": "#microsoft.graph.superUser"}}}
    world.fault(extra, path="users/delta")
    source = world.source()
    pages = await world.mirror.read(source, "users")
    await source.close()
    assert pages[0].records[0].attributes["someNewThing"] == {"a": 1}


@pytest.mark.parametrize("stream", ["users", "groups"])
async def test_graph_delta_crash_between_pages_resumes(world, stream):
    world.quirks.set({"users_page": 15, "members_page": 20, "members_budget": 60})
    probe = world.source()
    total = len([page async for page in probe.read(stream, None)])
    for crash in range(total):
        mirror, source = Mirror(), world.source()
        pages = source.read(stream, None)
        for _ in range(crash):
            mirror.apply(await anext(pages))
        await pages.aclose()
        world.mirror = mirror
        await mirror.read(source, stream)
        await source.close()
        assert world.same_users() if stream == "users" else world.same_groups()
    await probe.close()


async def test_graph_delta_crash_before_commit_replays(world):
    await both(world)
    old = dict(world.mirror.watermarks)
    user = world.directory.users[2]
    world.directory.update_user(user.id, jobTitle="Once")
    await both(world)
    world.mirror.watermarks = old
    await both(world)
    assert world.mirror.users[user.id]["jobTitle"] == "Once"
    assert world.same_users()
    assert world.same_groups()


async def test_a_property_that_graph_does_not_know_is_the_operators_turn(world):
    error = await fails(world, raises=NotConfigured, user_attributes=frozenset({"aboutMe"}))
    assert "refuses to read users" in str(error)
    assert "aboutMe" in str(error)


async def test_objects_in_random_order_make_the_same_directory(world):
    world.quirks.set({"random_order": True, "repeat_on_page": True, "removed_in_initial": True})
    await both(world)
    assert world.same_users()
    assert world.same_groups()
