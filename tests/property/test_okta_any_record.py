"""Whatever JSON Okta sends as a record: it is understood or it is odd, never a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.okta.assignments import ASSIGNED, NOT_ASSIGNED, group_assignment, user_assignment
from connectors.okta.groups import membership, source_group
from connectors.okta.oddities import Odd, without_unstorable
from connectors.okta.users import ENABLED, source_user
from syncd.core.model import Json

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
LINK = st.fixed_dictionaries(
    {
        "group": JSON
        | st.fixed_dictionaries(
            {"name": JSON, "href": JSON | st.sampled_from(["//[", "https://a/api/v1/groups/00g1?x=/y"])}
        )
    }
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["00u1", "", "a/b"]) | JSON,
        "status": st.sampled_from([*ENABLED, *ASSIGNED, *NOT_ASSIGNED]) | JSON,
        "transitioningToStatus": JSON,
        "scope": st.sampled_from(["USER", "GROUP"]) | JSON,
        "profile": st.fixed_dictionaries({}, optional={"name": JSON, "role": JSON, "roles": JSON}) | JSON,
        "credentials": JSON,
        "priority": JSON,
        "_links": LINK | JSON,
    },
)
READERS: list[Callable[[Json], Any]] = [
    lambda record: source_user(record, deactivate_suspended=True),
    user_assignment,
    group_assignment,
    source_group,
    lambda record: membership("00g1", record),
]


@pytest.mark.parametrize("reader", READERS)
@given(record=RECORDS | JSON)
def test_a_record_is_understood_or_odd(reader: Callable[[Json], Any], record: Json) -> None:
    try:
        read = reader(record)
    except Odd:
        return
    if read is not None and hasattr(read, "attributes"):
        orjson.dumps(dict(read.attributes))


@given(st.lists(RECORDS | JSON | st.text(st.characters(categories=["Cs"]), min_size=1), max_size=5))
def test_what_is_left_of_a_list_can_always_be_written_as_json(records: list[Json]) -> None:
    kept = without_unstorable(records)
    assert len(kept) == len(records)
    orjson.dumps(kept)
