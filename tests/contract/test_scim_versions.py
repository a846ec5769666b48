"""Services that mind the version of an object: If-Match, 412 and 428."""

from __future__ import annotations

import pytest

from syncd.core.change import Action
from tests.contract.target_contract import change
from tests.contract.target_world import Open


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
