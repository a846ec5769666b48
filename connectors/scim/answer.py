"""One answer of a SCIM service, read with tolerance: what it is, whatever its content type says."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import NamedTuple

import orjson

from syncd.core.model import Json

ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"
_LONGEST_WORDS = 400


class NoAnswer(Exception):
    """The exchange broke off. `sent`: the request may have reached the target, so it may have been carried out.

    `final`: asking again would bring the same (an untrusted certificate, a redirect to elsewhere).
    """

    def __init__(self, detail: str, *, sent: bool, timeout: bool = False, final: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.sent = sent
        self.attempts = 1
        self.timeout = timeout
        self.final = final


class Answer(NamedTuple):
    """Status, parsed body (None where it is no JSON), and the text where it is none."""

    status: int
    body: Json = None
    text: str = ""
    headers: Mapping[str, str] = MappingProxyType({})  #: looked up without regard to case
    attempts: int = 1

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether it is HTML, which no SCIM service means."""
        return self.body is None and self.text.lstrip().startswith("<")

    @property
    def resource(self) -> Mapping[str, Json] | None:
        """The body where it is a resource with an id."""
        if isinstance(self.body, dict) and isinstance(self.body.get("id"), (str, int)):
            return self.body
        return None

    @property
    def id(self) -> str | None:
        """The resource's id as text: some services give numbers. None for an empty one, which would name all resources."""
        found = self.body.get("id") if isinstance(self.body, dict) else None
        if isinstance(found, str):
            return found or None
        return str(found) if isinstance(found, int) and not isinstance(found, bool) else None

    @property
    def etag(self) -> str | None:
        """The version for If-Match: the header, or meta.version (RFC 7644 section 3.14)."""
        if (header := self.headers.get("ETag")) is not None:
            return header
        meta = self.body.get("meta") if isinstance(self.body, Mapping) else None
        version = meta.get("version") if isinstance(meta, Mapping) else None
        return version if isinstance(version, str) and version else None

    @property
    def speaks_scim(self) -> bool:
        """Whether the body names a SCIM message: so it comes from the service, and not from something before it."""
        schemas = self.body.get("schemas") if isinstance(self.body, Mapping) else None
        return isinstance(schemas, list) and any("scim" in str(schema).lower() for schema in schemas)

    @property
    def scim_type(self) -> str | None:
        found = self.body.get("scimType") if isinstance(self.body, Mapping) else None
        return found if isinstance(found, str) and found else None

    @property
    def words(self) -> str:
        """What the service said, in its own words and at most 400 characters; empty where it said nothing."""
        said = _said(self.body) if self.body is not None else _page(self.text)
        said = " ".join(said.split())
        return said if len(said) <= _LONGEST_WORDS else said[: _LONGEST_WORDS - 1] + "…"

    def retry_after_s(self, now: datetime) -> float | None:
        """Seconds to wait, from seconds or an HTTP date (RFC 9110 section 10.2.3); None where nothing usable is said."""
        text = (self.headers.get("Retry-After") or "").strip()
        if not text:
            return None
        try:
            seconds = float(text)
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(text) - now).total_seconds()
            except (TypeError, ValueError, OverflowError):
                return None
        return max(0.0, seconds) if seconds == seconds and seconds < float("inf") else None  # noqa: PLR0124 (NaN)


def read_answer(status: int, raw: bytes, headers: Mapping[str, str], attempts: int = 1) -> Answer:
    """The answer in these bytes. A body that is a SCIM error under a 2xx status counts as that error."""
    body: Json = None
    text = ""
    if raw and not raw.isspace():
        try:
            body = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            text = raw[:20_000].decode("utf-8", "replace")
    if 200 <= status < 300 and isinstance(body, dict):
        schemas = body.get("schemas")
        if isinstance(schemas, list) and ERROR_SCHEMA in schemas:
            try:
                claimed = int(body.get("status", 500))
            except (TypeError, ValueError):
                claimed = 500
            status = claimed if 400 <= claimed < 600 else 500
    return Answer(status, body, text, headers, attempts)


def _said(body: Json) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, (_said(part) for part in body[:5])))
    if not isinstance(body, Mapping):
        return ""
    for key in ("detail", "message", "error_description", "description", "msg", "error", "errors", "Errors", "title"):
        if (part := body.get(key)) and (said := _said(part)):
            kind = body.get("scimType")
            return f"{said} ({kind})" if key == "detail" and isinstance(kind, str) and kind else said
    kind = body.get("scimType")
    return kind if isinstance(kind, str) else ""


def _page(text: str) -> str:
    if "<" not in text:
        return text
    title = re.search(r"<(title|h1)[^>]*>(.*?)</\1", text, re.IGNORECASE | re.DOTALL)
    plain = (
        title[2] if title else re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.IGNORECASE | re.DOTALL)
    )
    return html.unescape(re.sub(r"<[^>]*>", " ", plain))
