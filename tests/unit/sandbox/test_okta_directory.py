"""The parts of the sandbox's organisation: memberships, mappings, identifiers, options."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.clock import Clock
from connectors.sandbox.okta import OktaDirectory, Options, generate
from connectors.sandbox.okta.app import App
from connectors.sandbox.okta.identifier import PREFIXES, Identifiers
from connectors.sandbox.okta.mapping import compiled
from connectors.sandbox.okta.memberships import Memberships

IDS = st.sampled_from([f"00u{n}" for n in range(6)])
GROUPS = st.sampled_from(["00g1", "00g2", "00g3"])


@given(st.lists(st.tuples(st.booleans(), GROUPS, IDS)))
def test_memberships_are_a_relation_seen_from_both_sides(steps: list[tuple[bool, str, str]]) -> None:
    members, model = Memberships(), set[tuple[str, str]]()
    for add, group, user in steps:
        change = members.add if add else members.remove
        assert change(group, user) is (((group, user) in model) is not add)
        (model.add if add else model.discard)((group, user))
    assert members.count == len(model)
    for group in ("00g1", "00g2", "00g3"):
        assert list(members.members(group)) == sorted(user for known, user in model if known == group)
    for user in (f"00u{n}" for n in range(6)):
        assert list(members.groups(user)) == sorted(group for group, known in model if known == user)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("user.lastName", "Bérg"),
        ("source.nothing", None),
        ('user.lastName + ", " + user.firstName', "Bérg, Kim"),
        ('user.nothing + "x"', "x"),
        ('user.nothing != null ? user.nothing : "none"', "none"),
        ("user.firstName == null ? 'a' : user.nothing == null ? 'b' : 'c'", "b"),
        ("String.toUpperCase(user.lastName)", "BÉRG"),
        ('String.substringBefore(user.email, "@")', "kim"),
        ('String.toLowerCase(String.substringAfter(user.email, "@"))', "acme.example"),
        ("Arrays.toCsvString(user.sites)", "OSL,BER"),
    ],
)
def test_mapping_expression(expression: str, expected: str | None) -> None:
    profile = {"firstName": "Kim", "lastName": "Bérg", "email": "kim@Acme.example", "sites": ["OSL", "BER"]}
    assert compiled(expression)(profile) == expected


@pytest.mark.parametrize("expression", ["", "user.", "Time.now()", "org.name", "user.a +", "__import__('os')"])
def test_mapping_beyond_the_sandbox_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="sandbox"):
        compiled(expression)


def test_identifiers_rise_have_twenty_characters_and_depend_on_the_seed() -> None:
    one, same, other = Identifiers(1), Identifiers(1), Identifiers(2)
    for kind, prefix in PREFIXES.items():
        ids = [one.next(kind) for _ in range(1000)]
        assert ids == sorted(ids) == [same.next(kind) for _ in range(1000)]
        assert all(len(text) == 20 and text.startswith(prefix) for text in ids)
        assert ids[0] != other.next(kind)
    assert one.uuid() == same.uuid()
    assert len({one.uuid() for _ in range(100)}) == 100


def test_application_user_name_follows_its_template() -> None:
    profile = {"login": "kim@acme.example", "email": None}
    for template, expected in (
        ("${source.login}", "kim@acme.example"),
        ('${fn:substringBefore(source.login, "@")}', "kim"),
        ("${source.email}", ""),
        ('x-${fn:substringBefore(source.login,"@")}-y', "x-kim-y"),
    ):
        app = App(id="0oa", name="n", label="l", created="", last_updated="", user_name_template=template)
        assert app.user_name(profile) == expected


def test_unknown_options_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no option speed"):
        Options().with_({"speed": 1})
    with pytest.raises(ValueError, match="no link_form"):
        Options().with_({"link_form": "triple"})


def test_generation_is_reproducible_and_leaves_the_log_empty() -> None:
    clock = Clock(datetime(2026, 3, 2, tzinfo=UTC))
    first, second = (OktaDirectory(seed=4, clock=clock) for _ in range(2))
    assert generate(first, users=300, apps=2) == generate(second, users=300, apps=2)
    assert [user.packed for user in first.users] == [user.packed for user in second.users]
    assert first.log.after(0) == []
    assert all(user.last_updated < first.now for user in first.users)
    with pytest.raises(ValueError, match="not empty"):
        generate(first, users=10)
