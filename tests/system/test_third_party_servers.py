"""The working life of people and groups, in real cycles from either kind of source, at SCIM servers that others wrote.

What happened is asserted on the server's own state and on what went over the wire, beside the report. Each combination
of server and source has one company, one initial cycle, and tests that each move other people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from syncd.core.attributes import ENTERPRISE_SCHEMA
from tests.system.company import COMPANIES, PEOPLE, GraphCompany
from tests.system.conftest import sync_once
from tests.system.life import Life, lived
from tests.system.product import Resource
from tests.system.recorder import words

SERVERS = ("scim2_server", "django_scim2", "scimmy")


def actions(changes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(action, kind) of each row, sorted."""
    return sorted((change["action"], change["kind"]) for change in changes)


def enterprise(resource: Resource) -> Resource:
    found: Resource = resource.get(ENTERPRISE_SCHEMA) or {}
    return found


@pytest.fixture(scope="module", params=[f"{kind}-{server}" for server in SERVERS for kind in COMPANIES])
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """The company after its initial cycle, shared by the tests of its server."""
    kind, name = request.param.split("-")
    with lived(kind, request.getfixturevalue(name), tmp_path_factory.mktemp("life")) as life:
        yield life


@pytest.fixture
def life(begun: Life) -> Life:
    """Nothing is left to do: what a test left behind when it failed is written first."""
    if not begun.finished:
        sync_once(begun.runtime, "job", full=True)
    begun.finished = False
    return begun


def test_the_initial_cycle_creates_everybody_with_groups_and_members(begun: Life) -> None:
    company, product, initial = begun.company, begun.product, begun.initial
    assert initial is not None
    told = initial.data(begun.runtime.store)
    assert initial.exit_code == 0, told
    assert initial.cycle == "initial"
    assert (initial.counts["create"], initial.counts["adopt"]) == (len(PEOPLE) - 1 + 4, 2)
    users = {user["userName"]: user for user in product.users().values()}
    groups = {group["displayName"]: group for group in product.groups().values()}
    members = {name: {str(member["value"]) for member in group.get("members") or ()} for name, group in groups.items()}
    for number, person in enumerate(PEOPLE):
        account = users[company.login(person)]
        assert account["active"] is True
        assert account["name"]["givenName"] == person.capitalize()
        assert account["name"]["familyName"] == company.tag
        assert account["emails"][0]["value"] == company.login(person)
        if product.extends:
            assert account["title"] == "Engineer"
            assert enterprise(account)["department"] == "Products"
        team = company.team_name("sales" if number % 2 else "legal")
        assert str(account["id"]) in members[team]
    assert len(product.members(company.team_name("sales"))) == len(PEOPLE) // 2
    assert len(product.members(company.team_name("support"))) == len(PEOPLE) // 3
    assert product.members(company.team_name("research")) == []
    assert len([login for login in users if login.endswith(f"{company.tag}@{company.domain}")]) == len(PEOPLE)


def test_an_account_and_a_group_that_were_there_are_adopted_and_others_are_left_alone(begun: Life) -> None:
    company, product, initial = begun.company, begun.product, begun.initial
    assert initial is not None
    rows = initial.data(begun.runtime.store)["changes"]
    adoptions = {row["kind"]: row for row in rows if row["action"] == "adopt"}
    assert adoptions["user"]["target_id"] == str(begun.adopted["id"])
    assert adoptions["group"]["target_id"] == str(begun.adopted_group["id"])
    account = product.user(company.login("ada"))
    assert account["id"] == begun.adopted["id"]
    assert account["name"]["givenName"] == "Ada"
    assert account["emails"][0]["value"] == company.login("ada")
    assert account.get("nickName") == begun.adopted.get("nickName")
    assert len(product.members(company.team_name("legal"))) == len(PEOPLE) // 2 + 1
    now = product.everything()
    assert {id_: now[id_] for id_ in begun.untouched} == begun.untouched
    theirs = {f"Groups/{id_[6:]}" if id_.startswith("group ") else f"Users/{id_}" for id_ in begun.untouched}
    named = {"/".join(entry.path.split("/")[-2:]) for entry in begun.recorder.writes()}
    assert not named & theirs


def test_second_and_full_cycle_write_nothing(life: Life) -> None:
    before = life.product.everything()
    for full in (False, True):
        assert life.sync(full=full) == []
        assert life.written == []
    assert life.product.everything() == before
    life.finished = True


def test_a_changed_and_a_cleared_attribute_are_one_update_each(life: Life) -> None:
    company, product = life.company, life.product
    before = life.account("ben")
    company.set_given_name("ben", "Benjamin")
    assert actions(life.sync()) == [("update", "user")]
    account = life.account("ben")
    assert account["id"] == before["id"]
    assert account["name"]["givenName"] == "Benjamin"
    assert account["name"]["familyName"] == before["name"]["familyName"]
    for title in ("Director", None):
        company.set_title("ben", title)
        assert actions(life.sync()) == [("update", "user")]
        if product.extends:
            assert (life.account("ben").get("title") or None) == title
    assert life.account("ben")["name"] == account["name"]
    life.steady()


def test_a_new_login_is_one_update_of_the_same_account(life: Life) -> None:
    company, product = life.company, life.product
    id_ = life.account("cem")["id"]
    teams = product.members(company.team_name("legal"))
    login = company.rename("cem", "cemal")
    assert actions(life.sync()) == [("update", "user")]
    assert not [line for line in life.written if line.startswith(("POST", "DELETE"))]
    account = product.user(login)
    assert account["id"] == id_
    assert account["emails"][0]["value"] == login
    assert account["name"]["familyName"] == f"{company.tag}-cemal"
    assert company.login("cem") not in product.logins()
    assert product.members(company.team_name("legal")) == teams
    life.steady()


def test_a_new_group_name_is_one_update_of_the_same_group_with_its_members(life: Life) -> None:
    company, product = life.company, life.product
    before = product.group(company.team_name("support"))
    members = product.members(company.team_name("support"))
    name = company.rename_team("support", "care")
    assert actions(life.sync()) == [("update", "group")]
    assert not [line for line in life.written if line.startswith(("POST", "DELETE"))]
    assert product.group(name)["id"] == before["id"]
    assert product.members(name) == members
    life.steady()


def test_members_come_and_go_and_the_others_stay(life: Life) -> None:
    company, product = life.company, life.product
    dea, eve = (str(life.account(name)["id"]) for name in ("dea", "eve"))
    company.join("design", "dea", "eve")
    changes = life.sync()
    assert actions(changes) == [("add_members", "group")]
    assert product.members(company.team_name("design")) == sorted([dea, eve])
    company.leave("design", "dea")
    assert actions(life.sync()) == [("remove_members", "group")]
    assert product.members(company.team_name("design")) == [eve]
    life.steady()
    company.leave("design", "eve")
    life.sync()
    assert product.members(company.team_name("design")) == []
    life.steady()


def test_members_of_a_large_group_come_and_go_alone(life: Life) -> None:
    company, product = life.company, life.product
    before = product.members(company.team_name("sales"))
    fay, gil = (str(life.account(name)["id"]) for name in ("fay", "gil"))
    assert fay in before
    assert gil not in before
    company.leave("sales", "fay")
    company.join("support", "fay")  # still assigned
    company.join("sales", "gil")
    life.sync()
    assert product.members(company.team_name("sales")) == sorted({*before, gil} - {fay})
    life.steady()


def test_a_disabled_person_is_deactivated_and_comes_back_with_memberships(life: Life) -> None:
    company, product = life.company, life.product
    sales = company.team_name("sales")
    hal = life.account("hal")
    members = product.members(sales)
    assert str(hal["id"]) in members
    company.disable("hal")
    assert ("deactivate", "user") in actions(life.sync())
    account = life.account("hal")
    assert (account["id"], account["active"]) == (hal["id"], False)
    assert str(hal["id"]) not in product.members(sales)
    life.steady()
    company.enable("hal")
    assert ("reactivate", "user") in actions(life.sync())
    account = life.account("hal")
    assert (account["id"], account["active"]) == (hal["id"], True)
    assert product.members(sales) == members
    life.steady()


def test_an_unassigned_person_is_deactivated_and_comes_back_with_memberships(life: Life) -> None:
    company, product = life.company, life.product
    legal = company.team_name("legal")
    ida = life.account("ida")
    members = product.members(legal)
    assert str(ida["id"]) in members
    company.leave("legal", "ida")
    company.leave("support", "ida")
    assert ("deactivate", "user") in actions(life.sync())
    account = life.account("ida")
    assert (account["id"], account["active"]) == (ida["id"], False)
    assert account["name"] == ida["name"]
    assert str(ida["id"]) not in product.members(legal)
    life.steady()
    company.join("legal", "ida")
    assert ("reactivate", "user") in actions(life.sync())
    account = life.account("ida")
    assert (account["id"], account["active"]) == (ida["id"], True)
    assert product.members(legal) == members
    life.steady()


def test_an_individual_assignment_gives_and_takes_an_account(life: Life) -> None:
    company, product = life.company, life.product
    login = company.hire("lou")
    assert life.sync() == []
    assert login not in product.logins()
    company.assign("lou")
    assert actions(life.sync()) == [("create", "user")]
    lou = product.user(login)
    company.unassign("lou")
    assert actions(life.sync()) == [("deactivate", "user")]
    assert product.user(login)["active"] is False
    company.assign("lou")
    assert actions(life.sync()) == [("reactivate", "user")]
    assert (product.user(login)["id"], product.user(login)["active"]) == (lou["id"], True)
    life.steady()


def test_a_purged_person_is_gone_at_the_server(life: Life) -> None:
    company, product = life.company, life.product
    sales = company.team_name("sales")
    jan = life.account("jan")
    assert str(jan["id"]) in product.members(sales)
    company.purge("jan")
    assert ("delete", "user") in actions(life.sync())
    assert not product.there(f"/Users/{jan['id']}")
    assert str(jan["id"]) not in product.members(sales)
    life.steady()


def test_a_group_comes_and_goes_and_its_people_stay(life: Life) -> None:
    company, product = life.company, life.product
    name = company.found("finance")
    company.join("finance", "kim", "leo")
    assert actions(life.sync()) == [("add_members", "group"), ("create", "group")]
    group = product.group(name)
    kim, leo = (str(life.account(person)["id"]) for person in ("kim", "leo"))
    assert product.members(name) == sorted([kim, leo])
    company.dissolve("finance")
    assert actions(life.sync()) == [("delete", "group")]
    assert not product.there(f"/Groups/{group['id']}")
    assert life.account("kim")["active"] is True
    life.steady()


def test_an_account_that_vanished_is_made_again_with_its_memberships(life: Life) -> None:
    company, product = life.company, life.product
    old = life.account("mia")
    legal = company.team_name("legal")
    product.delete(f"/Users/{old['id']}")
    assert ("create", "user") in actions(life.sync(full=True))
    new = life.account("mia")
    assert new["id"] != old["id"]
    assert str(new["id"]) in product.members(legal)
    life.steady()


def test_a_manager_is_set_changed_and_cleared_by_the_id_of_the_account(life: Life) -> None:
    company, product = life.company, life.product
    if not isinstance(company, GraphCompany):
        assert not any(":manager" in line for line in words(life.recorder.writes()))
        return
    for manager in ("ola", "pia", None):
        company.set_manager("ned", manager)
        changes = life.sync()
        assert actions(changes) == [("update", "user")]
        if product.extends:
            shown = enterprise(life.account("ned")).get("manager")
            seen = shown.get("value") if isinstance(shown, dict) else shown
            assert (seen or None) == (str(life.account(manager)["id"]) if manager else None)
        life.steady()


def test_a_newcomer_who_is_in_groups_and_reports_to_a_newcomer_is_whole_after_one_cycle(life: Life) -> None:
    company, product = life.company, life.product
    company.hire("new", "sales")
    company.hire("boss", "legal")
    if isinstance(company, GraphCompany):
        company.set_manager("new", "boss")
    life.sync()
    new, boss = life.account("new"), life.account("boss")
    assert str(new["id"]) in product.members(company.team_name("sales"))
    if isinstance(company, GraphCompany) and product.extends:
        assert enterprise(new)["manager"]["value"] == str(boss["id"])
    life.steady()


def test_an_account_made_by_hand_before_a_hire_is_adopted_whatever_its_letter_case(life: Life) -> None:
    company, product = life.company, life.product
    login = company.hire("rae", "sales")
    theirs = product.add_user(login.upper())
    there = len(product.users())
    life.sync()
    assert len(product.users()) == there
    account = product.users()[str(theirs["id"])]
    assert account["userName"].casefold() == login.casefold(), "its schema may say that letter case is no matter"
    assert account["name"]["givenName"] == "Rae"
    assert str(theirs["id"]) in product.members(company.team_name("sales"))
    life.steady()


def test_what_somebody_changed_at_the_server_is_repaired_by_a_full_cycle_alone(life: Life) -> None:
    product, before = life.product, life.account("sue")
    product.change(f"/Users/{before['id']}", name={**before["name"], "givenName": "Susan"})
    assert life.account("sue")["name"]["givenName"] == "Susan"
    assert life.sync() == []
    assert actions(life.sync(full=True)) == [("update", "user")]
    assert life.account("sue")["name"]["givenName"] == "Sue"
    life.steady()


def test_who_was_taken_out_of_a_group_at_the_server_is_put_back_and_who_was_joined_stays(life: Life) -> None:
    company, product = life.company, life.product
    legal = company.team_name("legal")
    group, out, joined = product.group(legal), str(life.account("una")["id"]), str(life.account("tom")["id"])
    assert out in product.members(legal)
    assert joined not in product.members(legal)
    product.take_out(f"/Groups/{group['id']}", out)
    product.join(f"/Groups/{group['id']}", joined)
    assert out not in product.members(legal)
    assert life.sync() == []
    assert actions(life.sync(full=True)) == [("add_members", "group")]
    assert {out, joined} <= set(product.members(legal))
    life.steady()
