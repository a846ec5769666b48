"""The path of a request: an id is one segment of it, whatever it is made of."""

from __future__ import annotations

import pytest

from syncd.core.change import Action
from tests.unit.scim.dialect_requests import RFC, requests


@pytest.mark.parametrize(
    ("target_id", "path"),
    [
        ("a b@c.example", "/Users/a%20b%40c.example"),
        ("../Groups/1", "/Users/..%2FGroups%2F1"),
        ("..", "/Users/%2E%2E"),
        ("ü?x=1#y", "/Users/%C3%BC%3Fx%3D1%23y"),
    ],
)
def test_an_id_is_one_segment_of_the_path(target_id: str, path: str) -> None:
    assert requests(RFC, Action.DELETE, {}, {}, target_id=target_id) == [("DELETE", path, None)]
