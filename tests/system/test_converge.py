"""Removals are seen once, and nothing is rewritten for ever, whatever the target keeps, folds or never shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.scim.quirks import Quirks
from tests.system.company import PEOPLE, GraphCompany
from tests.system.house import KINDS, House, house, quirky

WAYS: dict[str, Quirks] = {
    "the plain service": Quirks(),
    "keeps only names": quirky(keeps_only=("userName", "displayName", "name", "active", "externalId")),
    "answers without a body": quirky(answers_without_body=True),
    "drops unknown attributes": quirky(unsupported=("title", "phoneNumbers"), unknown_attribute="ignored"),
    "refuses unknown attributes": quirky(unsupported=("title", "phoneNumbers"), unknown_attribute="refused"),
    "refuses empty values": quirky(refuses_empty=("title",)),
    "refuses to remove what is not there": quirky(absent_removal="refused"),
    "shows no members": quirky(members_shown=False),
    "ignores filters": quirky(filter="ignored"),
    "stores members twice": quirky(duplicate_members=True),
    "applies and answers 500": quirky(applied_although_500=("POST", "PATCH")),
    "keeps only names and says nothing": quirky(
        keeps_only=("userName", "displayName", "name", "active"), answers_without_body=True, patch_answer=204
    ),
    "has no discovery": quirky(discovery=False),
    "numbers its objects": quirky(ids="number"),
    "pages of two": quirky(page_size=2, max_page=2),
}


def set_phone(here: House, name: str, number: str | None) -> None:
    if isinstance(here.company, GraphCompany):
        here.company.directory.update_user(here.company.ids[name], mobilePhone=number)
    else:
        here.company.directory.update_user(here.company.ids[name], {"mobilePhone": number})


def stored(here: House, name: str) -> Any:
    found = here.target.user(here.company.login(name))
    assert found is not None
    return found.attributes


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_cleared_value_goes_once_and_second_cycle_writes_nothing(tmp_path: Path, kind: str, way: str) -> None:
    quirks = WAYS[way]
    with house(kind, tmp_path, people=6, quirks=quirks, job='drift = "repair"', begun=False) as here:
        set_phone(here, "ada", "+4912345")
        here.sync()
        here.sync(full=True)
        assert here.written == []
        keeps = stored(here, "ada").get("title") == "Engineer"

        here.company.set_title("ada", None)
        set_phone(here, "ada", None)
        told = here.sync()
        assert [(row["action"], row["kind"]) for row in told["changes"]] == [("update", "user")]
        assert {edit["new"] for edit in told["changes"][0]["modified"]} == {None}
        if keeps:
            assert stored(here, "ada").get("title") in (None, "")
            assert not stored(here, "ada").get("phoneNumbers")
        for full in (False, True, True):
            here.sync(full=full)
            assert here.written == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_dropped_element_goes_and_the_others_of_its_attribute_stay(tmp_path: Path, kind: str) -> None:
    with house(kind, tmp_path, people=3) as here:
        set_phone(here, "ada", "+4912345")
        if isinstance(here.company, GraphCompany):
            here.company.directory.update_user(here.company.ids["ada"], businessPhones=["+4999"])
        else:
            here.company.directory.update_user(here.company.ids["ada"], {"primaryPhone": "+4999"})
        here.sync()
        assert {one["value"] for one in stored(here, "ada")["phoneNumbers"]} == {"+4912345", "+4999"}
        set_phone(here, "ada", None)
        here.sync()
        assert [one["value"] for one in stored(here, "ada")["phoneNumbers"]] == ["+4999"]
        here.sync(full=True)
        assert here.written == []


@pytest.mark.parametrize("way", ["the plain service", "keeps only names", "applies and answers 500"])
def test_every_day_of_a_company_ends_as_the_source_says(tmp_path: Path, way: str) -> None:
    """Hires, leavers, renames, teams: after each day the target has exactly what the source says, and a further full
    cycle finds nothing."""
    with house("graph", tmp_path, people=12, quirks=WAYS[way]) as here:
        company = here.company
        company.hire("new", "sales", "design")
        company.rename("ada", "adele")
        company.join("design", "ben", "cem")
        here.sync()
        company.leave("design", "ben")
        company.disable("dea")
        company.rename_team("design", "shape")
        here.sync()
        company.enable("dea")
        company.purge("eve")
        company.dissolve("support")
        here.sync()
        here.sync(full=True)
        assert here.written == []
        assert here.target.members(company.team_name("shape")) == here.logins("new", "cem")
        assert here.target.group(company.team_name("support")) is None
        assert here.target.user(company.login("eve")) is None
        gone = {"ada", "eve"}
        assert here.active() == here.logins("adele", "new", *(name for name in PEOPLE[:12] if name not in gone))
