"""The pure parts of the SCIM target: overlay, settling, answers, profiles, addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Misconfigured
from connectors.scim.answer import read_answer
from connectors.scim.errors import code_of, describe, failed
from connectors.scim.members import chunks
from connectors.scim.overlay import overlay
from connectors.scim.profiles import load_profile
from connectors.scim.settings import NoAuth, ScimSettings, tenant_url
from connectors.scim.settle import applied
from syncd.core.attributes import parse_path, read

WORK = 'emails[type eq "work"].value'
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"


def tenant(url: str) -> Any:
    return tenant_url(ScimSettings(name="t", url=url, auth=NoAuth()))


class TestTenantUrl:
    @pytest.mark.parametrize(
        ("url", "base", "dialect", "query"),
        [
            ("https://x.example/scim/", "https://x.example/scim", None, ()),
            ("https://x.example/scim?aadOptscim062020", "https://x.example/scim", "entra-2020", ()),
            ("https://x.example/scim/?AADOPTSCIM062020", "https://x.example/scim", "entra-2020", ()),
            ("https://x.example/?AzureAdScimPatch062020", "https://x.example", "entra-2020", ()),
            ("https://x.example/s?AzureAdScimPatch2017&t=1", "https://x.example/s", "entra", (("t", "1"),)),
            ("http://127.0.0.1:8080/scim", "http://127.0.0.1:8080/scim", None, ()),
            ("http://[::1]:8080/scim", "http://[::1]:8080/scim", None, ()),
        ],
    )
    def test_the_flag_selects_a_dialect_and_is_not_sent(
        self, url: str, base: str, dialect: str | None, query: Any
    ) -> None:
        found = tenant(url)
        assert (str(found.base), found.dialect, found.query) == (base, dialect, query)

    @pytest.mark.parametrize(
        "url",
        ["http://x.example/scim", "ftp://x.example", "scim", "", "https://", "https://u:p@x.example/", "https://x/#a"],
    )
    def test_an_unsafe_or_broken_url_is_refused(self, url: str) -> None:
        with pytest.raises(Misconfigured, match=r"Correct config.toml, then run: syncd check$"):
            tenant(url)


class TestOverlay:
    RESOURCE: ClassVar[dict[str, Any]] = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "1",
        "meta": {"version": "1"},
        "groups": [{"value": "g"}],
        "UserName": "jane",
        "name": {"givenName": "J", "middleName": "X"},
        "emails": [{"type": "Work", "value": "a@b"}, {"type": "home", "value": "h@b"}],
        "foreign": {"kept": [1, 2]},
    }

    def test_what_is_not_ours_stays_and_what_the_service_sets_is_left_out(self) -> None:
        body = overlay(self.RESOURCE, {"name.givenName": "Jane", WORK: "x@b"}, "user")
        assert body["name"] == {"givenName": "Jane", "middleName": "X"}
        assert body["emails"] == [{"type": "Work", "value": "x@b"}, {"type": "home", "value": "h@b"}]
        assert body["foreign"] == {"kept": [1, 2]}
        assert "meta" not in body
        assert "groups" not in body
        assert self.RESOURCE["emails"][0]["value"] == "a@b"

    def test_keys_keep_the_services_letter_case(self) -> None:
        body = overlay(self.RESOURCE, {"username": "jim"}, "user")
        assert body["UserName"] == "jim"
        assert "username" not in body

    def test_cleared_values_go(self) -> None:
        body = overlay(self.RESOURCE, {"name.middleName": None, WORK: None, "nickName": None, DEPARTMENT: None}, "user")
        assert body["name"] == {"givenName": "J"}
        assert body["emails"] == [{"type": "home", "value": "h@b"}]
        assert len(body["schemas"]) == 1

    def test_an_extension_is_announced_when_it_comes(self) -> None:
        body = overlay(self.RESOURCE, {DEPARTMENT: "Sales", MANAGER: "m1"}, "user")
        assert body["schemas"][1] == "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        assert body[body["schemas"][1]] == {"department": "Sales", "manager": {"value": "m1"}}

    paths = st.sampled_from(["userName", "name.givenName", "title", WORK, 'emails[type eq "x"].value', DEPARTMENT])

    @settings(deadline=None)
    @given(values=st.dictionaries(paths, st.none() | st.text(min_size=1, max_size=8), max_size=6))
    def test_after_an_overlay_every_value_reads_back(self, values: dict[str, Any]) -> None:
        body = overlay(self.RESOURCE, values, "user")
        for path, value in values.items():
            assert read(body, parse_path(path)) == value
        assert overlay(body, values, "user") == body
        assert body["foreign"] == self.RESOURCE["foreign"]


class TestSettling:
    def test_a_value_that_is_there_is_applied_whatever_its_letter_case_or_type(self) -> None:
        assert applied({"userName": "jane", "active": "True"}, {"userName": "Jane", "active": True}, {}) is True

    def test_another_value_is_not(self) -> None:
        assert applied({"title": "Old"}, {"title": "New"}, {"title": "Old"}) is False

    def test_a_change_of_letter_case_alone_is_seen(self) -> None:
        assert applied({"title": "lead"}, {"title": "Lead"}, {"title": "lead"}) is False

    def test_what_is_never_shown_cannot_be_told(self) -> None:
        assert applied({"id": "1"}, {"title": "New"}, {}) is None

    def test_a_removal_is_applied_where_nothing_is_left(self) -> None:
        assert applied({"title": ""}, {"title": None, "nickName": None}, {"title": "x"}) is True
        assert applied({"title": "x"}, {"title": None}, {"title": "x"}) is False


class TestAnswers:
    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (b'{"detail": "No  seats\\nleft", "scimType": "invalidValue"}', "No seats left (invalidValue)"),
            (b'{"Errors": [{"code": 1, "description": "bad"}]}', "bad"),
            (b'{"error": {"message": "nope"}}', "nope"),
            (b'{"detail": [{"msg": "field required"}]}', "field required"),
            (b'"plain"', "plain"),
            (
                b"<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1></body></html>",
                "502 Bad Gateway",
            ),
            (b"<p>a &amp; b<script>evil()</script></p>", "a & b"),
            (b"just text", "just text"),
            (b"", ""),
        ],
    )
    def test_the_services_own_words_are_found(self, raw: bytes, words: str) -> None:
        assert read_answer(400, raw, {}, 1).words == words

    def test_words_are_bounded(self) -> None:
        assert len(read_answer(400, orjson.dumps({"detail": "x" * 100_000}), {}, 1).words) == 400

    @given(
        raw=st.binary(max_size=200)
        | st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["detail", "errors", "scimType", "id", "meta", "status", "schemas"]), inner
                )
            ),
            max_leaves=8,
        ).map(orjson.dumps),
        status=st.integers(100, 599),
    )
    def test_no_body_breaks_the_reading(self, raw: bytes, status: int) -> None:
        answer = read_answer(status, raw, {}, 1)
        assert isinstance(describe(answer), str)
        assert answer.etag is None or isinstance(answer.etag, str)
        assert answer.id is None or isinstance(answer.id, str)
        assert code_of(answer)

    def test_an_error_under_a_good_status_is_an_error(self) -> None:
        raw = b'{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409"}'
        assert read_answer(200, raw, {}, 1).status == 409

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("7", 7.0),
            ("0.5", 0.5),
            ("-3", 0.0),
            ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
            ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
            ("soon", None),
            ("", None),
            ("nan", None),
            ("inf", None),
        ],
    )
    def test_retry_after_is_seconds_or_a_date(self, header: str, seconds: float | None) -> None:
        answer = read_answer(429, b"", {"Retry-After": header}, 1)
        assert answer.retry_after_s(datetime(2026, 1, 1, tzinfo=UTC)) == seconds

    @pytest.mark.parametrize(
        ("status", "body", "code"),
        [
            (409, b"{}", "Conflict"),
            (400, b'{"scimType": "uniqueness"}', "Conflict"),
            (400, b"", "SystemForCrossDomainIdentityManagementServiceIncompatible"),
            (401, b"", "Unauthorized"),
            (403, b"", "InsufficientRights"),
            (404, b"", "InvalidAnchor"),
            (405, b"", "MethodNotAllowed"),
            (418, b"", "SystemForCrossDomainIdentityManagementServiceIncompatible"),
            (422, b"", "UnprocessableEntity"),
            (429, b"", "TooManyRequests"),
            (500, b"", "InternalServerError"),
            (501, b"", "NotImplemented"),
            (502, b"", "InternalServerError"),
            (504, b"", "Timeout"),
            (302, b"", "WebExceptionProtocolError"),
        ],
    )
    def test_each_status_has_its_code(self, status: int, body: bytes, code: str) -> None:
        answer = read_answer(status, body, {}, 1)
        outcome = failed(answer, load_profile("generic"), "user")
        assert (outcome.code, outcome.status, outcome.http_status) == (code, "failed", status)


@given(ids=st.lists(st.text(max_size=3), max_size=50), size=st.integers(1, 12))
def test_chunks_keep_every_id_in_order(ids: list[str], size: int) -> None:
    parts = list(chunks(ids, size))
    assert [one for part in parts for one in part] == ids
    assert all(0 < len(part) <= size for part in parts)
