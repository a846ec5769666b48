"""What is known of a target before it is asked, and what is sent because of it."""

from __future__ import annotations

from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import open_target
from syncd.core.change import Action
from syncd.core.secret import Secret
from tests.contract.target_contract import change
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
