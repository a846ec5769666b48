"""The System Log as a quicker word on what happened: kept by its link, never believed alone, never needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.okta import system_log
from connectors.okta.settings import LOGS_SCOPE, SCOPES, OAuth
from connectors.sandbox.clock import Clock
from connectors.sandbox.okta.mapping import Rule
from connectors.sandbox.okta.schema import Attribute
from connectors.sandbox.okta.systemlog import named_target, user_target
from syncd.core.model import Removal, Stream
from syncd.core.secret import Secret
from tests.contract.okta_mirror import mirror
from tests.contract.okta_world import Held, World, organisation

START = datetime(2026, 3, 2, 11, 15, tzinfo=UTC)
ALL = {"scope": "all", "system_log": True}
STREAMS: tuple[Stream, ...] = ("users", "groups")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation(Clock(START)) as made:
        made.people(4)
        made.clock.advance(3600)
        yield made
        await made.close()


def gone(world: World, user_id: str) -> None:
    world.directory.set_status(user_id, "DEPROVISIONED", event="lifecycle.deactivate")
    world.directory.delete_user(user_id)


def position(text: str | None) -> str:
    return str(orjson.loads(text or "")["log"])


async def test_okta_logs_polling_persists_next_link(world: World, tmp_path: Path) -> None:
    with mirror(world, tmp_path, **ALL) as mirrored:
        await mirrored.read()
        links = [mirrored.watermark(stream)["log"] for stream in STREAMS]
        assert links[0] == links[1]
        assert "after=" in links[0]
        for _ in range(2):  # an empty page gives a link, too, and after a restart that very one is asked for
            world.forget()
            await mirrored.read()
            (asked,) = world.requests("/api/v1/logs")
            assert f"{asked.path}?{asked.query}" == links[0]
            assert "until" not in parse_qs(asked.query)
            links = [mirrored.watermark(stream)["log"] for stream in STREAMS]
        world.options(index_delay_s=3600)
        (user,) = world.people(1, assigned=False, prefix="new")
        await mirrored.read()
        assert mirrored.store.mirror.objects("acme", "user", [user.id])


async def test_a_deletion_is_heard_and_proven_by_id(world: World, tmp_path: Path) -> None:
    ids = [user.id for user in world.directory.users]
    group = world.directory.create_group("Sales")
    with mirror(world, tmp_path, **ALL) as mirrored:
        await mirrored.read()
        world.clock.advance(3600)
        gone(world, ids[0])
        world.directory.delete_group(group.id)
        world.forget()
        await mirrored.read()
        assert mirrored.differences() == {}
        assert len(world.requests(f"/api/v1/users/{ids[0]}")) == 1
        assert len(world.requests(f"/api/v1/groups/{group.id}")) == 1


@pytest.mark.parametrize("scope", ["assigned", "all"])
async def test_okta_delete_needs_more_than_the_log(world: World, scope: str) -> None:
    user = next(iter(world.directory.users))
    held = Held(users=[user.id])
    first = await world.read("users", scope=scope, system_log=True, held=held)
    world.directory.log.write("user.lifecycle.delete.completed", user_target(user))
    second = await world.read("users", since=first, scope=scope, system_log=True, held=held)
    assert second.removals == []
    gone(world, user.id)
    third = await world.read("users", since=second, scope=scope, system_log=True, held=held)
    assert third.removals == [Removal(kind="user", id=user.id, state="gone")]


async def test_deletions_of_strangers_are_not_asked_for(world: World) -> None:
    first = await world.read("users", system_log=True, held=Held())
    for user in list(world.directory.users)[:3]:
        gone(world, user.id)
    world.forget()
    read = await world.read("users", since=first, system_log=True, held=Held())
    assert read.removals == []
    assert not world.requests("/api/v1/users/")


async def test_okta_logs_out_of_order_and_duplicates(world: World, tmp_path: Path) -> None:
    ids = [user.id for user in world.directory.users]
    world.options(log_out_of_order=True, log_duplicates=True, page_size=2)
    with mirror(world, tmp_path, **ALL) as mirrored:
        await mirrored.read()
        for n in range(2):
            gone(world, ids[n])
            world.forget()
            assert (await mirrored.read()).complete
            assert mirrored.differences() == {}
            assert len(world.requests(f"/api/v1/users/{ids[n]}")) == 1
            world.forget()
            await mirrored.read()  # the last event comes once more
            assert mirrored.differences() == {}
            assert len(world.requests("/api/v1/logs")) <= 2


@pytest.mark.parametrize("code", ["E0000053", "E0000029"])
@pytest.mark.parametrize("scope", ["assigned", "all"])
async def test_okta_logs_position_lost_falls_back_to_full(world: World, tmp_path: Path, code: str, scope: str) -> None:
    users = list(world.directory.users)
    with mirror(world, tmp_path, scope=scope, system_log=True) as mirrored:
        await mirrored.read()
        with world.directory.long_ago("2026-03-02T11:00:00.000Z"):  # nobody hears of it, and no time shows it
            world.directory.update_user(users[1].id, {"title": "Lead"})
            gone(world, users[0].id)
        world.clock.advance(3600)
        await mirrored.read()
        assert mirrored.differences()
        body = {"errorCode": code, "errorSummary": "lost", "errorId": "oae1", "errorCauses": []}
        world.fault({"status": 400, "body": body}, path="/api/v1/logs.*after=")
        assert (await mirrored.read()).complete
        assert mirrored.differences() == {}
        world.forget()
        await mirrored.read()
        assert len(world.requests("/api/v1/logs")) == 1
        assert not world.requests("/api/v1/users?limit")


async def test_a_position_as_old_as_the_log_s_retention_is_not_trusted(world: World) -> None:
    first = {stream: await world.read(stream, **ALL) for stream in STREAMS}
    world.clock.advance(85 * 86_400)
    world.directory.access.add_api_token("sandbox-api-token")  # other work keeps it from falling idle
    for stream in STREAMS:
        world.forget()
        second = await world.read(stream, since=first[stream], **ALL)
        assert second.full is (stream == "groups")
        assert world.requests(f"/api/v1/{stream}?limit=200")
        assert second.complete


@pytest.mark.parametrize("what", ["app schema", "user schema", "mapping"])
async def test_okta_schema_or_mapping_change_triggers_full(world: World, what: str) -> None:
    first = {stream: await world.read(stream, **ALL) for stream in STREAMS}
    attribute = Attribute(name="badge", title="Badge")
    match what:
        case "app schema":
            world.directory.set_attribute(attribute, app=world.app.id)
        case "user schema":
            world.directory.set_attribute(attribute)
        case _:
            world.directory.set_mapping(world.app.id, "nickName", Rule(expression="user.nickName", push_status="PUSH"))
    for stream in STREAMS:
        world.forget()
        second = await world.read(stream, since=first[stream], **ALL)
        assert world.requests(f"/api/v1/{stream}?limit=200"), "everything is read"
        world.forget()
        await world.read(stream, since=second, **ALL)
        assert not world.requests(f"/api/v1/{stream}?limit=200"), "and once"


async def test_a_changed_mapping_of_another_application_changes_nothing_here(world: World) -> None:
    other = world.directory.create_app("Other")
    first = await world.read("groups", **ALL)
    world.directory.set_mapping(other.id, "nickName", Rule(expression="user.nickName", push_status="PUSH"))
    assert not (await world.read("groups", since=first, **ALL)).full


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 500}, {"html": 200}, {"replace": {}}, {"replace": None}])
async def test_without_the_log_everything_goes_on_from_where_it_was(world: World, fault: dict[str, object]) -> None:
    ids = [user.id for user in world.directory.users]
    held = Held(users=ids)
    first = await world.read("users", **ALL, held=held)
    gone(world, ids[0])
    world.fault(fault, path="/api/v1/logs", times=None)
    second = await world.read("users", since=first, **ALL, held=held)
    assert second.complete
    assert second.removals == []
    assert position(second.watermark) == position(first.watermark)
    world.forget()
    third = await world.read("users", since=second, **ALL, held=held)
    assert [removal.id for removal in third.removals] == [ids[0]]


async def test_a_log_that_may_not_be_read_at_first_is_read_once_it_may(world: World) -> None:
    ids = [user.id for user in world.directory.users]
    world.fault({"status": 403}, path="/api/v1/logs", times=None)
    first = await world.read("users", **ALL, held=Held(users=ids))
    world.forget()
    gone(world, ids[0])
    second = await world.read("users", since=first, **ALL, held=Held(users=ids))
    assert [removal.id for removal in second.removals] == [ids[0]]


async def test_a_stream_that_stayed_behind_in_the_log_catches_up_and_both_ask_as_one_again(
    world: World, tmp_path: Path
) -> None:
    with mirror(world, tmp_path, **ALL) as mirrored:
        await mirrored.read()
        world.fault({"status": 500}, path=r"/api/v1/groups\?", times=None)
        assert not (await mirrored.read()).complete
        assert mirrored.watermark("users")["log"] != mirrored.watermark("groups")["log"]
        user = next(iter(world.directory.users))
        gone(world, user.id)
        for expected in (2, 1):
            world.forget()
            assert (await mirrored.read()).complete
            # One request finds that nothing more is there where something was.
            assert len(world.requests("/api/v1/logs")) <= 2 * expected
            assert mirrored.differences() == {}
        assert mirrored.watermark("users")["log"] == mirrored.watermark("groups")["log"]


async def test_a_long_log_is_read_in_bounded_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_log, "PAGES", 3)
    world.options(page_size=4)
    first = await world.read("users", **ALL, held=Held())
    world.options(index_delay_s=10**6)
    ids = [user.id for user in world.people(30, assigned=False, prefix="new")]
    read = first
    found: set[str] = set()
    for _ in range(10):
        world.forget()
        read = await world.read("users", since=read, **ALL, held=Held())
        found |= {user.id for user in read.users}
        assert len(world.requests("/api/v1/logs")) <= 3
    assert found >= set(ids)


async def test_whoever_returns_is_a_member_again_although_the_group_did_not_move(world: World, tmp_path: Path) -> None:
    """Where Okta leaves deactivated users out of lists of members."""
    user = next(iter(world.directory.users))
    group = world.directory.create_group("Sales")
    world.directory.add_member(group.id, user.id)
    world.options(deprovisioned_members=False)
    with mirror(world, tmp_path, group_selection=lambda raw: raw["type"] != "BUILT_IN", system_log=True) as mirrored:

        async def members(*, full: bool = False) -> set[str]:
            world.clock.advance(3600)
            assert (await mirrored.read(full=full)).complete
            return mirrored.store.mirror.member_ids("acme", group.id, nested=False)

        assert await members(full=True) == {user.id}
        world.directory.set_status(user.id, "DEPROVISIONED", event="lifecycle.deactivate")
        assert await members(full=True) == set()
        world.directory.set_status(user.id, "ACTIVE", event="lifecycle.reactivate")
        assert await members() == {user.id}


async def test_events_that_make_no_sense_are_passed_over(world: World) -> None:
    first = await world.read("users", **ALL, held=Held())
    for event in ("user.lifecycle.delete.completed", "group.lifecycle.delete", "user.lifecycle.create"):
        world.directory.log.write(event)
        world.directory.log.write(event, named_target("00u/../x", "User", "odd"), named_target("", "UserGroup", "odd"))
    odd = [{"eventType": 7}, None, "text", {"eventType": "user.lifecycle.create", "target": "x"}, {"target": [3]}]
    link = f'<{world.url}/api/v1/logs?after=x>; rel="next"'
    world.fault({"status": 200, "body": odd, "headers": {"link": link}}, path="/api/v1/logs")
    assert (await world.read("users", since=first, **ALL, held=Held())).complete
    assert (await world.read("groups", since=await world.read("groups", **ALL), **ALL)).complete


@pytest.mark.parametrize("granted", [True, False])
async def test_the_log_s_scope_is_asked_for_and_done_without(granted: bool) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    scopes = [*SCOPES, *([LOGS_SCOPE] if granted else [])]
    with organisation() as world:  # signed assertions go by this machine's clock
        world.directory.access.add_service("0oaservice", public, key_id="k1", granted=scopes)
        credential = OAuth(client_id="0oaservice", private_key=Secret(pem), key_id="k1", optional_scopes=(LOGS_SCOPE,))
        source = world.source(credential=credential, system_log=True)
        for stream in ("users", "groups", "assignments"):
            assert (await world.read(stream, source)).complete  # type: ignore[arg-type]
        tokens = [parse_qs(entry.body.decode())["scope"][0].split() for entry in world.requests("/oauth2/v1/token")]
        assert tokens[0] == [*SCOPES, LOGS_SCOPE]
        assert tokens[1:] == ([] if granted else [list(SCOPES)])
        assert bool(world.requests("/api/v1/logs")) is granted
        await world.close()
