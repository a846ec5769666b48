"""The tables [log], [notify] and [metrics]: how the daemon is watched."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from syncd.config.duration import Duration
from syncd.config.faults import kind_of, shown
from syncd.config.secret_reference import SecretLine
from syncd.config.section import Section, Wrong

Event = Literal["held", "quarantine", "failing", "stale"]


def _listen(value: Any) -> str:
    right = "write an address and a port, such as 127.0.0.1:9464 or [::1]:9464"
    if not isinstance(value, str):
        raise Wrong(kind_of(value), right).error()
    host, _, port = value.rpartition(":")
    try:
        if host != "localhost":
            ip_address(host.removeprefix("[").removesuffix("]") if host.startswith("[") else host)
        port_ok = port.isdecimal() and port.isascii() and 1 <= int(port) <= 65_535
    except ValueError:
        port_ok = False
    if not port_ok:
        raise Wrong(shown(value), right).error()
    return value


class Log(Section):
    """Logs on stderr, and the provisioning log in the state DB."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged, at least")
    retention: Duration = Field(
        default=timedelta(days=90),
        json_schema_extra={"default": "90d"},
        description="How long the provisioning log keeps its rows; by default 90d",
    )


class Notify(Section):
    """Who is told when something waits for a person."""

    urls: tuple[SecretLine, ...] = Field(
        default=(), description="Apprise URLs; each one holds a credential and is given by reference"
    )
    on: tuple[Event, ...] = Field(
        default=("held", "quarantine", "failing", "stale"), description="What is told: held, quarantine, failing, stale"
    )


class Metrics(Section):
    """An HTTP listener for /metrics, /healthz and /readyz."""

    listen: Annotated[str, PlainValidator(_listen), WithJsonSchema({"type": "string"})] | None = Field(
        default=None, description="Address and port, such as 127.0.0.1:9464; none: no listener"
    )
