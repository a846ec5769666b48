"""The profiles against the sandbox playing their products."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import Unauthorized
from syncd.core.change import Action
from tests.contract.product_world import WORK, OpenProduct, employee
from tests.contract.target_contract import change

ROLE = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:User:OrganizationRole"
ROLES = "urn:ietf:params:scim:schemas:extension:LambdaTest:2.0:Group:LambdatestRoles"


def person_at_testmu(login: str = "adele@contoso.example") -> dict[str, Any]:
    values = employee(login, **{ROLE: "User"})
    del values[WORK]
    return values


@pytest.mark.parametrize("flag", ["", "?aadOptscim062020"])
async def test_testmu_takes_a_user_through_a_working_life(product: OpenProduct, flag: str) -> None:
    target, store = product("testmu", flag=flag)
    wrote = person_at_testmu()
    created = await target.send(change(Action.CREATE, after=wrote), {})
    assert created.status == "done", created
    assert [one.id for one in await target.find("user", {"userName": "ADELE@contoso.example"})] == [created.target_id]
    promoted = change(Action.UPDATE, "user", created.target_id, {ROLE: "User"}, {ROLE: "Admin"})
    assert (await target.send(promoted, wrote)).status == "done"
    left = change(Action.DEACTIVATE, "user", created.target_id, {"active": True}, {"active": False})
    assert (await target.send(left, wrote)).status == "done"
    back = change(Action.REACTIVATE, "user", created.target_id, {"active": False}, {"active": True})
    assert (await target.send(back, wrote)).status == "done"
    (stored,) = store.users()
    assert stored.attributes["active"] is True
    schema, _, attribute = ROLE.rpartition(":")
    assert stored.attributes[schema][attribute] == "Admin"
    assert (await target.send(change(Action.DELETE, target_id=created.target_id), {})).status == "done"


async def test_testmu_sends_a_patch_as_its_documentation_shows_it(product: OpenProduct) -> None:
    target, _ = product("testmu")
    (request,) = target.preview(
        change(Action.UPDATE, "user", "7", {ROLE: "User", "active": True}, {ROLE: "Admin", "active": False}), {}
    )
    assert request.body["Operations"] == [
        {"op": "Replace", "path": ROLE, "value": "Admin"},
        {"op": "Replace", "path": "active", "value": False},
    ]
    (request,) = target.preview(change(Action.REMOVE_MEMBERS, "group", "9", {"members": ["7"]}), {})
    assert request.body["Operations"] == [{"op": "Remove", "path": "members", "value": [{"value": "7"}]}]


async def test_testmu_does_not_rename_and_nothing_is_sent(product: OpenProduct) -> None:
    target, _ = product("testmu")
    wrote = person_at_testmu()
    created = await target.send(change(Action.CREATE, after=wrote), {})
    sent = target.requests
    rename = change(
        Action.UPDATE, "user", created.target_id, {"userName": wrote["userName"]}, {"userName": "new@contoso.example"}
    )
    assert target.preview(rename, wrote) == ()
    outcome = await target.send(rename, wrote)
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert outcome.message == "TestMu does not rename accounts"
    assert target.requests == sent


async def test_testmu_says_who_is_in_another_organisation(product: OpenProduct) -> None:
    target, _ = product("testmu", other_organisation=("adele@contoso.example",))
    assert await target.find("user", {"userName": "adele@contoso.example"}) == ()
    outcome = await target.send(change(Action.CREATE, after=person_at_testmu()), {})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert outcome.remedy == "This person exists in another TestMu organisation: invite the account there instead."


async def test_testmu_groups_that_are_off_are_told_and_users_go_on(product: OpenProduct) -> None:
    target, _ = product("testmu")
    with pytest.raises(Unauthorized, match="ask TestMu support"):
        await target.find("group", {"displayName": "Sales"})
    outcome = await target.send(change(Action.CREATE, "group", after={"displayName": "Sales"}), {})
    assert (outcome.status, outcome.code) == ("failed", "InsufficientRights")
    assert "ask TestMu support" in outcome.remedy
    assert (await target.send(change(Action.CREATE, after=person_at_testmu()), {})).status == "done"
    findings = await target.check()
    assert [finding.ok for finding in findings if "groups" in finding.what] == [False]
    assert all(finding.ok for finding in findings if "users" in finding.what)


async def test_testmu_groups_live_die_and_come_back_without_members(product: OpenProduct) -> None:
    target, store = product("testmu", groups="on")
    people = []
    for number in range(3):
        created = await target.send(change(Action.CREATE, after=person_at_testmu(f"u{number}@contoso.example")), {})
        people.append(created.target_id)
    group = await target.send(change(Action.CREATE, "group", after={"displayName": "QA", ROLES: ["Guest"]}), {})
    assert group.status == "done", group
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": people})
    assert (await target.send(add, {})).status == "done"
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, {"members": people[:1]})
    assert (await target.send(removal, {})).status == "done"
    assert store.members("QA") == {"u1@contoso.example", "u2@contoso.example"}
    roles = change(Action.UPDATE, "group", group.target_id, {ROLES: ["Guest"]}, {ROLES: ["Admin"]})
    assert (await target.send(roles, {})).status == "done"
    rename = change(Action.UPDATE, "group", group.target_id, {"displayName": "QA"}, {"displayName": "Quality"})
    assert (await target.send(rename, {})).status == "done"
    assert (await target.send(change(Action.DELETE, "group", group.target_id), {})).status == "done"
    again = await target.send(change(Action.CREATE, "group", after={"displayName": "Quality"}), {})
    assert again.status == "done"
    assert store.members("Quality") == set()
    assert (
        await target.send(change(Action.ADD_MEMBERS, "group", again.target_id, after={"members": people}), {})
    ).status == "done"
    assert len(store.members("Quality")) == 3


async def test_modyo_does_not_delete_and_says_what_to_do(product: OpenProduct) -> None:
    target, store = product("modyo")
    created = await target.send(change(Action.CREATE, after=employee()), {})
    assert created.status == "done", created
    outcome = await target.send(change(Action.DELETE, target_id=created.target_id), {})
    assert (outcome.status, outcome.code, outcome.permanent) == ("failed", "MethodNotAllowed", True)
    assert outcome.remedy == 'The product does not delete: set out_of_scope = "deactivate".'
    assert len(store.users()) == 1


async def test_keepnet_without_mail_or_seats_is_told(product: OpenProduct) -> None:
    target, _ = product("keepnet", seats=1)
    nameless = employee()
    del nameless[WORK]
    assert target.profile.users.missing(nameless) == (WORK,)
    refused = await target.send(change(Action.CREATE, after=nameless), {})
    assert refused.remedy.startswith("Keepnet needs an e-mail address")
    assert (await target.send(change(Action.CREATE, after=employee()), {})).status == "done"
    full = await target.send(change(Action.CREATE, after=employee("b@contoso.example", externalId="e-2")), {})
    assert full.status == "failed"
    assert "seats" in full.remedy


async def test_lightrun_takes_users_and_its_primary_home_address(product: OpenProduct) -> None:
    target, store = product("lightrun")
    assert not target.profile.groups.supported
    values = employee(**{'emails[type eq "home"].primary': True, 'emails[type eq "home"].value': "h@contoso.example"})
    assert (await target.send(change(Action.CREATE, after=values), {})).status == "done"
    (stored,) = store.users()
    assert {"type": "home", "primary": True, "value": "h@contoso.example"} in stored.attributes["emails"]
    assert all(finding.ok for finding in await target.check())
