"""The sandbox's Okta as a client reads it: filters, search, shapes; with the okta SDK and with plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, get_args

import orjson
import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta import generate
from connectors.sandbox.okta.options import LinkForm
from tests.contract.okta_org import START, TOKEN, Org, org


@pytest.fixture
async def acme() -> AsyncIterator[Org]:
    async with org() as one:
        yield one


@pytest.fixture
async def sdk(acme: Org, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """The unmodified SDK, pointed at the sandbox in the way that it documents for tests."""
    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    from okta.client import Client

    async with Client({"orgUrl": acme.url, "token": TOKEN, "rateLimit": {"maxRetries": 1}}) as client:
        yield client


async def read_by_executor(client: Any, path: str) -> list[dict[str, Any]]:
    """All records of a list, through the SDK's request executor and the Link headers that aiohttp merges."""
    executor, records, pages = client.get_request_executor(), [], 0
    while path:
        pages += 1
        assert pages < 100
        request, error = await executor.create_request("GET", path)
        assert error is None
        _, response, text, _ = await executor.fire_request(request)
        assert response.status == 200, text
        records += orjson.loads(text)
        following = response.links.get("next")
        path = following["url"].raw_path_qs if following else ""
    return records


# -- the SDK -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", get_args(LinkForm))
async def test_the_sdk_reads_every_page_of_every_link_form(acme: Org, sdk: Any, form: str) -> None:
    made = acme.people(23)
    acme.directory.set_options({"link_form": form})
    read = await read_by_executor(sdk, "/api/v1/users?limit=5")
    assert [user["id"] for user in read] == [user.id for user in made]
    assert all(user["credentials"]["provider"]["type"] == "OKTA" for user in read)
    assert len([entry for entry in acme.emulator.journal if entry.path == "/api/v1/users"]) == 5


async def test_a_search_is_paged_by_the_sdk_whatever_the_escaping_of_the_next_link(acme: Org, sdk: Any) -> None:
    acme.people(7, department="Sales & Co.")
    acme.directory.set_options({"link_form": "reescaped-search"})
    query = "search=profile.department%20eq%20%22Sales%20%26%20Co.%22&limit=3"
    assert len(await read_by_executor(sdk, f"/api/v1/users?{query}")) == 7


async def test_typed_methods_of_the_sdk_understand_a_generated_organisation(acme: Org, sdk: Any) -> None:
    app_id = generate(acme.directory, users=60, groups=20).apps[0]
    acme.directory.set_options({"lenient_ssws": True})  # the typed methods send no space behind SSWS
    users, _, error = await sdk.list_users(limit=200)
    assert error is None
    assert {user.status.value for user in users} >= {"ACTIVE", "STAGED", "SUSPENDED"}
    groups, _, error = await sdk.list_groups(limit=200)
    assert error is None
    assert {group.type.value for group in groups} == {"OKTA_GROUP", "APP_GROUP", "BUILT_IN"}
    app_users, _, error = await sdk.list_application_users(app_id, limit=500, expand="user")
    assert error is None
    assert {app_user.scope for app_user in app_users} == {"USER", "GROUP"}
    app_groups, _, error = await sdk.list_application_group_assignments(app_id, limit=200)
    assert error is None
    assert [one.priority for one in app_groups] == sorted(one.priority for one in app_groups)
    app, _, error = await sdk.get_application(app_id)
    assert (error, app.label) == (None, "TestMu")


async def test_typed_page_cursor_of_the_sdk_is_lost_when_next_comes_first(acme: Org, sdk: Any) -> None:
    from okta.pagination import PaginationHelper

    acme.people(4)
    acme.directory.set_options({"lenient_ssws": True})
    _, response, _ = await sdk.list_users(limit=2)
    assert PaginationHelper.extract_next_cursor(response.headers)
    acme.directory.set_options({"link_form": "next-first"})
    _, response, _ = await sdk.list_users(limit=2)
    assert PaginationHelper.extract_next_cursor(response.headers) is None


# -- users ---------------------------------------------------------------------------------------------------------


async def test_plain_list_omits_deprovisioned_users_while_filter_and_search_include_them(acme: Org) -> None:
    gone, kept = acme.people(2)
    acme.directory.set_status(gone.id, "DEPROVISIONED")
    assert (await acme.get("/api/v1/users")).ids == [kept.id]
    assert (await acme.get("/api/v1/users", filter='status eq "DEPROVISIONED"')).ids == [gone.id]
    assert (await acme.get("/api/v1/users", search='status eq "DEPROVISIONED"')).ids == [gone.id]
    assert (await acme.get(f"/api/v1/users/{gone.id}")).json["status"] == "DEPROVISIONED"


async def test_a_user_is_found_by_id_and_by_login_and_unknown_ones_are_404(acme: Org) -> None:
    user = acme.people(1)[0]
    assert (await acme.get(f"/api/v1/users/{user.id}")).json["id"] == user.id
    assert (await acme.get("/api/v1/users/USER000%40acme.example")).json["id"] == user.id
    missing = await acme.get("/api/v1/users/00unobody00000000000")
    assert (missing.status, missing.code) == (404, "E0000007")
    assert set(missing.json) == {"errorCode", "errorSummary", "errorLink", "errorId", "errorCauses"}


async def test_custom_attributes_arrive_unchanged_and_null_is_not_the_empty_string(acme: Org) -> None:
    profile = {"badge": 7, "ratio": 0.5, "remote": True, "sites": ["OSL", "BER"], "note": None, "nick": ""}
    user = acme.people(1, **profile)[0]
    read = (await acme.get(f"/api/v1/users/{user.id}")).json["profile"]
    assert {name: read[name] for name in profile} == profile


async def test_fields_projects_and_the_media_type_parameter_needs_all_three_values(acme: Org) -> None:
    acme.people(1)
    [projected] = (await acme.get("/api/v1/users", fields="id,status,profile:(login,email)")).json
    assert set(projected) == {"id", "status", "profile"}
    assert set(projected["profile"]) == {"login", "email"}
    full = "omitCredentials,omitCredentialsLinks,omitTransitioningToStatus"
    for values, shown in ((full, False), ("omitCredentials,omitCredentialsLinks", True)):
        kind = {"content-type": f"application/json; okta-response={values}"}
        [user] = (await acme.send("GET", "/api/v1/users", headers=kind)).json
        assert ("credentials" in user, "changePassword" in user["_links"]) == (shown, shown)


async def test_q_matches_beginnings_and_has_no_links(acme: Org) -> None:
    acme.people(12, lastName="Ångström")
    found = await acme.get("/api/v1/users", q="ångs")
    assert len(found.json) == 10
    assert found.links == {}
    assert (await acme.get("/api/v1/users", q="ström")).json == []


@pytest.mark.parametrize(
    ("parameter", "expression", "expected"),
    [
        ("search", 'profile.department eq "sales"', [0, 2]),
        ("search", 'profile.department sw "Sa" and profile.grade gt 3', [2]),
        ("search", '(profile.department eq "Legal" or profile.grade le 2) and status eq "ACTIVE"', [0, 1]),
        ("search", 'profile.lastName co "amily2"', [2]),
        ("search", "profile.badge pr", [1]),
        ("search", 'profile.sites eq "BER"', [1]),
        ("search", "profile.remote eq true", [2]),
        ("search", 'profile.nickName eq "say \\"hi\\""', [0]),
        ("filter", 'profile.login eq "USER001@acme.example" or profile.lastName eq "Family2"', [1, 2]),
        ("filter", 'lastUpdated gt "2026-03-02T11:15:00.000Z"', [2]),
        ("filter", 'lastUpdated ge "2026-03-02T12:15:00+01:00" and status eq "ACTIVE"', [0, 1, 2]),
    ],
)
async def test_users_are_chosen_by(acme: Org, parameter: str, expression: str, expected: list[int]) -> None:
    first, second, third = acme.people(3)
    acme.directory.update_user(first.id, {"department": "Sales", "grade": 2, "nickName": 'say "hi"'})
    acme.directory.update_user(second.id, {"department": "Legal", "grade": 9, "badge": "x", "sites": ["OSL", "BER"]})
    acme.clock.advance(60)
    acme.directory.update_user(third.id, {"department": "Sales", "grade": 5, "remote": True, "badge": None})
    found = await acme.get("/api/v1/users", **{parameter: expression})
    assert [[first.id, second.id, third.id].index(user) for user in found.ids] == expected


@pytest.mark.parametrize(
    ("parameter", "expression"),
    [
        ("filter", 'profile.department eq "Sales"'),
        ("filter", 'status ne "ACTIVE"'),
        ("filter", 'not (status eq "ACTIVE")'),
        ("filter", 'status eq "ACTIVE'),
        ("filter", "status eq"),
        ("filter", 'lastUpdated gt "yesterday"'),
        ("search", 'profile.department ne "Sales"'),
        ("search", 'profile.department co "Sales"'),
        ("search", 'Status eq "ACTIVE"'),
        ("search", ""),
        ("search", 'status eq "ACTIVE" and'),
        ("search", "((((("),
    ],
)
async def test_unsupported_and_malformed_criteria_are_refused(acme: Org, parameter: str, expression: str) -> None:
    acme.people(1)
    refused = await acme.get("/api/v1/users", **{parameter: expression})
    assert (refused.status, refused.code) == (400, "E0000031")


async def test_search_is_sorted_and_paged_both_ways(acme: Org) -> None:
    for number in (3, 1, 2, 5, 4):
        acme.directory.create_user({"login": f"u{number}@acme.example", "firstName": "A", "lastName": f"L{number}"})
    for order, expected in (("asc", "12345"), ("desc", "54321")):
        query = {"search": 'status eq "ACTIVE"', "sortBy": "profile.lastName", "sortOrder": order, "limit": "2"}
        pages = await acme.pages("/api/v1/users", **query)
        assert "".join(user["profile"]["lastName"][1] for page in pages for user in page.json) == expected


async def test_the_search_index_lags_while_reads_by_id_are_fresh(acme: Org) -> None:
    user = acme.people(1)[0]
    acme.directory.set_options({"index_delay_s": 30})
    acme.clock.advance(60)
    acme.directory.update_user(user.id, {"department": "Legal"})
    new = acme.directory.create_user({"login": "new@acme.example", "department": "Legal"})
    search = {"search": 'profile.department eq "Legal"'}
    assert (await acme.get("/api/v1/users", **search)).ids == []
    assert (await acme.get(f"/api/v1/users/{user.id}")).json["profile"]["department"] == "Legal"
    assert new.id in (await acme.get("/api/v1/users")).ids
    acme.clock.advance(31)
    assert (await acme.get("/api/v1/users", **search)).ids == [user.id, new.id]


# -- groups --------------------------------------------------------------------------------------------------------


async def test_groups_of_three_types_may_share_a_name(acme: Org) -> None:
    native = acme.directory.create_group("Sales", description="Sales staff")
    imported = acme.directory.create_group("Sales", type="APP_GROUP", source_id="0oadirectory00000000")
    groups = {group["id"]: group for group in (await acme.get("/api/v1/groups")).json}
    assert {group["type"] for group in groups.values()} == {"BUILT_IN", "OKTA_GROUP", "APP_GROUP"}
    assert groups[imported.id]["source"] == {"id": "0oadirectory00000000"}
    assert "source" not in groups[native.id]
    assert (await acme.get("/api/v1/groups", q="sal")).ids == [native.id, imported.id]
    acme.directory.set_options({"group_admin_only": True})
    assert (await acme.get("/api/v1/groups")).ids == [native.id, imported.id]
    assert (await acme.get(f"/api/v1/groups/{acme.directory.everyone_id}")).code == "E0000007"


async def test_groups_are_chosen_by_time_of_profile_or_members_with_or(acme: Org) -> None:
    user = acme.people(1)[0]
    renamed, filled, idle = (acme.directory.create_group(name) for name in ("a", "b", "c"))
    acme.clock.advance(60)
    acme.directory.update_group(renamed.id, {"name": "aa"})
    acme.directory.add_member(filled.id, user.id)
    since = START.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    either = f'lastUpdated gt "{since}" or lastMembershipUpdated gt "{since}"'
    assert (await acme.get("/api/v1/groups", filter=either)).ids == [renamed.id, filled.id]
    assert (await acme.get("/api/v1/groups", filter=f'type eq "OKTA_GROUP" and ({either})')).ids == [
        renamed.id,
        filled.id,
    ]
    assert (await acme.get("/api/v1/groups", search='profile.name sw "c"')).ids == [idle.id]
    assert (await acme.get("/api/v1/groups", filter='profile.name eq "c"')).code == "E0000031"


async def test_group_users_are_full_objects_and_deactivated_ones_are_an_option(acme: Org) -> None:
    group = acme.directory.create_group("Sales")
    made = acme.people(5)
    for user in reversed(made):
        acme.directory.add_member(group.id, user.id)
    acme.directory.set_status(made[1].id, "DEPROVISIONED")
    path = f"/api/v1/groups/{group.id}/users"
    assert await acme.all_ids(path, limit="2") == [user.id for user in made]
    assert (await acme.get(path)).json[0]["profile"]["login"] == "user000@acme.example"
    acme.directory.set_options({"deprovisioned_members": False})
    assert await acme.all_ids(path, limit="2") == [user.id for user in made if user.id != made[1].id]
    everyone = await acme.all_ids(f"/api/v1/groups/{acme.directory.everyone_id}/users", limit="2")
    assert everyone == [user.id for user in made if user.id != made[1].id]


# -- the rest ------------------------------------------------------------------------------------------------------


async def test_schema_says_what_live_schemas_say(acme: Org) -> None:
    app = acme.directory.create_app("TestMu")
    schema = (await acme.get(f"/api/v1/meta/schemas/apps/{app.id}/default")).json["definitions"]
    role, licences = (schema["custom"]["properties"][name] for name in ("role", "licences"))
    assert role["scope"] == "NONE"
    assert role["enum"] == [one["const"] for one in role["oneOf"]]
    assert licences["union"] == "ENABLE"
    assert schema["base"]["properties"]["givenName"]["externalName"] == "name.givenName"
    assert schema["base"]["properties"]["givenName"]["externalNamespace"].startswith("urn:ietf:params:scim:schemas:")
    [kind] = (await acme.get("/api/v1/meta/types/user")).json
    by_id = await acme.get(kind["_links"]["schema"]["href"])
    assert by_id.json == (await acme.get("/api/v1/meta/schemas/user/default")).json
    assert by_id.json["definitions"]["base"]["properties"]["login"]["unique"] == "UNIQUE_VALIDATED"


async def test_mapping_has_its_rows_only_when_read_by_id(acme: Org) -> None:
    app = acme.directory.create_app("TestMu")
    [listed] = (await acme.get("/api/v1/mappings", targetId=app.id)).json
    assert "properties" not in listed
    mapping = (await acme.get(f"/api/v1/mappings/{listed['id']}")).json
    assert mapping["properties"]["email"] == {"expression": "user.email", "pushStatus": "PUSH"}
    assert (await acme.get("/api/v1/mappings", targetId="0oanone")).json == []


async def test_app_names_a_feature_that_no_client_knows_on_request(acme: Org) -> None:
    app = acme.directory.create_app("TestMu")
    assert "AUTO_CONFIRM_IMPORTS" not in (await acme.get(f"/api/v1/apps/{app.id}")).json["features"]
    acme.directory.set_options({"unknown_feature": True})
    read = (await acme.get(f"/api/v1/apps/{app.id}")).json
    assert "AUTO_CONFIRM_IMPORTS" in read["features"]
    assert read["credentials"]["userNameTemplate"]["template"] == "${source.login}"


async def test_unknown_paths_and_methods_are_refused_in_okta_s_words(acme: Org) -> None:
    assert (await acme.get("/api/v1/undocumented")).code == "E0000007"
    wrong = await acme.send("DELETE", "/api/v1/users")
    assert (wrong.status, wrong.code) == (405, "E0000022")


async def test_answers_are_gzipped_on_request_and_dated_by_the_sandbox_clock(acme: Org) -> None:
    acme.people(3)
    acme.clock.advance(3600)
    answer = await acme.send("GET", "/api/v1/users", headers={"accept-encoding": "gzip"})
    assert answer.headers["vary"] == "accept-encoding", answer.headers
    assert int(answer.headers["content-length"]) < len(orjson.dumps(answer.json)) / 2
    assert answer.headers["date"] == "Mon, 02 Mar 2026 12:15:00 GMT"
    assert answer.headers["cache-control"] == "no-cache, no-store"
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json) == 3


async def test_the_same_seed_gives_the_same_organisation(acme: Org) -> None:
    async with org(clock=Clock(START)) as other:
        for one in (acme, other):
            await one.control("reset", {"seed": 7, "users": 120, "groups": 30, "apps": 2})
        assert await acme.control("state") == await other.control("state")
        await other.control("reset", {"seed": 8, "users": 120, "groups": 30, "apps": 2})
        assert await acme.control("state") != await other.control("state")


async def test_generated_organisation_has_what_real_ones_have(acme: Org) -> None:
    summary = (await acme.control("reset", {"seed": 3, "users": 800, "groups": 60, "apps": 1}))["reset"]
    state = await acme.control("state")
    assert (len(state["users"]), len(state["groups"])) == (800, 61)
    statuses = {user["status"] for user in state["users"]}
    assert statuses >= {"ACTIVE", "STAGED", "SUSPENDED", "DEPROVISIONED", "LOCKED_OUT"}
    assert any(not user["profile"]["lastName"].isascii() for user in state["users"])
    assert len({user["profile"]["login"] for user in state["users"]}) == 800
    [app] = state["apps"]
    assert app["id"] == summary["apps"][0]
    assert {user["scope"] for user in app["users"]} == {"USER", "GROUP"}
    assert {user["profile"].get("role") for user in app["users"]} >= {"viewer", "editor", "admin"}
    gone = {user["id"] for user in state["users"] if user["status"] == "DEPROVISIONED"}
    assert not gone & {user["id"] for user in app["users"]}
    names = [group["profile"]["name"] for group in state["groups"]]
    assert len(names) > len(set(names))
    assert max(len(group["members"]) for group in state["groups"]) > 50
