"""When a round may start from a stored link, and when it must read everything."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.graph.settings import ClientSecret, GraphSettings
from connectors.graph.watermark import Watermark, parse_watermark, select_text
from syncd.core.secret import Secret

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SETTINGS = GraphSettings(name="contoso", tenant_id="t1", credential=ClientSecret(secret=Secret("x")))
LINK = "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=A%2Bb_c-d.e~%3D"


def mark(**changes):
    return Watermark(**{"link": LINK, "select": "id,mail", "tenant": "t1", "at": NOW, **changes})


def test_a_watermark_survives_its_text_byte_for_byte():
    assert parse_watermark(mark().text) == mark()


@pytest.mark.parametrize("text", [None, "", "null", "[]", "{}", "{", '{"deltaLink": 1}', "https://link"])
def test_text_that_is_no_watermark_starts_from_the_beginning(text):
    assert parse_watermark(text) is None


def test_a_time_without_a_zone_is_no_watermark():
    assert parse_watermark(mark(at=NOW.replace(tzinfo=None)).text) is None


@pytest.mark.parametrize(
    ("changes", "age", "serves"),
    [
        ({}, timedelta(0), True),
        ({}, timedelta(days=5, hours=23), True),
        ({}, timedelta(days=6), False),
        ({}, timedelta(minutes=-30), True),
        ({}, timedelta(days=-2), False),
        ({"select": "id"}, timedelta(0), False),
        ({"tenant": "t2"}, timedelta(0), False),
        ({"link": LINK.replace("graph.microsoft.com", "graph.microsoft.us")}, timedelta(0), False),
        ({"link": f"{LINK}\n"}, timedelta(0), False),
    ],
)
def test_a_round_starts_from_a_link_only_while_everything_fits(changes, age, serves):
    assert mark(**changes).serves(SETTINGS, "id,mail", NOW + age) is serves


def test_the_select_text_does_not_depend_on_order():
    assert select_text(["mail", "id"]) == select_text(["id", "mail"]) == "id,mail"
