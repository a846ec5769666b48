"""The systemd journal as a place for logs: fields that `journalctl SYNCD_JOB=entra` can select, and the right priority.

The native protocol: one datagram of KEY=value lines, values with line breaks by their length. Source of the rules:
https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ and sd-daemon(3) for the prefixes.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson

from syncd.core.model import Json

SOCKET = Path("/run/systemd/journal/socket")
PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
#: the journal takes no longer names
_NAME_LENGTH = 64


def under_journal(environ: Mapping[str, str] = os.environ, stream: int = 2) -> bool:
    """Whether that file descriptor is the journal's: $JOURNAL_STREAM holds its device and inode, systemd.exec(5)."""
    with contextlib.suppress(KeyError, ValueError, OSError):
        device, _, inode = environ["JOURNAL_STREAM"].partition(":")
        facts = os.fstat(stream)
        return (facts.st_dev, facts.st_ino) == (int(device), int(inode))
    return False


class JournalRenderer:
    """The last processor of structlog: sends an event, and gives what is still to be printed, "" for nothing.

    What the journal's socket does not take (it is away, the event is larger than a datagram) is a line of JSON with its
    priority in front, as a stream that leads to the journal carries it.
    """

    def __init__(self, address: Path = SOCKET) -> None:
        self._address = str(address)

    def __call__(self, logger: object, method: str, event: Mapping[str, Json]) -> str:
        facts = dict(event)
        level = str(facts.pop("level", method))
        priority = PRIORITIES.get(level, PRIORITIES["info"])
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(datagram(facts, priority), self._address)
            return ""
        line = orjson.dumps({**facts, "level": level}, default=str, option=orjson.OPT_NON_STR_KEYS)
        return f"<{priority}>{line.decode()}"


class JournalPrinter:
    """structlog's logger for it: prints what is left to be printed."""

    def msg(self, text: str) -> None:
        if text:
            print(text, file=sys.stderr, flush=True)

    debug = info = warning = error = critical = exception = fatal = log = msg


def datagram(event: Mapping[str, Json], priority: int) -> bytes:
    """One event in the native protocol: MESSAGE for people, each of its fields for machines."""
    facts = {key: _text(value) for key, value in event.items() if value is not None}
    name = facts.pop("event", "")
    brief = " ".join(f"{key}={value}" for key, value in facts.items() if "\n" not in value)
    fields = {"MESSAGE": f"{name} {brief}".strip(), "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": "syncd"}
    fields |= {"SYNCD_EVENT": name} | {_name(key): value for key, value in facts.items()}
    return b"".join(_field(key, value) for key, value in fields.items())


def _name(key: str) -> str:
    return ("SYNCD_" + re.sub(r"[^A-Z0-9_]", "_", key.upper()))[:_NAME_LENGTH]


def _text(value: Json) -> str:
    return (
        value if isinstance(value, str) else orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    )


def _field(key: str, value: str) -> bytes:
    content = value.encode(errors="replace")
    if b"\n" not in content:
        return key.encode() + b"=" + content + b"\n"
    return key.encode() + b"\n" + struct.pack("<Q", len(content)) + content + b"\n"
