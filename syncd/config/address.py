"""URLs in config.toml: https, or plain http to this machine alone; never with a secret inside."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import PlainValidator, WithJsonSchema

from syncd.config.faults import has_placeholder, kind_of, nearest, shown
from syncd.config.section import Wrong

_SECRET_NAMES = re.compile(r"token|secret|passw|api_?-?key|signature|credential", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]{1,253}|[0-9a-fA-F:.]{2,45}")
_MOVE = "Take it out of the URL and refer to it under its own key, then run: syncd check"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """The same for a URL; false for what is none."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def check_url(value: Any, *, path: bool, query: bool) -> str:
    """The URL less a final slash of the path. Raises an error with a Wrong that shows no part that may be secret."""
    if not isinstance(value, str):
        raise Wrong(kind_of(value), "write a URL such as https://host/path").error()
    if has_placeholder(value):
        raise Wrong("a placeholder (<…>) in a URL", "write the URL itself, such as https://host/path").error()
    if any(c.isspace() or not c.isprintable() or c in '\\"<>' for c in value):
        raise Wrong("a URL with a blank or another character that no URL has", "write https://host/path").error()
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Wrong("no URL", "write https://host or https://host:port").error() from None
    if parts.username is not None or parts.password is not None:
        raise Wrong("a user name or password inside a URL (not shown here)", "the URL has none", _MOVE).error()
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if _SECRET_NAMES.search(name):
            raise Wrong(
                f"a secret inside a URL ({shown(name)}, its value not shown)", "the URL has none", _MOVE
            ).error()
    plain = parts._replace(query="", fragment="").geturl()
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or port == 0:
        known = nearest(parts.scheme, ("http", "https"))
        raise Wrong(f"{shown(plain)} is no web address", f"write {known or 'https'}://host/path").error()
    if parts.scheme == "http" and not is_loopback(host):
        right = f"plain http is for loopback alone; write {shown('https' + plain[4:])}"
        raise Wrong(f"plain http to {shown(host)}", right).error()
    if parts.fragment or "#" in value:
        raise Wrong("a URL with a fragment", f"write {shown(plain)}").error()
    if (parts.query or "?" in value) and not query:
        raise Wrong("a URL with a query", f"write {shown(plain)}").error()
    if parts.path.strip("/") and not path:
        raise Wrong(f"{shown(plain)} has a path", f"write {shown(f'{parts.scheme}://{parts.netloc}')}").error()
    return parts._replace(path=parts.path.rstrip("/")).geturl()


def _service(value: Any) -> str:
    return check_url(value, path=True, query=True)


def _root(value: Any) -> str:
    return check_url(value, path=True, query=False)


def _origin(value: Any) -> str:
    return check_url(value, path=False, query=False)


_SCHEMA = WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})

#: With path and query: a SCIM tenant URL as the product shows it.
ServiceUrl = Annotated[str, PlainValidator(_service), _SCHEMA]
#: With a path: an API root, a token endpoint.
RootUrl = Annotated[str, PlainValidator(_root), _SCHEMA]
#: Scheme, host and port alone.
OriginUrl = Annotated[str, PlainValidator(_origin), _SCHEMA]
