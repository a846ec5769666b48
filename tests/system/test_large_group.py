"""Large groups: members come and go in parts, never with the whole group, also where a read shows no members."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.sandbox.scim import ScimDirectory, scim_app
from connectors.sandbox.scim.members import Members
from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.serve import serve
from connectors.scim.settings import BearerToken, ScimSettings
from connectors.scim.target import open_target
from syncd.core.change import Action, Change
from syncd.core.secret import Secret
from tests.system.house import TARGET_TOKEN, house, quirky
from tests.system.recorder import body_of


@pytest.mark.parametrize(
    ("many", "quirks"),
    [(1_500, Quirks()), (300, quirky(members_shown=False)), (300, quirky(duplicate_members=True))],
    ids=["members are shown", "members are never shown", "members are stored again"],
)
def test_many_members_go_in_parts_and_one_more_is_one_request(tmp_path: Path, many: int, quirks: Quirks) -> None:
    with house("graph", tmp_path, people=0, quirks=quirks, begun=False) as here:
        company = here.company
        names = [f"n{number}" for number in range(many)]
        for name in names:
            company.hire(name)
        company.join("sales", *names)
        here.sync()
        name = company.team_name("sales")
        assert len(here.target.members(name)) == many
        parts = [operation["value"] for body in here.bodies("PATCH") for operation in body["Operations"]]
        assert max(map(len, parts)) <= 100
        assert sum(map(len, parts)) == many
        assert "PUT" not in {entry.method for entry in here.written}

        company.hire("new", "sales")
        here.sync()
        assert here.methods == ["PATCH group", "POST user"]
        (added,) = here.bodies("PATCH")
        assert [len(operation["value"]) for operation in added["Operations"]] == [1]

        company.assign("n7")  # leaves the group, and keeps the account
        company.leave("sales", "n7")
        here.sync()
        assert here.methods == ["PATCH group"]
        assert here.target.members(name) == here.logins(*names, "new") - here.logins("n7")


def test_one_more_member_of_a_large_group_is_one_small_request(tmp_path: Path) -> None:
    many = int(
        os.environ.get("SYNCD_TEST_MEMBERS", "1500")
    )  # what is asserted does not grow with it; 50,000 take minutes
    with house("graph", tmp_path, people=0, quirks=quirky(patch_answer=204), begun=False) as here:
        company, target = here.company, here.target
        login = company.hire("n0", "sales")
        here.sync()
        first = target.user(login)
        assert first is not None
        sample = orjson.dumps(first.attributes).decode()
        names = [f"n{number}" for number in range(1, many)]
        for name in names:  # they have their accounts already, as the mapping wishes them
            company.hire(name)
            own = sample.replace("n0", name).replace("N0", name.capitalize())
            target.add("user", f"account-{name}", orjson.loads(own), Members())
        company.join("sales", *names)
        here.sync()
        assert set(here.methods) <= {"PATCH group"}, "everybody is adopted as they are, and joins"

        company.hire("new", "sales")
        here.sync()
        assert here.methods == ["PATCH group", "POST user"]
        asked = here.service.journal.since(here._seen)
        assert len(asked) <= 5, "the new colleague is looked up, by a filter that is tried out first, created and added"
        (of_group,) = [entry for entry in asked if "/Groups" in entry.path]
        assert len(of_group.body) < 1_000
        assert of_group.answered < 1_000
        assert len(target.members(company.team_name("sales"))) == many + 1


@pytest.mark.parametrize(
    ("quirks", "looks"),
    [({}, 2), ({"members_shown": False}, 2), ({"members_most": 100}, 0)],
    ids=["members are shown", "members are never shown", "the first hundred members are shown"],
)
def test_ten_changed_members_are_two_small_requests(tmp_path: Path, quirks: dict[str, Any], looks: int) -> None:
    """`looks`: at the group, the first time, to see whether the form of request is obeyed."""
    with house("graph", tmp_path, people=0, quirks=quirky(**quirks), job='drift = "repair"', begun=False) as here:
        company, target = here.company, here.target
        here.sync()
        names = [f"n{number}" for number in range(210)]
        for name in names:
            company.hire(name)
            company.assign(name)
        company.join("sales", *names[:200])
        told = here.sync()
        assert told["counts"]["add_members"] == 200
        for first, most in ((0, looks), (5, 0)):
            company.join("sales", *names[200 + first : 205 + first])
            company.leave("sales", *names[first : 5 + first])
            here.sync()
            assert here.methods == ["PATCH group", "PATCH group"]
            assert max(len(entry.body) for entry in here.written) < 600
            assert len(here.service.journal.since(here._seen)) - 2 <= most
        assert target.members(company.team_name("sales")) == here.logins(*names[10:])
        told = here.sync(full=True)
        assert (here.written, told["drift"]) == ([], [])


def test_members_beyond_those_that_are_shown_are_no_drift(tmp_path: Path) -> None:
    """The group has outgrown what the target shows of it: nobody was taken out."""
    quirks = quirky(members_most=20, patch_answer=204)
    with house("graph", tmp_path, people=4, quirks=quirks, job='drift = "repair"') as here:
        names = [f"n{number}" for number in range(30)]
        for name in names:
            here.company.hire(name, "sales")
        here.sync()
        told = here.sync(full=True)
        assert (here.written, told["drift"]) == ([], [])
        assert here.target.members(here.company.team_name("sales")) >= here.logins(*names)


@pytest.mark.parametrize("shown", [True, False], ids=["members are shown", "members are never shown"])
async def test_ten_thousand_members_go_in_parts_and_one_more_is_one_request(shown: bool) -> None:
    """At the target itself, so that it takes seconds: the changes are those that a plan has for such a group."""
    store = ScimDirectory()
    service = scim_app(store, quirks=quirky(members_shown=shown), token=TARGET_TOKEN)
    ids = [f"account-{number}" for number in range(10_001)]
    for id_ in ids:
        store.add("user", id_, {"userName": f"{id_}@company.example", "active": True}, Members())
    store.add("group", "everybody", {"displayName": "Everybody"}, Members())

    def joining(*members: str) -> Change:
        whole: dict[str, Any] = {"members": list(members)}
        return Change(action=Action.ADD_MEMBERS, kind="group", source_id="g", target_id="everybody",
                      name="Everybody", before={}, after=whole, why="")  # fmt: skip

    def patches() -> list[int]:
        writes = [entry for entry in service.journal if entry.method != "GET"]
        assert {entry.method for entry in writes} == {"PATCH"}
        return [len(step["value"]) for entry in writes for step in body_of(entry)["Operations"]]

    with serve({"target": service}) as served:
        token = BearerToken(token=Secret(TARGET_TOKEN))
        target = open_target(ScimSettings(name="t", url=f"{served['target']}/scim", auth=token), None, write=True)
        outcome = await target.send(joining(*ids[:10_000]), {})
        assert outcome.status == "done"
        assert (max(patches()), sum(patches())) == (100, 10_000)
        group = store.get("group", "everybody")
        assert group is not None
        assert len(group.members.ids) == 10_000
        service.journal.clear()
        assert (await target.send(joining(ids[10_000]), {})).status == "done"
        assert patches() == [1]
        await target.close()
