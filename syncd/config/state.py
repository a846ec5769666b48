"""The table [state]: where the state DB is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from syncd.config.faults import kind_of, shown
from syncd.config.secret_reference import FORMS, SecretLine
from syncd.config.section import Section, Wrong
from syncd.config.surroundings import surroundings
from syncd.core.model import Json

_FORM = "write sqlite:////var/lib/syncd/state.db or postgresql+psycopg://user@host/database"
_MOVE = f"Write password = {FORMS} beside it, then run: syncd check"
_POSTGRES = ("postgresql+psycopg", "postgresql", "postgres")


def _url(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        raise Wrong(kind_of(value), _FORM).error()
    if not value.isprintable():
        raise Wrong("a URL with a control character", _FORM).error()
    if value.startswith("sqlite:"):
        return _sqlite(value, info)
    try:
        parts = urlsplit(value)
        password = parts.password
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        raise Wrong("no URL", _FORM).error() from None
    # Without its query: that may hold a password.
    plain = shown(f"{parts.scheme}://…")
    if password is not None or any("password" in name.lower() for name, _ in parse_qsl(parts.query)):
        raise Wrong("a password inside the URL (not shown here)", "the URL has none", _MOVE).error()
    if parts.scheme not in _POSTGRES:
        raise Wrong(f"{plain} is no state DB that syncd has", _FORM).error()
    if not parts.path.strip("/") or not port_ok:
        raise Wrong(f"{plain} has no database name", _FORM).error()
    return "postgresql+psycopg" + value[len(parts.scheme) :]


def _sqlite(value: str, info: ValidationInfo) -> str:
    path = value.removeprefix("sqlite:///")
    if path == value or not path.split("?")[0] or path.startswith(":memory:"):
        raise Wrong(f"{shown(value)} names no file", f"the state has to last; {_FORM}").error()
    # A relative path would mean another database for each folder that syncd is started from.
    return f"sqlite:///{surroundings(info).path(path)}"


class State(Section):
    """The state DB: mirror, links, plans and the provisioning log."""

    url: Annotated[str, PlainValidator(_url), WithJsonSchema({"type": "string"})] = Field(
        default="sqlite:////var/lib/syncd/state.db",
        description="Where the state is kept: a SQLite file (sqlite:////absolute/path; a relative path starts at the "
        "folder of config.toml) or a PostgreSQL database (postgresql+psycopg://user@host/database)",
    )
    password: SecretLine | None = Field(
        default=None, description="The password of the PostgreSQL user; never part of the URL"
    )

    @classmethod
    def relations(cls, raw: Mapping[str, Json]) -> Iterable[Wrong]:
        url = raw.get("url", "sqlite:")
        if "password" in raw and isinstance(url, str) and url.startswith("sqlite:"):
            yield Wrong(
                "a password for SQLite",
                "a SQLite file has none",
                "Remove it, then run: syncd check",
                key="password",
            )
