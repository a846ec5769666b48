"""Ids and links that would lead a request elsewhere, or that no client takes: the round ends, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import Incomplete
from syncd.core.model import Stream
from tests.contract.graph_store import kept
from tests.contract.graph_world import World, tenant

ODD_IDS = ["a/b", "..", ".", "a\nb", "a\n", "\r\n", "a b", "a?b", "a#b", "a%2fb", "é", "a" * 257]


@pytest.fixture
def world() -> Iterator[World]:
    with tenant(users=20, groups=3, memberships=10, assignments=0) as made:
        yield made


async def read(world: World, stream: Stream = "users") -> None:
    source = world.source()
    try:
        await world.mirror.read(source, stream)
    finally:
        await source.close()


@pytest.mark.parametrize("stream", ["users", "groups"])
@pytest.mark.parametrize("odd", ODD_IDS, ids=lambda odd: repr(odd)[:20])
async def test_an_object_whose_id_would_lead_a_path_elsewhere_ends_the_round(
    world: World, stream: Stream, odd: str
) -> None:
    """No such id gets into the mirror, and the message stays one line."""
    world.fault({"first": {"set": {"id": odd}}}, path=f"{stream}/delta")
    with pytest.raises(Incomplete, match="id is none of Graph's") as caught:
        await read(world, stream)
    assert len(str(caught.value).splitlines()) == 1
    assert odd not in {*world.mirror.users, *world.mirror.groups}


@pytest.mark.parametrize("odd", ["../me", "a\nb"])
async def test_an_id_that_was_not_asked_for_becomes_no_path(world: World, tmp_path: Path, odd: str) -> None:
    """Objects that are fetched by id: a service that takes no $select there is asked again, for each of its answers."""
    world.quirks.set({"get_by_ids_select": False})
    world.directory.assign(next(user.id for user in world.directory.users if user.live))
    world.fault({"replace": {"value": [{"id": odd}]}}, path="getByIds$")
    with kept(world, tmp_path) as mirror:
        reading = await mirror.read(assigned_only=True)
        assert "id is none of Graph's" in " ".join(map(str, reading.errors))
        assert mirror.live("user") == {}
    assert [entry for entry in world.requests("$batch") if b"/users/" in entry.body] == []


@pytest.mark.parametrize("odd", ["\n", "\r", "\t", "\0", "\x7f", "x" * 66_000], ids=lambda odd: repr(odd)[:8])
@pytest.mark.parametrize("key", ["@odata.nextLink", "@odata.deltaLink"])
async def test_a_link_that_is_no_address_ends_the_round_and_is_not_kept(world: World, key: str, odd: str) -> None:
    other = {"@odata.nextLink", "@odata.deltaLink"} - {key}
    link = f"{world.root}/users/delta?$deltatoken=a{odd}b"
    world.fault({"edit": {"set": {key: link}, "remove": [*other]}}, path="users/delta")
    with pytest.raises(Incomplete, match="a page whose link is no address") as caught:
        await read(world)
    assert len(str(caught.value).splitlines()) == 1
    assert world.mirror.watermarks.get("users") is None
    await read(world)
    assert world.same_users()
