"""What is known of a target before it is asked, and what is sent because of it."""

from __future__ import annotations

import pytest

from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import open_target
from syncd.core.change import Action
from syncd.core.secret import Secret
from tests.contract.target_contract import change, person
from tests.contract.target_world import TOKEN, Open


async def test_facts_of_an_earlier_run_spare_the_discovery(world: Open) -> None:
    w = world()
    facts = await w.target.discover()
    w.emulator.journal.clear()
    again = open_target(ScimSettings(name="t", url=w.url, auth=BearerToken(token=Secret(TOKEN))), facts, write=False)
    w.open.append(again)
    await again.get("user", "nobody")
    assert [entry.path for entry in w.emulator.journal.since(0)] == ["/scim/Users/nobody"]


async def test_facts_kept_before_anything_was_asked_do_not_spare_the_discovery(world: Open) -> None:
    w = world(announces_patch=False)
    again = open_target(
        ScimSettings(name="t", url=w.url, auth=BearerToken(token=Secret(TOKEN))), w.target.facts, write=False
    )
    w.open.append(again)
    await again.get("user", "nobody")
    assert not again.facts.patch


async def test_the_flag_of_the_url_is_not_sent_and_other_parameters_are(world: Open) -> None:
    w = world()
    flagged = w.another(url=f"{w.url}/?aadOptscim062020&tenant=a%20b")
    await flagged.get("user", "x")
    queries = {entry.query for entry in w.emulator.journal.since(0)}
    assert all("tenant=a" in query and "aad" not in query.lower() for query in queries)


async def test_what_preview_shows_is_what_the_target_gets(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    update = change(
        Action.UPDATE, "user", target_id, {"displayName": "Jane Døe"}, {"displayName": "X", "nickName": "Y"}
    )
    shown = w.target.preview(update, wrote)
    await w.target.send(update, wrote)
    got = [entry.data for entry in w.emulator.journal.since(0) if entry.method != "GET"]
    assert [(one["method"], one["path"], one["body"]) for one in got] == [
        (one.method, "/scim" + one.path, one.body) for one in shown
    ]


@pytest.mark.parametrize("login", ["a/b@x.example", "50%25@x.example", "%2F", "..", "a b?c#d", "ü/"])
@pytest.mark.parametrize("bodies", [True, False])
async def test_an_id_with_signs_of_a_url_is_one_account_all_its_life(world: Open, login: str, bodies: bool) -> None:
    w = world(ids="name", answers_without_body=not bodies)
    other, _ = await w.create(userName="b@x.example")
    wrote = person(userName=login)
    created = await w.target.send(change(Action.CREATE, after=wrote), {})
    assert (created.status, created.target_id) == ("done", login)
    assert [one.id for one in await w.target.find("user", {"userName": login})] == [login]
    assert (await w.update(login, wrote, displayName="Other")).status == "done"
    assert w.stored(login)["displayName"] == "Other"
    assert (await w.target.send(change(Action.DELETE, target_id=login), {})).status == "done"
    assert [user.id for user in w.store.users()] == [other]
