"""The sandbox's people and its clock."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime
from itertools import islice

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.people import ascii_name, people


def test_the_same_seed_gives_the_same_people_and_a_longer_run_begins_alike():
    assert list(people(5, 300)) == list(islice(people(5, 2_000), 300))
    assert list(people(5, 30)) != list(people(6, 30))


def test_logins_are_unique_lower_case_ascii():
    logins = [person.login_name for person in people(1, 20_000)]
    assert len(set(logins)) == 20_000
    assert all(login.isascii() and login == login.lower() and login.replace(".", "").isalnum() for login in logins)


def test_names_are_international_and_awkward():
    crowd = list(people(1, 20_000))
    text = "".join(person.display_name for person in crowd)
    for script in ("Ж", "α", "田", "김", "م", "ø", "ç", "'", "’", "-"):
        assert script in text, script
    assert len({person.country for person in crowd}) == 20
    assert any(person.display_name.startswith(person.surname) for person in crowd if person.country == "JP")
    assert all(all(astuple(person)) for person in crowd)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("O'Brien", "obrien"),
        ("Müller-Lüdenscheidt", "mullerludenscheidt"),
        ("Þórsdóttir", "thorsdottir"),
        ("Łukasiewicz", "lukasiewicz"),
        ("Достоевский", "dostoevskiy"),
        ("Ґалаґан", "galagan"),
        ("Παπαδόπουλος", "papadopoulos"),
        ("김", "gim"),
        ("田中", ""),
        ("محمد", ""),
    ],
)
def test_names_become_ascii_where_their_script_has_a_simple_way(name, expected):
    assert ascii_name(name) == expected


def test_a_clock_with_a_start_stands_still_until_it_is_moved():
    clock = Clock(datetime(2026, 2, 28, 23, 59, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.advance(60)
    assert clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.time() == clock.now().timestamp()


def test_a_clock_without_a_start_runs_ahead_of_the_machines():
    clock = Clock()
    clock.advance(3_600)
    assert 3_599 < (clock.now() - datetime.now(UTC)).total_seconds() < 3_601


def test_a_clock_never_goes_back_and_knows_its_zone():
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        Clock(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
