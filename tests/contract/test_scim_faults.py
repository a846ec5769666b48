"""The SCIM target when requests go wrong: throttled, broken, applied although refused, led elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from connectors.errors import Unauthorized, Unreachable, Unusable
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.scim import Quirks, ScimDirectory, scim_app
from connectors.sandbox.serve import serve
from connectors.scim.settings import Basic, BearerToken, ScimSettings
from connectors.scim.target import ScimTarget, open_target
from syncd.core.change import Action, Outcome
from syncd.core.secret import Secret
from tests.contract.quick_time import QuickTime
from tests.contract.target_contract import change, person

TOKEN = "sandbox-token-of-the-faults"


class World:
    """The sandbox, one target on it, and a clock that does not wait."""

    def __init__(self, url: str, emulator: Emulator, store: ScimDirectory) -> None:
        self.url, self.emulator, self.store, self.time = url, emulator, store, QuickTime()
        self.open: list[ScimTarget] = []
        self.target = self.another()

    def another(self, **settings: Any) -> ScimTarget:
        given = {"name": "t", "url": self.url, "auth": BearerToken(token=Secret(TOKEN)), **settings}
        target = open_target(ScimSettings(**given), None, write=True, timing=self.time.timing)
        self.open.append(target)
        return target

    def fault(self, action: dict[str, Any], *, times: int | None = 1, **match: Any) -> None:
        self.emulator.faults.add({"match": match, "times": times, "action": action})

    def sent(self, method: str) -> int:
        return sum(entry.method == method for entry in self.emulator.journal.since(0))

    async def create(self, **more: Any) -> tuple[str, dict[str, Any]]:
        values = person(**more)
        outcome = await self.target.send(change(Action.CREATE, after=values), {})
        assert outcome.status == "done", outcome
        assert outcome.target_id is not None
        self.emulator.journal.clear()
        return outcome.target_id, values

    async def update(self, target_id: str, wrote: dict[str, Any], **after: Any) -> Outcome:
        before = {path: wrote.get(path) for path in after}
        return await self.target.send(change(Action.UPDATE, "user", target_id, before, after), wrote)

    def members(self) -> list[str]:
        return sorted(self.store.groups()[0].members.ids)

    def stored(self, target_id: str) -> Any:
        one = self.store.get("user", target_id)
        return None if one is None else one.attributes


Open = Callable[..., World]


@pytest.fixture
async def world() -> AsyncIterator[Open]:
    worlds: list[World] = []
    running: list[Any] = []

    def start(**quirks: Any) -> World:
        store = ScimDirectory()
        emulator = scim_app(store, quirks=Quirks(**quirks), token=TOKEN)
        served = serve({"scim": emulator}).start()
        running.append(served)
        worlds.append(World(f"{served['scim']}/scim", emulator, store))
        return worlds[-1]

    yield start
    for one in worlds:
        for target in one.open:
            await target.close()
    for served in running:
        served.stop()


@pytest.mark.parametrize(("told", "waited"), [(7, 7.35), ("date:20", 20.5), (None, 0.5)])
async def test_429_waits_as_told_and_then_goes_on(world: Open, told: Any, waited: float) -> None:
    w = world()
    await w.target.discover()
    w.time.start = w.emulator.clock.now()
    action = {"status": 429} | ({} if told is None else {"retry_after": told})
    w.fault(action, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert outcome.status == "done"
    assert outcome.requests == 2
    assert sum(w.time.slept) == pytest.approx(waited, abs=1.6 if isinstance(told, str) else 0.01)
    assert len(w.store.users()) == 1


async def test_a_429_that_does_not_end_is_a_failure_with_its_words(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.fault({"status": 429, "retry_after": 1}, times=None, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert (outcome.status, outcome.code, outcome.requests) == ("failed", "TooManyRequests", 5)
    assert "(it asks to wait 1)" in outcome.message


async def test_a_wait_beyond_patience_is_not_waited(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.fault({"status": 429, "retry_after": 86_400}, times=None, method="POST")
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert (outcome.code, outcome.requests, w.time.slept) == ("TooManyRequests", 1, [])


async def test_a_pause_holds_all_requests_to_the_target(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.fault({"status": 429, "retry_after": 30}, method="POST")
    outcomes = await asyncio.gather(*(w.target.send(change(Action.CREATE, after=person()), {}) for _ in range(8)))
    assert {outcome.status for outcome in outcomes} == {"done"}
    assert w.time.elapsed_s >= 30


async def test_reads_survive_a_few_5xx_and_then_say_so(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"status": 503}, times=2, method="GET")
    assert await w.target.get("user", target_id) is not None
    w.fault({"status": 502, "html": 502}, times=None, method="GET")
    with pytest.raises(Unreachable) as caught:
        await w.target.get("user", target_id)
    assert caught.value.target == "t"


@pytest.mark.parametrize("drop", ["before", "answer", "body"])
async def test_a_create_without_an_answer_is_maybe_and_is_not_sent_again(world: Open, drop: str) -> None:
    w = world()
    await w.target.discover()
    w.fault({"drop": drop, "reset": True}, times=None, method="POST")
    values = person()
    outcome = await w.target.send(change(Action.CREATE, after=values), {})
    assert outcome.status == "maybe"
    assert w.sent("POST") == 1
    found = await w.target.find("user", {"userName": values["userName"]})
    assert len(found) == len(w.store.users()) == (0 if drop == "before" else 1)


async def test_a_create_stored_under_a_500_is_maybe_and_found_by_its_login(world: Open) -> None:
    w = world(applied_although_500=("POST",))
    values = person()
    outcome = await w.target.send(change(Action.CREATE, after=values), {})
    assert (outcome.status, outcome.http_status) == ("maybe", 500)
    (one,) = await w.target.find("user", {"userName": values["userName"]})
    assert [stored.id for stored in w.store.users()] == [one.id]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("drop", ["before", "answer", "body"])
async def test_an_idempotent_write_without_an_answer_is_settled(world: Open, drop: str, method: str) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"drop": drop}, method=method)
    if method == "PATCH":
        outcome = await w.update(target_id, wrote, displayName="Other")
        assert w.stored(target_id)["displayName"] == "Other"
        assert w.sent("PATCH") == (2 if drop == "before" else 1)
    else:
        outcome = await w.target.send(change(Action.DELETE, target_id=target_id), {})
        assert w.store.users() == []
    assert outcome.status == "done", outcome


async def test_an_update_refused_with_500_again_and_again_is_a_failure_and_bounded(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"status": 500}, times=None, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert (outcome.status, outcome.code, outcome.http_status) == ("failed", "InternalServerError", 500)
    assert w.sent("PATCH") == 3
    assert w.stored(target_id)["displayName"] == wrote["displayName"]


async def test_an_update_whose_end_cannot_be_seen_is_maybe(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"drop": "answer"}, method="PATCH")
    w.fault({"status": 500}, times=None, method="GET")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert (outcome.status, outcome.target_id) == ("maybe", target_id)


async def test_one_refused_attribute_does_not_hold_up_the_others_and_is_named(world: Open) -> None:
    w = world(unsupported=("nickName",))
    target_id, wrote = await w.create()
    outcome = await w.update(target_id, wrote, displayName="Other", nickName="Jay", title="Lead")
    assert outcome.status == "failed"
    assert outcome.written == ("displayName", "title")
    assert outcome.message.startswith("refused: nickName (400")
    assert outcome.message.endswith("Written: displayName, title")
    assert (w.stored(target_id)["displayName"], w.stored(target_id)["title"]) == ("Other", "Lead")


async def test_an_attribute_that_its_schema_lacks_does_not_prevent_a_create(world: Open) -> None:
    w = world(unsupported=("nickName",))
    w.fault({"status": 400}, times=None, method="POST", body="nickName")
    outcome = await w.target.send(change(Action.CREATE, after=person(nickName="Jay")), {})
    assert outcome.status == "done", outcome
    assert outcome.message == "created without nickName: not in its schema"


async def test_the_targets_own_words_are_kept(world: Open) -> None:
    w = world(seats=0)
    outcome = await w.target.send(change(Action.CREATE, after=person()), {})
    assert outcome.status == "failed"
    assert "seat" in outcome.message.lower() or "licen" in outcome.message.lower()


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


async def test_an_answer_without_end_is_cut_off(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    small = w.another(body_limit_bytes=2_000)
    w.fault({"replace": {"id": target_id, "x": "y" * 100_000}}, times=None, method="GET")
    with pytest.raises(Unreachable, match="an answer over 2000 bytes"):
        await small.get("user", target_id)


@pytest.mark.parametrize("action", [{"truncate": 0.5}, {"truncate": 0.5, "length": "wrong"}, {"corrupt_gzip": True}])
async def test_a_mangled_answer_is_read_again_or_reported(world: Open, action: dict[str, Any]) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault(action, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "done", outcome
    assert w.stored(target_id)["displayName"] == "Other"


async def test_a_slow_target_meets_the_timeout(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.target = w.another(timeout_s=0.2, attempts=1)
    await w.target.discover()
    w.fault({"delay_s": 0.6, "applied": True}, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "done", outcome


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


async def test_a_secret_that_the_target_repeats_is_blacked_out(world: Open) -> None:
    w = world()
    await w.target.discover()
    body = {"detail": f"bad token {TOKEN}, and password pa55word"}
    w.fault({"status": 400, "body": body}, times=None, method="POST")
    create = change(Action.CREATE, after=person(password="pa55word"), redacted=frozenset({"password"}))
    outcome = await w.target.send(create, {})
    assert outcome.message == "400: bad token ***, and password ***"


async def test_a_value_that_json_cannot_carry_fails_that_object_alone(world: Open) -> None:
    w = world()
    outcome = await w.target.send(change(Action.CREATE, after=person(title="\ud800")), {})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert w.sent("POST") == 0


async def test_a_404_of_a_reference_is_not_taken_for_a_lost_account(world: Open) -> None:
    w = world()
    target_id, wrote = await w.create()
    w.fault({"status": 404}, method="PATCH")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "failed"
    assert w.target.facts.patch


async def test_a_put_that_meets_a_newer_version_is_made_anew(world: Open) -> None:
    w = world(announces_patch=False)
    target_id, wrote = await w.create()
    w.fault({"status": 412}, method="PUT")
    outcome = await w.update(target_id, wrote, displayName="Other")
    assert outcome.status == "done"
    put = [entry for entry in w.emulator.journal.since(0) if entry.method == "PUT"]
    assert len(put) == 2
    assert all("if-match" in entry.headers for entry in put)


@pytest.mark.parametrize("status", [412, 428])
@pytest.mark.parametrize("what", ["update", "members", "delete"])
async def test_a_service_that_insists_on_a_version_is_read_once_and_told_it(
    world: Open, status: int, what: str
) -> None:
    w = world()
    target_id, wrote = await w.create()
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.emulator.journal.clear()
    method = "DELETE" if what == "delete" else "PATCH"
    w.fault({"status": status}, method=method)
    if what == "update":
        outcome = await w.update(target_id, wrote, displayName="Other")
        assert w.stored(target_id)["displayName"] == "Other"
    elif what == "members":
        add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": [target_id]})
        outcome = await w.target.send(add, {})
        assert w.members() == [target_id]
    else:
        outcome = await w.target.send(change(Action.DELETE, target_id=target_id), {})
        assert w.stored(target_id) is None
    assert outcome.status == "done", outcome
    sent = [entry for entry in w.emulator.journal.since(0) if entry.method == method]
    assert ["if-match" in entry.headers for entry in sent] == [False, True]


async def test_a_target_that_is_away_is_tried_gently_and_for_two_minutes(world: Open) -> None:
    w = world()
    await w.target.discover()
    w.emulator.journal.clear()
    w.fault({"status": 503}, times=None)
    found = await asyncio.gather(
        *(w.target.find("user", {"userName": str(n)}) for n in range(40)), return_exceptions=True
    )
    assert all(isinstance(error, Unreachable) for error in found)
    last = str(found[-1])
    assert "requests in a row failed, the last with: 503" in last
    assert "the circuit breaker is open for" in last
    assert w.time.elapsed_s < 300
    assert len(w.emulator.journal.since(0)) < 45, "a dozen to notice, then single trials"


async def test_a_target_that_comes_back_is_used_again_at_once(world: Open) -> None:
    w = world()
    target_id, _ = await w.create()
    w.fault({"status": 502}, times=18)
    seen = await asyncio.gather(*(w.target.get("user", target_id) for _ in range(12)))
    assert all(one is not None for one in seen)
    assert not w.target._service.reader.breaker.is_open


async def test_members_beyond_the_limit_of_a_patch_go_in_smaller_parts(world: Open) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(10)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    w.fault({"status": 413}, times=1, method="PATCH")
    added = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    outcome = await w.target.send(added, {})
    assert outcome.status == "done", outcome
    assert len(w.members()) == 10
    assert w.target.facts.member_chunk == 5


async def test_one_unknown_member_does_not_hold_up_the_others(world: Open) -> None:
    w = world()
    people = [(await w.create())[0] for _ in range(7)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    wanted = [*people[:4], "nobody", *people[4:]]
    outcome = await w.target.send(change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": wanted}), {})
    assert outcome.status == "failed"
    assert sorted(outcome.written) == sorted(people)
    assert "nobody" in outcome.message


async def test_members_lost_by_a_strict_reading_are_added_again(world: Open) -> None:
    w = world(remove_by_value="all", remove_by_filter=501)
    people = [(await w.create())[0] for _ in range(5)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:2]})
    assert (await w.target.send(removal, {})).status == "done"
    assert w.members() == sorted(people[2:])


@pytest.mark.parametrize("kind", ["add", "remove"])
@pytest.mark.parametrize("drop", ["before", "answer"])
async def test_a_membership_without_an_answer_is_settled(world: Open, kind: str, drop: str) -> None:
    w = world(duplicate_members=True)
    people = [(await w.create())[0] for _ in range(4)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    if kind == "add":
        w.fault({"drop": drop}, method="PATCH")
        outcome = await w.target.send(add, {})
        left = people
    else:
        await w.target.send(add, {})
        w.fault({"drop": drop}, method="PATCH")
        removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
        outcome = await w.target.send(removal, {})
        left = people[1:]
    assert outcome.status == "done", outcome
    assert w.members() == sorted(left)


async def test_a_group_whose_members_are_never_shown_still_gets_them_and_is_never_put(world: Open) -> None:
    w = world(members_shown=False)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    assert not w.target.facts.members_shown
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": people[:1]})
    assert (await w.target.send(removal, {})).status == "done"
    assert w.members() == sorted(people[1:])
    assert w.sent("PUT") == 0


async def test_a_put_that_would_empty_a_group_is_not_sent(world: Open) -> None:
    w = world(members_shown=False, group_patch_paths=("members",), patch_refusal=501)
    people = [(await w.create())[0] for _ in range(3)]
    group = await w.target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await w.target.send(add, {})).status == "done"
    rename = change(Action.UPDATE, "group", group.target_id, {"displayName": "G"}, {"displayName": "H"})
    outcome = await w.target.send(rename, {"displayName": "G"})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert len(w.members()) == 3


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


async def test_an_overloaded_target_gets_fewer_requests_at_a_time(world: Open) -> None:
    w = world()
    await w.target.discover()
    gate = w.target._service.reader.gate
    w.fault({"status": 503, "retry_after": 1}, times=3, method="GET")
    await asyncio.gather(*(w.target.get("user", "x") for _ in range(4)))
    assert gate.size < gate.maximum
    for _ in range(60):
        await w.target.get("user", "x")
    assert gate.size == gate.maximum
    assert gate.in_flight == 0
