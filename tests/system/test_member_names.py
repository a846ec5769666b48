"""Members in Okta's dialects: ids with the user names beside them, in a dry run and at the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.system.house import House, house
from tests.system.recorder import body_of

OKTA = ("okta-put", "okta-patch")


@pytest.fixture(params=OKTA)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with house("okta", tmp_path, people=6, begun=False) as made:
        spoken = ('kind = "scim"', f'kind = "scim"\ndialect = "{request.param}"')
        with made.changed_config(spoken):
            yield made


def members(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The members of a PUT, or those that a PATCH adds."""
    operations = body.get("Operations", [])
    added = [one["value"] for one in operations if one["op"] == "add" and one.get("path") == "members"]
    return [member for values in added for member in values] or list(body.get("members") or [])


def names(bodies: list[Any]) -> set[str]:
    return {member["display"] for body in bodies for member in members(body)}


def test_a_new_group_gets_its_members_with_their_user_names(here: House) -> None:
    told = here.sync(dry=True, previews=True, code=None)
    assert here.written == []
    rows = [row for row in told["changes"] if row["kind"] == "group" and "members" in row["action"]]
    shown = {name for row in rows for name in names([request["body"] for request in row["requests"]])}
    here.sync()
    sent = [body for method in ("PUT", "PATCH") for body in here.bodies(method)]
    assert shown == names(sent) == here.active()
    by_id = {user.id: user.name for user in here.target.users()}
    for member in (member for body in sent for member in members(body)):
        assert member["display"] == by_id[member["value"]]
        assert member.keys() <= {"value", "display", "$ref", "type"}


def test_who_is_renamed_and_joins_at_once_is_shown_under_the_new_name(here: House) -> None:
    here.sync()
    company = here.company
    login = company.rename("ada", "ada.new")
    company.join("design", "ada")
    told = here.sync(dry=True, previews=True, code=None)
    rows = [row for row in told["changes"] if row["kind"] == "group" and "members" in row["action"]]
    shown = {name for row in rows for name in names([request["body"] for request in row["requests"]])}
    here.sync()
    sent = names([body_of(entry) for entry in here.written if entry.notes["resource"] == "Groups"])
    assert shown == sent == {login}
