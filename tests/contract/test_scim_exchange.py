"""Exchanges that no SCIM service means: pages, redirects, answers without end, nobody there, a wrong token."""

from __future__ import annotations

import pytest

from connectors.errors import Unauthorized, Unreachable, Unusable
from connectors.scim.settings import Basic, BearerToken
from syncd.core.change import Action
from syncd.core.secret import Secret
from tests.contract.target_contract import change, person
from tests.contract.target_world import Open


async def test_an_html_page_in_place_of_an_answer_is_no_success(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"html": 200}, times=2, method="GET")
    with pytest.raises(Unusable, match="another object or with none"):
        await w.target.get("user", target_id)
    w.fault({"html": 200}, times=2, method="GET", path="filter")
    with pytest.raises(Unusable, match="no SCIM resource or list"):
        await w.target.find("user", {"userName": "x"})
    w.fault({"html": 200}, times=1, method="POST")
    assert (await w.target.send(change(Action.CREATE, after=person()), {})).status == "maybe"


async def test_a_read_that_was_answered_with_something_unreadable_is_asked_for_once_more(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"truncate": 0.5}, times=1, method="GET")
    assert await w.target.get("user", target_id) is not None
    assert w.sent("GET") == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_takes_the_token_to_another_host(world: Open, status: int) -> None:
    w, thief = world(), world()
    await w.target.discover()
    thief.emulator.journal.clear()
    for method in ("GET", "POST"):
        w.fault({"redirect": f"{thief.url}/Users", "status": status}, times=None, method=method)
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert outcome.status == "failed"
    assert "redirected to another host" in outcome.message
    with pytest.raises(Unreachable, match="redirected to another host"):
        await w.target.get("user", "1")
    assert list(thief.emulator.journal.since(0)) == []


async def test_a_redirect_on_the_same_host_is_followed_and_a_loop_is_not(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"redirect": f"{w.url}/Users/{target_id}", "status": 307}, method="GET", path="/Users/alias")
    with pytest.raises(Unusable, match="another object"):
        await w.target.get("user", "alias")
    w.fault({"redirect": "same", "status": 307}, times=None, method="GET")
    with pytest.raises(Unreachable, match="too many redirects"):
        await w.target.get("user", target_id)


@pytest.mark.parametrize("location", ["//name:word@{host}/scim", "/a\x01b", "/a\xff", "http://{host}:1/x"])
async def test_a_redirect_to_what_no_request_can_have_is_told(world: Open, location: str) -> None:
    w = world()
    await w.target.discover()
    host = w.url.removeprefix("http://").partition("/")[0]
    w.fault({"status": 307, "headers": {"Location": location.format(host=host)}}, times=None, method="GET")
    with pytest.raises(Unreachable, match=r"redirected to (nowhere|an address with)"):
        await w.target.get("user", "1")


async def test_an_answer_without_end_is_cut_off(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    small = w.another(body_limit_bytes=2_000)
    w.fault({"replace": {"id": target_id, "x": "y" * 100_000}}, times=None, method="GET")
    with pytest.raises(Unreachable, match="an answer over 2000 bytes"):
        await small.get("user", target_id)


async def test_nothing_listening_is_a_failure_and_surely_not_applied(world: Open) -> None:
    w = world()
    nobody = w.another(url="http://127.0.0.1:9/scim")
    with pytest.raises(Unreachable, match=r"no connection to 127.0.0.1:9"):
        await nobody.find("user", {"userName": "x"})
    outcome = await nobody.send(change(Action.CREATE, after=person()), {})
    assert (outcome.status, outcome.code) == ("failed", "WebExceptionProtocolError")


async def test_a_wrong_token_raises_and_no_secret_is_shown(world: Open) -> None:
    w = world()
    for auth in (BearerToken(token=Secret("hush-hush")), Basic(username="u", password=Secret("hush-hush"))):
        other = w.another(auth=auth)
        with pytest.raises(Unauthorized) as caught:
            await other.find("user", {"userName": "x"})
        outcome = await other.send(change(Action.CREATE, after=person()), {})
        assert outcome.code == "Unauthorized"
        assert "hush" not in f"{caught.value}{caught.value!r}{outcome}{other.__dict__}"
