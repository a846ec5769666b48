"""Places that a row cannot write, and rows that would write the same place twice."""

from __future__ import annotations

from typing import Any

import pytest

LOGIN = 'target = "userName"\nsource = "userPrincipalName"'
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"


def rows(*texts: str, kind: str = "users") -> str:
    return "".join(f"[[jobs.wiki.{kind}.mappings]]\n{text}\n" for text in texts)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("emails.value", 'emails has several elements; write emails[type eq "work"].value'),
        ("userName.value", "userName has no parts; write userName"),
        ('name[type eq "x"].formatted', "name has one value only; write it without brackets"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "it names no attribute of a schema; write urn:…:2.0:User:department",
        ),
    ],
)
def test_a_standard_attribute_is_written_in_its_own_shape(workshop: Any, target: str, why: str) -> None:
    (line,) = workshop.faults(more=rows(LOGIN, f"target = '{target}'\nsource = \"mail\""))
    assert "is no attribute path" in line
    assert why in line


@pytest.mark.parametrize(
    ("one", "other"),
    [("emails", 'emails[type eq "work"].value'), ("name", "name.givenName"), ("Roles", "roles[primary eq true].value")],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_the_whole_of_an_attribute_and_a_part_are_not_both_written(
    workshop: Any, one: str, other: str, swapped: bool
) -> None:
    first, second = (other, one) if swapped else (one, other)
    (line,) = workshop.faults(more=rows(LOGIN, *(f"target = '{path}'\nsource = \"mail\"" for path in (first, second))))
    assert "is mapped twice; mappings[1] writes" in line
    assert "write either the whole or its parts" in line


def test_parts_of_one_attribute_are_all_written(workshop: Any) -> None:
    paths = ['emails[type eq "work"].value', 'emails[type eq "work"].primary', "name.givenName", "name.familyName"]
    found = workshop.load(more=rows(LOGIN, *(f"target = '{path}'\nsource = \"mail\"" for path in paths)))
    assert [row.target for row in found.jobs["wiki"].users.mappings] == ["userName", *paths]


@pytest.mark.parametrize("rule", ['default = "x"', 'allowed = ["x"]'])
def test_a_reference_has_no_values_of_its_own(workshop: Any, rule: str) -> None:
    (line,) = workshop.faults(more=rows(LOGIN, f'target = "{MANAGER}"\nsource = "manager"\n{rule}'))
    assert f"{rule.partition(' ')[0]} for a reference; a manager is an account, not a text; remove it" in line


@pytest.mark.parametrize("origin", ['source = "displayName"', 'constant = "x"', 'expression = "[members]"'])
def test_memberships_come_from_the_source_s_groups(workshop: Any, origin: str) -> None:
    name = 'target = "displayName"\nsource = "displayName"'
    (line,) = workshop.faults(more=rows(name, f'target = "Members"\n{origin}', kind="groups"))
    assert (
        'members from something else; memberships come from the source\'s own groups; write source = "members"' in line
    )
