"""Whatever a source holds: paths, types, mapping and diff keep what they promise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.attribute_type import AttributeType, Type
from syncd.core.attributes import ENTERPRISE_SCHEMA, AttributePath, PathError, assemble, overlap, parse_path, read
from syncd.core.change import Action
from syncd.core.filters import OPERATORS, Clause, FilterError, holds
from syncd.core.mapping import MappingError
from syncd.core.schema import NotConvertible, convert, is_empty
from syncd.core.standard_attributes import STANDARD
from tests.unit.core.build import CONTEXT, decided, entry, link, mapping, mark

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,12}", fullmatch=True)
SCHEMAS = st.none() | st.just(ENTERPRISE_SCHEMA) | st.from_regex(r"urn:acme:[a-z]{1,5}:[0-9]\.0:User", fullmatch=True)
KEYS = st.text(max_size=12) | st.booleans() | st.integers(-(10**17), 10**17)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def paths(draw: st.DrawFn) -> AttributePath:
    key = draw(st.none() | NAMES)
    return AttributePath(
        attribute=draw(NAMES | st.sampled_from(["emails", "name", "roles", "manager"])),
        schema=draw(SCHEMAS),
        key=key,
        value=None if key is None else draw(KEYS),
        sub=draw(st.none() | NAMES),
    )


@given(path=paths())
def test_a_path_that_is_printed_and_parsed_is_the_same_path(path: AttributePath) -> None:
    try:
        found = parse_path(str(path))
    except PathError:  # the RFC's own attribute, in a shape that it does not have
        known = {name.lower() for name in STANDARD}
        assert str(AttributePath(path.attribute, path.schema)).lower() in known or (path.schema or "").count(":") < 2
        return
    assert parse_path(str(found)) == found
    assert str(found).lower() == str(path).lower()
    assert found.value == path.value
    assert type(found.value) is type(path.value)


@given(text=st.text())
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    try:
        path = parse_path(text)
    except PathError:
        return
    assert parse_path(str(path)) == path


LEAVES = st.sampled_from(
    [
        *(name for name, type_ in STANDARD.items() if not type_.multi and type_.type != "complex" and "." not in name),
        *(f"name.{part}" for part in ("givenName", "familyName")),
        *(
            f'emails[type eq "{type_}"].{part}'
            for type_ in ("work", "home")
            for part in ("value", "primary", "display")
        ),
        *(f'addresses[type eq "work"].{part}' for part in ("locality", "country")),
        'roles[primary eq "True"].value',
        f"{ENTERPRISE_SCHEMA}:manager",
        f"{ENTERPRISE_SCHEMA}:department",
        "urn:acme:2.0:User:flag",
        'urn:acme:2.0:User:tags[type eq "a"].value',
    ]
).filter(lambda name: name not in ("id", "schemas", "meta"))


@given(data=st.data(), values=st.dictionaries(LEAVES, st.text(min_size=1) | st.booleans() | st.integers(), max_size=12))
def test_what_is_assembled_is_read_again_whatever_the_order(data: st.DataObject, values: dict[str, Any]) -> None:
    order = data.draw(st.permutations(list(values)))
    body = assemble({path: values[path] for path in order}, "user")
    assert {path: read(body, parse_path(path)) for path in values} == values

    def sorted_lists(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: sorted_lists(node[key]) for key in sorted(node)}
        return sorted(map(sorted_lists, node), key=repr) if isinstance(node, list) else node

    assert sorted_lists(assemble(values, "user")) == sorted_lists(body)


@given(one=LEAVES, other=LEAVES)
def test_leaves_overlap_only_with_themselves(one: str, other: str) -> None:
    assert overlap(parse_path(one), parse_path(other)) is (
        one == other and not {".", "["} & set(one.rpartition(":")[2])
    )


TYPES = st.builds(AttributeType, type=st.sampled_from(get_args(Type)), multi=st.booleans())


@given(value=JSON, type_=TYPES)
def test_any_value_is_converted_for_good_or_refused(value: Any, type_: AttributeType) -> None:
    try:
        found = convert(value, type_)
    except NotConvertible:
        return
    assert convert(found, type_) == found
    assert found is None or not is_empty(found) or type_.type == "complex"
    if type_.type not in ("complex", "any"):
        orjson.dumps(found)


ROWS = st.fixed_dictionaries(
    {},
    optional={
        "default": st.text(max_size=3) | st.booleans() | st.integers(0, 9),
        "when_empty": st.sampled_from(["clear", "keep"]),
        "apply": st.sampled_from(["always", "on-create"]),
        "allowed": st.lists(st.text(max_size=3) | st.integers(0, 9), min_size=1, max_size=3),
    },
)
ORIGINS = st.sampled_from(
    [
        {"source": "jobTitle"},
        {"source": "otherMails"},
        {"expression": "[jobTitle]"},
        {"expression": "Redact([jobTitle])"},
        {"expression": "IgnoreFlowIfNullOrEmpty([jobTitle])"},
        {"expression": 'Join("-", [jobTitle], [otherMails])'},
        {"constant": "x"},
    ]
)


@given(origin=ORIGINS, rules=ROWS, value=JSON, type_=TYPES)
def test_any_source_value_is_mapped_or_fails_that_object_alone(
    origin: dict[str, Any], rules: dict[str, Any], value: Any, type_: AttributeType
) -> None:
    found = mapping({"target": "urn:acme:2.0:User:flag", **origin, **rules}, types={"urn:acme:2.0:user:flag": type_})
    try:
        wish = found.desired(entry(jobTitle=value, otherMails=value), CONTEXT)
    except MappingError:
        return
    assert wish.values.keys() <= {"urn:acme:2.0:User:flag"}
    if rules.get("when_empty") == "keep":
        assert None not in wish.values.values()


WISHES = st.lists(
    st.fixed_dictionaries(
        {
            "jobTitle": st.sampled_from([None, "", "Lead", "LEAD", "Boss"]),
            "displayName": st.none() | st.text(max_size=3),
            "otherMails": st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=3),
            "department": st.none() | st.sampled_from(["Sales", "sales"]),
            "enabled": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)
PERSON = mapping(
    {"target": "active", "expression": "Not([IsSoftDeleted])"},
    ("title", "jobTitle"),
    ("displayName", "displayName"),
    ("emails", "otherMails"),
    {"target": "nickName", "expression": "Redact([displayName])"},
    {"target": "locale", "source": "department", "when_empty": "keep"},
    types={"title": AttributeType(case_exact=False)},
)


@given(people=WISHES)
def test_after_each_change_nothing_is_left_to_do(people: list[dict[str, Any]]) -> None:
    there = link(active_=True)
    for person in people:
        wish = PERSON.desired(entry(**person), CONTEXT)
        change = decided(desired=wish, link=there)
        if change is None:
            continue
        wrote = dict(there.wrote)
        for path, value in change.after.items():
            wrote.pop(path, None)
            if value is not None:
                wrote[path] = mark(value) if path in change.redacted else value
        assert change.action in (Action.UPDATE, Action.DEACTIVATE, Action.REACTIVATE)
        there = replace(there, wrote=wrote, active=wrote.get("active") is not False)
        assert decided(desired=wish, link=there) is None
        plain = {path: value for path, value in wish.values.items() if value is not None and path != "nickName"}
        assert all(there.wrote.get(path) == value for path, value in plain.items())
        assert person["displayName"] in (None, "") or there.wrote["nickName"] == mark(person["displayName"])


SCALARS = st.text(min_size=1, max_size=4) | st.booleans() | st.integers(-20, 20)


@pytest.mark.parametrize("operator", sorted(name for name, how in OPERATORS.items() if not how.pattern))
@given(seen=JSON | st.datetimes().map(str), data=st.data())
def test_any_value_is_in_or_out(operator: str, seen: Any, data: st.DataObject) -> None:
    how = OPERATORS[operator]
    wanted = data.draw(st.lists(SCALARS) if how.several else st.datetimes().map(str) if how.dated else SCALARS)

    def verdict(name: str) -> bool:
        return holds(Clause(attribute="department", operator=name, value=wanted), seen)

    assert verdict(operator) in (True, False)
    if operator.startswith("NOT ") and not isinstance(seen, list) and not is_empty(seen):
        assert verdict(operator) is not verdict(operator.removeprefix("NOT "))


@given(seen=JSON)
def test_any_value_meets_a_pattern(seen: Any) -> None:
    clause = Clause(attribute="department", operator="REGEX MATCH", value="(a|b)+.*")
    try:
        assert holds(clause, seen) in (True, False)
    except FilterError:
        pytest.fail("no pattern of this sort takes long")
