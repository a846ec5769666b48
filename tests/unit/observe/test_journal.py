"""Events in the journal's native protocol, over a real socket, and what becomes of them where there is none."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.core.secret import Secret
from syncd.observe.journal import SOCKET, JournalRenderer, datagram, under_journal

HERE = Path(__file__).parents[3]
SAY = """
import sys
from syncd.observe.logs import log, set_up_logs
set_up_logs("info", "auto")
log.bind(job="entra").warning("change.failed", change="ab", source_id="u1", token="hunter2", counts={"a": 1})
log.debug("not.shown")
"""


def fields(message: bytes) -> dict[str, str]:
    """A datagram taken apart as journald does."""
    found: dict[str, str] = {}
    while message:
        line, _, rest = message.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if equals:
            found[name.decode()], message = value.decode(), rest
        else:
            (length,) = struct.unpack("<Q", rest[:8])
            found[name.decode()], message = rest[8 : 8 + length].decode(), rest[9 + length :]
    return found


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "journal"))
        channel.settimeout(5)
        yield channel


def test_an_event_arrives_with_its_fields_and_its_priority(journal: socket.socket, tmp_path: Path) -> None:
    render = JournalRenderer(tmp_path / "journal")
    event = {
        "event": "change.done",
        "level": "info",
        "job": "entra",
        "source_id": "u1",
        "none": None,
        "counts": {"a": 1},
    }
    assert render(None, "info", event) == ""
    assert fields(journal.recv(65536)) == {
        "MESSAGE": 'change.done job=entra source_id=u1 counts={"a":1}',
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "syncd",
        "SYNCD_EVENT": "change.done",
        "SYNCD_JOB": "entra",
        "SYNCD_SOURCE_ID": "u1",
        "SYNCD_COUNTS": '{"a":1}',
    }


@pytest.mark.parametrize(("level", "priority"), [("debug", "7"), ("info", "6"), ("warning", "4"), ("error", "3")])
def test_each_level_has_its_priority(journal: socket.socket, tmp_path: Path, level: str, priority: str) -> None:
    JournalRenderer(tmp_path / "journal")(None, level, {"event": "x", "level": level})
    assert fields(journal.recv(65536))["PRIORITY"] == priority


def test_a_value_of_several_lines_forges_no_field() -> None:
    found = fields(datagram({"event": "x", "exception": "one\nPRIORITY=0\ntwo", "odd key!": "ü"}, 3))
    assert found["SYNCD_EXCEPTION"] == "one\nPRIORITY=0\ntwo"
    assert found["PRIORITY"] == "3"
    assert found["MESSAGE"] == "x odd key!=ü"
    assert found["SYNCD_ODD_KEY_"] == "ü"


def test_a_secret_stays_hidden() -> None:
    assert b"hunter2" not in datagram({"event": "x", "value": Secret("hunter2"), "inside": [Secret("hunter2")]}, 6)


def test_what_the_socket_does_not_take_is_a_line_with_its_priority(tmp_path: Path) -> None:
    line = JournalRenderer(tmp_path / "nobody")(None, "error", {"event": "x", "level": "error", "job": "entra"})
    assert line.startswith("<3>{")
    assert json.loads(line[3:]) == {"event": "x", "job": "entra", "level": "error"}


def test_an_event_larger_than_a_datagram_is_a_line(journal: socket.socket, tmp_path: Path) -> None:
    line = JournalRenderer(tmp_path / "journal")(None, "info", {"event": "x", "text": "x" * 10_000_000})
    assert line.startswith('<6>{"event":"x"')


@pytest.mark.skipif(SOCKET.exists(), reason="a journal listens here, and would be sent the event")
def test_a_process_whose_output_leads_to_the_journal_speaks_as_it_wants(tmp_path: Path) -> None:
    """$JOURNAL_STREAM names standard error's device and inode; with another one it is a plain pipe: JSON."""
    said = tmp_path / "stderr"
    with said.open("wb") as stream:
        facts = os.fstat(stream.fileno())
        for inode in (facts.st_ino, facts.st_ino + 1):
            environ = {**os.environ, "JOURNAL_STREAM": f"{facts.st_dev}:{inode}"}
            subprocess.run([sys.executable, "-c", SAY], cwd=HERE, stderr=stream, env=environ, check=True)
    ours, plain = said.read_text().splitlines()
    assert ours.startswith("<4>{")
    told = json.loads(ours[3:])
    assert (told["job"], told["event"], told["token"]) == ("entra", "change.failed", "***")
    assert "timestamp" not in told, "the journal has its own"
    assert json.loads(plain)["level"] == "warning"
    assert "timestamp" in json.loads(plain)
    assert "hunter2" not in said.read_text()


@pytest.mark.parametrize("value", ["", "8", "x:y", ":", "1:2"])
def test_an_odd_variable_means_no_journal(value: str) -> None:
    assert not under_journal({"JOURNAL_STREAM": value})
    assert not under_journal({})
