"""The profiles of products in common use, against the sandbox in their manner."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.scim.target import ScimTarget
from syncd.core.change import Action
from syncd.core.mapping import MappingSpec
from syncd.mapping_rows import default_rows
from tests.contract.product_world import WORK, OpenProduct, employee
from tests.contract.target_contract import change

PRIMARY = 'emails[type eq "work"].primary'
FIRST = "emails[primary eq true].value"
NAMED = {"displayName": "Adele Vance", "name.formatted": "Adele Vance"}


def rows(target: ScimTarget, source: Any) -> dict[str, MappingSpec]:
    users = target.profile.users
    return {row.target: row for row in default_rows("user", source, target.profile) if users.stores(row.target)}


async def people(target: ScimTarget, number: int, **more: Any) -> list[str]:
    ids: list[str] = []
    for n in range(number):
        values = employee(f"u{n}@contoso.example", externalId=f"e-{n}", **NAMED, **more)
        created = await target.send(change(Action.CREATE, after=values), {})
        assert created.status == "done", created
        assert created.target_id is not None
        ids.append(created.target_id)
    return ids


async def test_aws_takes_a_group_of_250_in_parts_and_never_reads_its_members(product: OpenProduct) -> None:
    target, store = product("aws")
    ids = await people(target, 250, **{PRIMARY: True})
    group = await target.send(change(Action.CREATE, "group", after={"displayName": "G"}), {})
    before = target.requests
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": ids})
    assert (await target.send(add, {})).status == "done"
    assert target.requests - before == 3
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": ids[:150]})
    assert (await target.send(removal, {})).status == "done"
    assert store.members("G") == {f"u{n}@contoso.example" for n in range(150, 250)}
    (request, *_) = target.preview(removal, {})
    assert request.body["Operations"] == [
        {"op": "remove", "path": "members", "value": [{"value": id_} for id_ in ids[:100]]}
    ]


async def test_aws_lists_by_cursor_beyond_a_page_and_finds_by_filter(product: OpenProduct) -> None:
    target, _ = product("aws")
    ids = await people(target, 120, **{PRIMARY: True})
    assert {one.id async for one in target.list("user")} == set(ids)
    assert [one.id for one in await target.find("user", {"userName": "U7@contoso.example"})] == [ids[7]]
    assert [one.id for one in await target.find("user", {"externalId": "e-8"})] == [ids[8]]
    assert all(finding.ok for finding in await target.check())


@pytest.mark.parametrize("source", ["graph", "okta"])
async def test_aws_default_mapping_has_one_value_of_each_kind_and_a_primary_address(
    product: OpenProduct, source: str
) -> None:
    target, _ = product("aws")
    mapped = rows(target, source)
    for attribute in ("emails", "phoneNumbers", "addresses"):
        elements = {path.partition("]")[0] for path in mapped if path.startswith(f"{attribute}[")}
        assert elements == {f'{attribute}[type eq "work"'}
    assert mapped[PRIMARY].constant is True
    assert target.profile.users.missing(employee()) == ("displayName",)


async def test_aws_refuses_a_second_address_and_it_is_told_what_to_do(product: OpenProduct) -> None:
    target, _ = product("aws")
    two = employee(**NAMED, **{PRIMARY: True, 'emails[type eq "home"].value': "h@contoso.example"})
    outcome = await target.send(change(Action.CREATE, after=two), {})
    assert (outcome.status, outcome.permanent) == ("failed", True)
    assert outcome.remedy == "Map one value alone for each of emails, phoneNumbers and addresses."


async def test_github_takes_a_person_through_a_working_life(product: OpenProduct) -> None:
    target, store = product("github")
    wrote = employee(**NAMED, **{PRIMARY: True})
    created = await target.send(change(Action.CREATE, after=wrote), {})
    assert created.status == "done", created
    (stored,) = store.users()
    assert stored.attributes["emails"] == [{"type": "work", "value": wrote[WORK], "primary": True}]
    assert [one.id for one in await target.find("user", {"externalId": "e-1"})] == [created.target_id]
    left = change(Action.DEACTIVATE, "user", created.target_id, {"active": True}, {"active": False})
    assert (await target.send(left, wrote)).status == "done"
    assert store.users()[0].attributes["active"] is False
    group = await target.send(change(Action.CREATE, "group", after={"displayName": "G", "externalId": "g-1"}), {})
    add = change(Action.ADD_MEMBERS, "group", group.target_id, after={"members": [created.target_id]})
    assert (await target.send(add, {})).status == "done"
    removal = change(Action.REMOVE_MEMBERS, "group", group.target_id, before={"members": [created.target_id]})
    assert (await target.send(removal, {})).status == "done"
    assert store.members("G") == set()
    assert all(finding.ok for finding in await target.check())


async def test_github_needs_what_it_names_and_takes_entras_object_id(product: OpenProduct) -> None:
    target, _ = product("github")
    users = target.profile.users
    assert users.missing({"userName": "a"}) == (
        "externalId",
        "displayName",
        "name.givenName",
        "name.familyName",
        WORK,
    )
    assert rows(target, "graph")["externalId"].source == "objectId"
    assert not users.stores("title")
    assert target.profile.groups.missing({"displayName": "G"}) == ("externalId",)


async def test_gitlab_changes_active_and_says_why_nothing_else(product: OpenProduct) -> None:
    target, store = product("gitlab")
    wrote = employee(**NAMED)
    created = await target.send(change(Action.CREATE, after=wrote), {})
    assert created.status == "done", created
    assert [one.id for one in await target.find("user", {"externalId": "e-1"})] == [created.target_id]
    sent = target.requests
    for path, why in (("userName", "the user name"), (WORK, "the e-mail address"), ("name.formatted", "the name")):
        rename = change(Action.UPDATE, "user", created.target_id, {path: wrote[path]}, {path: "other"})
        outcome = await target.send(rename, wrote)
        assert (outcome.status, outcome.message) == ("failed", f"GitLab lets only the person change {why}")
    assert target.requests == sent
    left = change(Action.DEACTIVATE, "user", created.target_id, {"active": True}, {"active": False})
    assert (await target.send(left, wrote)).status == "done"
    assert store.users()[0].attributes["active"] is False
    assert not target.profile.groups.supported
    assert all(finding.ok for finding in await target.check())


async def test_gitlab_mapping_is_the_one_of_its_guide(product: OpenProduct) -> None:
    target, _ = product("gitlab")
    graph = rows(target, "graph")
    assert [graph[path].source for path in ("externalId", "userName", WORK)] == [
        "objectId",
        "mailNickname",
        "userPrincipalName",
    ]
    assert "title" not in graph
    assert rows(target, "okta")["externalId"].source == "user.id"


async def test_slack_is_listed_and_people_are_told_apart_by_their_primary_address(product: OpenProduct) -> None:
    target, store = product("slack")
    wrote = {"userName": "adele", "active": True, "displayName": "Adele", FIRST: "adele@contoso.example"}
    created = await target.send(change(Action.CREATE, after=wrote), {})
    assert created.status == "done", created
    (stored,) = store.users()
    assert stored.attributes["emails"] == [{"primary": True, "value": "adele@contoso.example"}]
    other = {**wrote, "userName": "ben", FIRST: "ben@contoso.example"}
    assert (await target.send(change(Action.CREATE, after=other), {})).status == "done"
    assert [one.id for one in await target.find("user", {FIRST: "ADELE@contoso.example"})] == [created.target_id]
    moved = change(Action.UPDATE, "user", created.target_id, {FIRST: wrote[FIRST]}, {FIRST: "av@contoso.example"})
    assert (await target.send(moved, wrote)).status == "done"
    (request,) = target.preview(moved, wrote)
    assert request.body["Operations"] == [
        {"op": "replace", "path": "emails[primary eq true].value", "value": "av@contoso.example"}
    ]
    rename = change(Action.UPDATE, "user", created.target_id, {"displayName": "Adele"}, {"displayName": "A"})
    assert (await target.send(rename, wrote)).message == "displayName is written at creation only"
    assert (await target.send(change(Action.DELETE, target_id=created.target_id), {})).status == "done"
    assert store.users()[0].attributes["active"] is False


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("username_taken", "map another userName"),
        ("invalid_authentication", "scope admin"),
        ("group_member_max_exceeded", "at most 15,000 members"),
        ("cannot_disable_primary_owner", "primary owner"),
    ],
)
async def test_slack_words_have_a_remedy(product: OpenProduct, said: str, remedy: str) -> None:
    target, _ = product("slack")
    words = target.profile.words("user", 400, said)
    assert words is not None
    assert remedy in words.remedy
