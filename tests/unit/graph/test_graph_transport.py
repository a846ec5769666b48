"""Headers and links as the transport reads them."""

from datetime import UTC, datetime

import pytest

from connectors.graph.fault import Answer, fault, printable
from connectors.graph.transport import retry_after, same_origin

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 300 "}, 300.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 01 Mar 2026 14:00:09 GMT", "date": "Sun, 01 Mar 2026 14:00:00 GMT"}, 9.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_both_forms(headers, seconds):
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://graph.microsoft.com/v1.0/users/delta?$skiptoken=x", True),
        ("https://GRAPH.microsoft.com/v1.0/users", True),
        ("https://graph.microsoft.com", False),
        ("https://graph.microsoft.com.evil.example/v1.0/users", False),
        ("https://graph.microsoft.com@evil.example/v1.0/users", False),
        ("https://graph.microsoft.com:444/v1.0/users", False),
        ("http://graph.microsoft.com/v1.0/users", False),
        ("//graph.microsoft.com/v1.0/users", False),
        ("https://evil.example/?https://graph.microsoft.com/", False),
    ],
)
def test_only_links_of_the_configured_host_count_as_ours(link, same):
    assert same_origin(link, "https://graph.microsoft.com/v1.0") is same


@pytest.mark.parametrize(
    ("status", "code", "resync"),
    [
        (400, "syncStateNotFound", True),
        (410, "SyncStateNotFound", True),
        (410, "resyncRequired", True),
        (410, "resyncApplyDifferences", True),
        (410, "resyncUploadDifferences", True),
        (410, "", True),
        (400, "Request_BadRequest", False),
        (400, "", False),
        (500, "syncStateNotFound", False),
        (403, "resyncRequired", False),
    ],
)
def test_only_the_documented_codes_ask_for_a_full_round(status, code, resync):
    body = b'{"error": {"code": "%s", "message": "m"}}' % code.encode()
    assert fault(Answer(status=status, headers={}, body=body)).resync is resync


@pytest.mark.parametrize("body", [b"<html>no</html>", b"", b"[]", b"null", b'{"error": "text"}', b'{"error": null}'])
def test_an_error_without_a_graph_body_keeps_its_status(body):
    assert str(fault(Answer(status=418, headers={}, body=body))) == "418"


def test_a_services_words_are_bounded_and_hold_no_link_token():
    text = printable(
        "bad\nlink https://graph.microsoft.com/v1.0/users/delta?$skiptoken=AbC_1-x&y=1 and $deltatoken=q" + "z" * 999
    )
    assert "AbC_1-x" not in text
    assert "qzzz" not in text
    assert "\n" not in text
    assert len(text) <= 300
