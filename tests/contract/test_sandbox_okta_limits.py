"""The sandbox's Okta: rate limits, faults and odd records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.contract.okta_org import TOKEN, Org, org


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org() as one:
        yield one


async def test_a_principal_has_half_a_bucket_and_the_window_begins_with_its_first_request(acme: Org) -> None:
    acme.directory.set_options({"plan": "workforce", "buckets": {"users": 6}})
    acme.clock.advance(17)
    for remaining in (2, 1, 0):
        answer = await acme.get("/api/v1/users")
        assert answer.headers["x-rate-limit-limit"] == "3"
        assert answer.headers["x-rate-limit-remaining"] == str(remaining)
    refused = await acme.get("/api/v1/users")
    assert (refused.status, refused.code) == (429, "E0000047")
    assert refused.headers["x-rate-limit-remaining"] == "0"
    assert "retry-after" not in refused.headers
    reset = float(refused.headers["x-rate-limit-reset"])
    assert acme.clock.time() + 55 < reset <= acme.clock.time() + 61
    assert (await acme.get("/api/v1/groups")).headers["x-rate-limit-limit"] == "250"
    assert (await acme.get("/api/v1/groups")).status == 200
    acme.clock.advance(reset - acme.clock.time())
    assert (await acme.get("/api/v1/users")).status == 200
    state = await acme.control("state")
    assert state["requests"] == {"users": 5, "groups": 2}
    assert state["refused"] == {"users": 1}


@pytest.mark.parametrize(
    ("path", "workforce", "free"),
    [
        ("/api/v1/users", 300, 50),
        ("/api/v1/users/x", 1000, 50),
        ("/api/v1/groups/x", 500, 50),
        ("/api/v1/groups/x/users", 250, 50),
        ("/api/v1/apps/x", 250, 50),
        ("/api/v1/apps/x/users", 50, 10),
        ("/api/v1/apps/x/groups", 50, 10),
        ("/api/v1/logs", 60, 10),
        ("/api/v1/meta/types/user", 600, 50),
    ],
)
async def test_limits_of_organisations(acme: Org, path: str, workforce: int, free: int) -> None:
    for plan, limit in (("workforce", workforce), ("free", free), ("unlimited", 1_000_000)):
        acme.directory.set_options({"plan": plan})
        answer = await acme.get(path)
        assert answer.status in {200, 404}
        assert answer.headers["x-rate-limit-limit"] == str(limit)


async def test_too_many_requests_at_once_are_refused_with_a_limit_of_zero(acme: Org) -> None:
    acme.directory.set_options({"concurrency": 4})
    await acme.fault({"delay_s": 0.3}, times=2)
    slow = [asyncio.create_task(acme.get("/api/v1/groups")) for _ in range(2)]
    while acme.emulator.journal.in_flight < 2:
        await asyncio.sleep(0.005)
    refused = await acme.get("/api/v1/users")
    assert (refused.status, refused.code) == (429, "E0000047")
    assert (refused.headers["x-rate-limit-limit"], refused.headers["x-rate-limit-remaining"]) == ("0", "0")
    await asyncio.gather(*slow)
    assert (await acme.get("/api/v1/users")).status == 200


# -- faults --------------------------------------------------------------------------------------------------------


async def test_a_fault_strikes_the_page_it_is_for_as_often_as_told(acme: Org) -> None:
    acme.people(6)
    await acme.fault({"status": 503}, times=2, endpoint="users", page=2)
    first = await acme.get("/api/v1/users?limit=2")
    for expected in (503, 503, 200):
        assert (await acme.get(first.links["next"])).status == expected
    [rule] = (await acme.control("faults"))["faults"]
    assert rule["hit"] == 2


async def test_refusals_have_okta_s_body_with_or_without_rate_limit_headers(acme: Org) -> None:
    await acme.fault({"status": 429}, path="/users")
    refused = await acme.get("/api/v1/users")
    assert (refused.status, refused.code, refused.headers["x-rate-limit-remaining"]) == (429, "E0000047", "0")
    stripped = [f"x-rate-limit-{name}" for name in ("limit", "remaining", "reset")]
    await acme.fault({"status": 429, "strip_headers": stripped, "retry_after": 7}, path="/users")
    refused = await acme.get("/api/v1/users")
    assert refused.headers["retry-after"] == "7"
    assert not [name for name in refused.headers if name.lower().startswith("x-rate-limit")]


async def test_cursor_link_loop_html_and_strange_bodies(acme: Org) -> None:
    acme.people(6)
    first = await acme.get("/api/v1/users?limit=2")
    await acme.fault({"add_headers": {"link": f'<{first.links["next"]}>; rel="next"'}}, times=None, page=2)
    second = await acme.get(first.links["next"])
    assert second.links["next"] == first.links["next"]
    for action, expected in (
        ({"html": 502}, (502, None)),
        ({"html": 200}, (200, None)),
        ({"replace": None}, (200, None)),
        ({"replace": {}}, (200, {})),
        ({"redirect": "http://127.0.0.1:9/elsewhere"}, (302, None)),
    ):
        await acme.control("faults", {"match": {"path": "/groups"}, "action": action})
        answer = await acme.get("/api/v1/groups")
        assert (answer.status, answer.json) == expected


@pytest.mark.parametrize("action", [{"drop": "before"}, {"drop": "body"}, {"truncate": 0.5, "length": "wrong"}])
async def test_connections_break(acme: Org, action: dict[str, Any]) -> None:
    acme.people(5)
    await acme.fault(action, times=None)  # aiohttp itself repeats a GET once
    with pytest.raises(aiohttp.ClientError):
        await acme.get("/api/v1/users")
    acme.emulator.faults.clear()
    assert (await acme.get("/api/v1/users")).status == 200


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("unknown_status", lambda user: user["status"] == "HIBERNATED"),
        ("short_login", lambda user: user["profile"]["login"] == "bob"),
        ("empty_first_name", lambda user: user["profile"]["firstName"] == ""),
        ("long_first_name", lambda user: len(user["profile"]["firstName"]) > 50),
        ("long_country", lambda user: user["profile"]["countryCode"] == "USA"),
        ("unknown_provider", lambda user: user["credentials"]["provider"]["type"] == "PASSKEY_DIRECTORY"),
        ("no_profile", lambda user: "profile" not in user),
        ("no_id", lambda user: "id" not in user),
    ],
)
async def test_one_record_of_a_page_is_odd_and_the_others_are_not(acme: Org, name: str, seen: Any) -> None:
    acme.people(4)
    usual = (await acme.get("/api/v1/users")).json
    await acme.fault({"transform": "odd_record", "with": {"name": name, "at": 2}})
    odd = (await acme.get("/api/v1/users")).json
    assert seen(odd[2])
    assert (odd[:2], odd[3]) == (usual[:2], usual[3])


async def test_odd_app_users_unknown_fields_and_oversized_bodies(acme: Org) -> None:
    app = acme.directory.create_app("TestMu")
    for user in acme.people(2):
        acme.directory.assign_user(app.id, user.id)
    path = f"/api/v1/apps/{app.id}/users?expand=user"
    await acme.fault({"transform": "odd_record", "with": "unknown_app_user_status"})
    assert [row["status"] for row in (await acme.get(path)).json] == ["QUARANTINED", "ACTIVE"]
    await acme.fault({"transform": "odd_record", "with": {"name": "no_profile", "at": 1, "embedded": True}})
    rows = (await acme.get(path)).json
    assert ["profile" in row["_embedded"]["user"] for row in rows] == [True, False]
    await acme.fault({"transform": "unknown_fields"})
    assert all("futureField" in row for row in (await acme.get(path)).json)
    await acme.fault({"transform": "oversized", "with": 3_000_000})
    assert (
        int((await acme.send("GET", path, headers={"accept-encoding": "identity"})).headers["content-length"])
        > 3_000_000
    )


async def test_the_journal_shows_requests_without_their_secrets(acme: Org) -> None:
    await acme.get("/api/v1/users?limit=5")
    [entry] = (await acme.control("requests"))["requests"]
    assert (entry["path"], entry["query"], entry["endpoint"], entry["page"]) == ("/api/v1/users", "limit=5", "users", 1)
    assert entry["headers"]["authorization"].startswith("SSWS sha256:")
    assert TOKEN not in str(entry)


async def test_reset_and_switches_refuse_what_they_do_not_know(acme: Org) -> None:
    for name, body in (
        ("reset", {"persons": 5}),
        ("reset", {"options": {"speed": 9}}),
        ("quirks", {"link_form": "triple"}),
        ("quirks", {"plan": "premium"}),
        ("faults", {"action": {"explode": True}}),
    ):
        async with acme.session.post(f"{acme.url}/_emu/{name}", json=body) as response:
            assert response.status == 400, name
    assert (await acme.control("quirks", {"page_size": 3}))["quirks"]["page_size"] == 3
    assert (await acme.control("reset", {"users": 10}))["reset"]["users"] == 10
    assert len((await acme.get("/api/v1/users")).json) == 3
