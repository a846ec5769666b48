"""The scoping filters of an exported schema: joined as at Entra, and never wider than they were."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.entra_import import Imported
from tests.unit.starter.entra_job import LOGIN, about, imported, schema

NOBODY = (({"attribute": "objectId", "operator": "IS NULL"},),)


def scoped(*groups: Any, **more: Any) -> Imported:
    return imported(schema(LOGIN, scope={"groups": list(groups), **more}))


def clause(attribute: str, operator: str, *values: str) -> dict[str, Any]:
    return {"sourceOperandName": attribute, "operatorName": operator, "targetOperand": {"values": list(values)}}


def group(*clauses: Any, name: str = "some") -> dict[str, Any]:
    return {"name": name, "clauses": list(clauses)}


@pytest.mark.parametrize("name", ["NOT EQUALS", "Not_Equals", "notequals", "NotEquals"])
def test_operators_are_known_however_they_are_written(name):
    found = scoped(group(clause("department", name, "Sales")))
    assert found.users.filters == (({"attribute": "department", "operator": "NOT EQUALS", "value": "Sales"},),)


def test_filters_are_joined_as_at_entra():
    found = scoped(
        group(clause("department", "EQUALS", "Sales"), clause("accountEnabled", "IS TRUE")),
        group(clause("extensionAttribute1", "Greater_Than", "10")),
    )
    assert found.users.filters == (
        (
            {"attribute": "department", "operator": "EQUALS", "value": "Sales"},
            {"attribute": "accountEnabled", "operator": "IS TRUE"},
        ),
        ({"attribute": "extensionAttribute1", "operator": "GREATER_THAN", "value": "10"},),
    )


LOST = [
    (clause("department", "&", "4"), 'operator "&"'),
    (clause("department", "!&", "4"), 'operator "!&"'),
    (clause("department", "IsMemberOf", "Staff"), "assign the group to the application instead"),
    (clause("department", "Sounds_Like", "x"), 'unknown operator "Sounds_Like"'),
    (clause("department", "EQUALS", "a", "b"), "2 values, where EQUALS takes one"),
    (clause("department", "EQUALS"), "EQUALS needs a value"),
    (clause("department", "EQUALS", ""), "EQUALS needs a value"),
    (clause("department", "Greater_Than", "x"), "compares whole numbers"),
    (clause("department", "REGEX MATCH", "("), "is no regular expression"),
    (clause("sAMAccountName", "IS NOT NULL"), "no attribute sAMAccountName"),
    (clause("", "IS NOT NULL"), "empty text"),
]


@pytest.mark.parametrize(("lost", "reason"), LOST)
def test_a_filter_with_a_lost_clause_is_left_out_as_a_whole(lost, reason):
    kept = group(clause("country", "EQUALS", "GB"))
    found = scoped(kept, group(clause("jobTitle", "IS NOT NULL"), lost, name="odd"))
    assert found.users.filters == (({"attribute": "country", "operator": "EQUALS", "value": "GB"},),)
    (note,) = about(found, "filter odd is left out")
    assert reason in note
    alone = scoped(group(lost))
    assert alone.users.filters == NOBODY
    assert about(alone, "nobody is in scope until you replace the filter")


def test_experimental_filters_leave_nobody_in_scope():
    extra = [group(clause("country", "EQUALS", "GB"))]
    for key in ("inputFilterGroups", "categoryFilterGroups"):
        for groups in ([], [group(clause("department", "EQUALS", "Sales"))]):
            found = scoped(*groups, **{key: extra})
            assert found.users.filters == NOBODY
            assert about(found, f"scope.{key} is experimental")
        assert scoped(**{key: [group()]}).users.filters == ()


def test_a_filter_without_clauses_never_widens_the_scope():
    assert scoped(group()).users.filters == ()
    found = scoped(group(), group(clause("country", "EQUALS", "GB")))
    assert len(found.users.filters) == 1
    assert about(found, "a filter without clauses")
