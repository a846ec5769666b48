"""The text of a new object is that of the body which reports show, whatever its values are."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.scim.dialects import DIALECTS
from connectors.scim.requests import new_body
from connectors.scim.settings import DialectName
from connectors.scim.template import NewBodies
from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.model import Json

PATHS = (
    "userName",
    "active",
    "name.familyName",
    "name.formatted",
    'emails[type eq "work"].value',
    'emails[type eq "work"].primary',
    'emails[type eq "home"].value',
    'phoneNumbers[type eq "mobile"].value',
    'roles[primary eq "True"].value',
    f"{ENTERPRISE_SCHEMA}:department",
    f"{ENTERPRISE_SCHEMA}:manager",
    "urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge",
)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["%b", "%", '"', "\\", "\x010\x01"]
)
values: st.SearchStrategy[Json] = (
    words | st.booleans() | st.integers(-(2**53), 2**53) | st.none() | st.just([]) | st.just({"value": "26118915"})
)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@given(
    wished=st.dictionaries(st.sampled_from(PATHS), values, max_size=len(PATHS)),
    others=st.lists(words, min_size=12, max_size=12),
)
def test_the_text_is_the_body(dialect: DialectName, wished: dict[str, Json], others: list[str]) -> None:
    bodies = NewBodies(DIALECTS[dialect])
    assert orjson.loads(bodies.text(wished, "user")) == new_body(wished, "user", DIALECTS[dialect])
    plain: dict[str, Json] = dict(zip(wished, others, strict=False))
    for _ in range(2):  # its form is made, then used again
        assert orjson.loads(bodies.text(plain, "user")) == new_body(plain, "user", DIALECTS[dialect])


def test_a_value_that_names_its_element_decides_where_the_others_go() -> None:
    bodies = NewBodies(DIALECTS["rfc7644"])
    path = 'emails[type eq "work"]'
    for kind in ("home", "work"):
        wished: dict[str, Json] = {f"{path}.type": kind, f"{path}.value": "jane@contoso.com"}
        assert orjson.loads(bodies.text(wished, "user")) == new_body(wished, "user", DIALECTS["rfc7644"])


def test_a_value_that_names_the_element_of_another_path_decides_where_that_goes() -> None:
    bodies = NewBodies(DIALECTS["rfc7644"])
    for shown in ("Work", "sales"):
        wished: dict[str, Json] = {
            'emails[type eq "work"].display': shown,
            'emails[display eq "sales"].value': "sales@contoso.com",
        }
        assert orjson.loads(bodies.text(wished, "user")) == new_body(wished, "user", DIALECTS["rfc7644"])


@pytest.mark.parametrize("type_", ["\x010\x01", "\\u00017\\u0001"])
def test_a_path_that_holds_what_stands_for_a_value_is_taken_as_it_is(type_: str) -> None:
    bodies = NewBodies(DIALECTS["rfc7644"])
    wished: dict[str, Json] = {f'emails[type eq "{type_}"].value': "jane@contoso.com"}
    assert orjson.loads(bodies.text(wished, "user")) == new_body(wished, "user", DIALECTS["rfc7644"])


def test_what_cannot_be_written_as_json_is_told() -> None:
    bodies = NewBodies(DIALECTS["rfc7644"])
    with pytest.raises(TypeError):
        bodies.text({"userName": "\ud800"}, "user")


def test_more_forms_than_are_kept_are_made_again() -> None:
    bodies = NewBodies(DIALECTS["rfc7644"])
    for number in [*range(300), 0]:
        wished: dict[str, Json] = {"userName": "jane", f"x{number}": "y"}
        assert orjson.loads(bodies.text(wished, "user")) == new_body(wished, "user", DIALECTS["rfc7644"])
