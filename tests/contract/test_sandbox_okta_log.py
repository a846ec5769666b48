"""The sandbox's Okta: group push, and the System Log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contract.okta_org import Org, org


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org() as one:
        one.directory.create_app("TestMu")
        yield one


def app_id(acme: Org) -> str:
    return next(iter(acme.directory.apps))


async def test_group_push_mappings_live_as_okta_documents_them(acme: Org) -> None:
    source = acme.directory.create_group("Sales")
    theirs = acme.directory.create_group("Sales", type="APP_GROUP", source_id=app_id(acme))
    path = f"/api/v1/apps/{app_id(acme)}/group-push/mappings"
    linked = await acme.send("POST", path, json={"sourceGroupId": source.id, "targetGroupName": "Sales"})
    assert (linked.status, linked.json["targetGroupId"], linked.json["lastPush"]) == (
        201,
        theirs.id,
        "2026-03-02T11:15:00Z",
    )
    assert (await acme.send("POST", path, json={"sourceGroupId": source.id, "targetGroupName": "X"})).status == 400
    one = f"{path}/{linked.json['id']}"
    assert (await acme.get(one)).json == linked.json
    refused = await acme.send("DELETE", one)
    assert (refused.status, refused.code) == (400, "E0000001")
    paused = await acme.send("PATCH", one, json={"status": "INACTIVE"})
    assert (paused.status, paused.json["status"]) == (200, "INACTIVE")
    acme.clock.advance(60)
    resumed = await acme.send("PATCH", one, json={"status": "ACTIVE"})
    assert resumed.json["lastPush"] == "2026-03-02T11:16:00Z"
    await acme.send("PATCH", one, json={"status": "INACTIVE"})
    assert (await acme.send("DELETE", f"{one}?deleteTargetGroup=true")).status == 204
    assert (await acme.get(one)).status == 404
    assert (await acme.get(f"/api/v1/groups/{theirs.id}")).status == 404


async def test_group_push_mappings_are_paged_and_chosen(acme: Org) -> None:
    pushes = []
    for number in range(5):
        source, target = (acme.directory.create_group(f"{kind} {number}") for kind in ("S", "T"))
        pushes.append(acme.directory.create_push("TestMu", source.id, target_group_id=target.id))
    acme.clock.advance(60)
    acme.directory.set_push(pushes[1].id, "INACTIVE")
    acme.directory.set_push(pushes[2].id, "ERROR", "Target group was deleted")
    path = f"/api/v1/apps/{app_id(acme)}/group-push/mappings"
    assert await acme.all_ids(path, limit="2") == [push.id for push in pushes]
    assert (await acme.get(path, status="ERROR")).json[0]["errorSummary"] == "Target group was deleted"
    assert (await acme.get(path, lastUpdated="2026-03-02T11:16:00Z")).ids == [pushes[1].id, pushes[2].id]
    assert (await acme.get(path, sourceGroupId=pushes[4].source_group_id)).ids == [pushes[4].id]
    assert (await acme.get(path, status="BROKEN")).code == "E0000001"


# -- System Log ----------------------------------------------------------------------------------------------------


async def test_polling_always_has_a_next_link_that_later_gives_newer_events(acme: Org) -> None:
    acme.people(2)
    first = await acme.get("/api/v1/logs", since="2026-03-01T00:00:00Z", sortOrder="ASCENDING")
    assert "user.lifecycle.create" in [event["eventType"] for event in first.json]
    second = await acme.get(first.links["next"])
    assert second.json == []
    acme.days_pass(10)
    acme.directory.create_group("Sales")
    third = await acme.get(second.links["next"])
    assert [event["eventType"] for event in third.json] == ["group.lifecycle.create"]
    assert (await acme.get(third.links["next"])).json == []
    acme.days_pass(91)
    assert (await acme.get(third.links["next"])).code == "E0000029"


async def test_events_name_actor_targets_and_outcome(acme: Org) -> None:
    kim = acme.people(1)[0]
    group = acme.directory.create_group("Sales")
    acme.directory.add_member(group.id, kim.id)
    [event] = (await acme.get("/api/v1/logs", filter='eventType eq "group.user_membership.add"')).json
    assert {target["type"]: target["id"] for target in event["target"]} == {"User": kim.id, "UserGroup": group.id}
    assert event["outcome"]["result"] == "SUCCESS"
    assert event["actor"]["alternateId"] == "admin@acme.example"
    assert event["published"] == "2026-03-02T11:15:00.000Z"


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ('eventType eq "user.lifecycle.create"', 3),
        ('eventType sw "user.lifecycle"', 7),
        ('eventType sw "user." and target.id eq "{kim}"', 3),
        ('eventType eq "group.lifecycle.create" or eventType eq "user.lifecycle.suspend"', 2),
    ],
)
async def test_events_are_chosen_by(acme: Org, expression: str, count: int) -> None:
    kim = acme.people(3)[0]
    acme.directory.create_group("Sales")
    await acme.control("mutate", {"op": "suspend_user", "user": kim.id})
    found = await acme.get("/api/v1/logs", filter=expression.replace("{kim}", kim.id))
    assert len(found.json) == count


async def test_bounded_queries_end_and_descend(acme: Org) -> None:
    acme.people(5)
    acme.clock.advance(60)
    bounds = {"since": "2026-03-02T11:00:00Z", "until": "2026-03-02T12:00:00Z", "limit": "4"}
    rising = [event["uuid"] for page in await acme.pages("/api/v1/logs", **bounds) for event in page.json]
    falling = [
        event["uuid"]
        for page in await acme.pages("/api/v1/logs", **bounds, sortOrder="DESCENDING")
        for event in page.json
    ]
    assert len(rising) == 11
    assert falling == rising[::-1]
    acme.directory.set_options({"log_late_s": 300})
    assert (await acme.get("/api/v1/logs", **bounds)).json == []


async def test_refused_log_queries(acme: Org) -> None:
    for params, code in (
        ({"since": "2025-01-01T00:00:00Z"}, "E0000053"),
        ({"since": "yesterday"}, "E0000001"),
        ({"limit": "0"}, "E0000001"),
        ({"sortOrder": "SIDEWAYS"}, "E0000001"),
        ({"filter": 'published gt "2026-03-01T00:00:00Z"'}, "E0000031"),
    ):
        refused = await acme.get("/api/v1/logs", **params)
        assert (refused.status, refused.code) == (400, code), params


async def test_events_out_of_order_and_repeated_on_request(acme: Org) -> None:
    acme.directory.set_options({"log_out_of_order": True, "log_duplicates": True})
    for number in range(6):
        acme.clock.advance(1)
        acme.directory.create_group(f"Team {number}")
    pages = [await acme.get("/api/v1/logs", limit="3")]
    pages += [await acme.get(pages[-1].links["next"]) for _ in range(2)]
    published = [event["published"] for page in pages for event in page.json]
    assert published != sorted(published)
    assert pages[1].json[0]["uuid"] == pages[0].json[-1]["uuid"]


async def test_log_keeps_ninety_days(acme: Org) -> None:
    acme.people(1)
    acme.days_pass(89)
    acme.directory.create_group("Sales")
    since = {"since": "2026-01-15T00:00:00Z"}
    assert len((await acme.get("/api/v1/logs", **since)).json) == 4
    acme.days_pass(2)
    assert len((await acme.get("/api/v1/logs", **since)).json) == 1
