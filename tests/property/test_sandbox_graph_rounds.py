"""Whatever happens to the sandbox's directory, and however delta cuts its pages: a client that merges as told is right."""

from __future__ import annotations

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.generate import Tenant, generate
from connectors.sandbox.graph.service import GraphService
from tests.contract.sandbox_graph.walk import Copy, delta, truth

USERS = "/v1.0/users/delta?$select=displayName,department,manager"
GROUPS = "/v1.0/groups/delta?$select=displayName,members"

QUIRKS = st.fixed_dictionaries(
    {},
    optional={
        "users_page": st.integers(1, 40),
        "groups_page": st.integers(1, 10),
        "members_page": st.integers(1, 20),
        "members_budget": st.integers(1, 60),
        **dict.fromkeys(
            (
                "empty_pages",
                "short_pages",
                "single_group_pages",
                "repeat_on_page",
                "random_order",
                "duplicates",
                "awkward_tokens",
                "removed_in_initial",
                "silent_member_removal",
                "manager_single_entry",
            ),
            st.booleans(),
        ),
        "replays": st.sampled_from([0.0, 0.5, 1.0]),
    },
)
PICK = st.integers(0, 10_000)
STEP = st.tuples(
    st.sampled_from(
        ["rename", "clear", "manage", "unmanage", "hire", "leave", "return", "purge", "join", "part", "found", "close"]
    ),
    PICK,
    PICK,
)


def happen(directory: GraphDirectory, what: str, one: int, two: int) -> None:
    """Carry out a step on whom the numbers pick; nothing where there is nobody to pick."""
    users = [user.id for user in directory.users if user.live]
    groups = [group.id for group in directory.groups if group.live]
    gone = list(directory.bin)
    user, other = (users[one % len(users)], users[two % len(users)]) if users else ("", "")
    group = groups[two % len(groups)] if groups else ""
    match what:
        case "hire":
            directory.create_user(displayName=f"New {one}", **({"manager": user} if user else {}))
        case "found":
            directory.create_group(f"Group {one}", members={user, other} - {""})
        case "return" if gone:
            directory.restore(gone[one % len(gone)])
        case "purge" if gone:
            directory.purge(gone[one % len(gone)])
        case "rename" if user:
            directory.update_user(user, displayName=f"Name {two}")
        case "clear" if user:
            directory.clear_properties(user, ["department"])
        case "manage" if user:
            directory.set_manager(user, other)
        case "unmanage" if user:
            directory.set_manager(user, None)
        case "leave" if user:
            directory.delete(user)
        case "join" if user and group:
            directory.add_members(group, user)
        case "part" if group:
            members = directory.group(group).members()
            if members:
                directory.remove_members(group, members[one % len(members)].id)
        case "close" if group:
            directory.delete(group)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(quirks=QUIRKS, rounds=st.lists(st.lists(STEP, max_size=12), max_size=3))
def test_a_client_that_merges_as_told_has_the_truth_after_every_round(quirks, rounds):
    directory = GraphDirectory()
    generate(directory, Tenant(users=60, groups=6, memberships=120))
    directory.quirks.set({**quirks, "throttle": False})
    service = GraphService(directory)

    def answer(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = service.answer(
            method="GET", scheme="http", host="sandbox", path=path, raw_query=query, headers=headers, body=b""
        )
        return httpx.Response(found.status, content=found.body, request=request)

    users, groups = Copy(), Copy()
    links = {USERS: USERS, GROUPS: GROUPS}
    headers = {"Authorization": "Bearer sandbox"}
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://sandbox", headers=headers) as graph:
        for steps in [[], *rounds]:
            for what, one, two in steps:
                happen(directory, what, one, two)
            for copy, start in ((users, USERS), (groups, GROUPS)):
                found = delta(graph, links[start], most=2_000)
                copy.merge(found)
                links[start] = found.link
            live = {user.id for user in directory.users if user.live}
            known = {
                key: {
                    one
                    for one in members
                    if one in live or one not in directory.by_id or not directory.by_id[one].deleted
                }
                for key, members in groups.members.items()
            }
            expected = truth(directory)
            assert users.objects.keys() == live
            assert {key: boss for key, boss in users.managers.items() if boss in live} == expected.managers
            assert known == expected.members
            for user in directory.users:
                if user.live:
                    shown = users.objects[user.id].get("displayName")
                    assert shown == (user.values.get("displayName") or (user.person and user.person.display_name))
