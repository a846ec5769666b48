"""Paging: `limit`, opaque cursors and `Link` headers in every form that live organisations send.

Source: Okta API documentation, "Pagination".
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson

from connectors.sandbox.okta.errors import bad_cursor, invalid
from connectors.sandbox.okta.exchange import Request
from connectors.sandbox.okta.options import Options

Params = Mapping[str, str]
_ALL_FIELDS = (
    "id,status,created,activated,statusChanged,lastLogin,lastUpdated,passwordChanged,type,profile,credentials,_links"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Where a page begins: behind a key, or at a position where pages shift."""

    key: str = ""
    position: int = 0
    page: int = 1  #: counted from 1
    issued: float = 0.0


def fingerprint(path: str, params: Params, generation: int = 0) -> int:
    """What a cursor belongs to: the endpoint and every parameter that chooses or sorts records."""
    kept = sorted((name, value) for name, value in params.items() if name not in {"after", "limit", "fields"})
    return zlib.crc32(orjson.dumps([path, kept, generation]))


def encoded(cursor: Cursor, mark: int, *, standard_base64: bool = False) -> str:
    """The cursor as a client sees it; in standard base64 with all of `+`, `/` and `=` in it."""
    raw = orjson.dumps([cursor.key, cursor.position, cursor.page, round(cursor.issued, 3), mark])
    if standard_base64:
        raw = _PLUS_AND_SLASH + raw
        return base64.b64encode(raw + b" " * ((1 - len(raw)) % 3)).decode()
    return "200" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


_PLUS_AND_SLASH = b"\xfb\xef\xff"


def opened(text: str) -> tuple[Cursor, int]:
    """The cursor in the parameter `after`, and the fingerprint it was made for. OktaError E0000029: none of ours."""
    try:
        if text.startswith("200"):
            raw = base64.urlsafe_b64decode(text[3:] + "=" * (-len(text[3:]) % 4))
        else:
            raw = base64.b64decode(text, validate=True).removeprefix(_PLUS_AND_SLASH)
        key, position, page, issued, mark = orjson.loads(raw)
    except (binascii.Error, ValueError, TypeError):  # orjson's error is a ValueError
        raise bad_cursor() from None
    return Cursor(key=key, position=position, page=page, issued=issued), mark


def decoded(text: str, mark: int, *, now: float, options: Options) -> Cursor:
    """The cursor in the parameter `after`. OktaError E0000029: foreign, changed parameters or expired."""
    cursor, made_for = opened(text)
    if made_for != mark or now - cursor.issued > options.cursor_lifetime_s:
        raise bad_cursor()
    return cursor


def limit_of(params: Params, *, default: int, maximum: int, minimum: int = 1, options: Options) -> int:
    """The page size that a request gets. OktaError E0000001: no number, too small, or (by option) too large."""
    text = params.get("limit")
    try:
        limit = default if text is None else int(text)
    except ValueError:
        raise invalid("limit", "must be a number") from None
    if limit < minimum:
        raise invalid("limit", f"must be at least {minimum}")
    if limit > maximum:
        if options.over_limit == "refuse":
            raise invalid("limit", f"must be at most {maximum}")
        limit = maximum
    return limit if options.page_size is None else min(limit, options.page_size)


def links(request: Request, limit: int, after: str | None, options: Options) -> list[tuple[bytes, bytes]]:
    """The `Link` header lines of a page: self, and next where `after` is the next cursor."""
    form, origin, path = options.link_form, request.origin, request.path
    before = request.params.get("after")
    params = {"limit": str(limit), **request.params}
    params.pop("after", None)
    if form == "other-host":
        scheme, _, rest = origin.partition("://")
        origin = f"{scheme}://id.acme.example:{rest.rpartition(':')[2]}"

    def url(cursor: str | None) -> str:
        query = {**params, **({"after": cursor} if cursor else {})}
        if form == "comma-in-url":
            return f"{origin}{path}?{urlencode({'fields': _ALL_FIELDS, **query}, safe=',')}"
        if form == "reescaped-search" and cursor:
            text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
            return f"{origin}{path}?{text.replace('.', '%2E')}"
        return f"{origin}{path}?{urlencode(query)}"

    def line(cursor: str | None, rel: str) -> str:
        return f"<{url(cursor)}>; rel={rel if form == 'unquoted' else chr(34) + rel + chr(34)}"

    lines = [line(before, "self")]
    if form == "with-prev" and before:
        lines.append(line(None, "prev"))
    if after:
        lines.append(line(after, "next"))
    if form == "next-first":
        lines.reverse()
    if form == "joined":
        lines = [", ".join(lines)]
    name = b"Link" if form == "capital" else b"link"
    return [(name, text.encode("latin-1")) for text in lines]
