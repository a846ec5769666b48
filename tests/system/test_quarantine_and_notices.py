"""A job that fails as a whole slows down and says so; people are told once, and once when it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from connectors.sandbox.world import World
from tests.system.conftest import Cli


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[str]]]:
    """A web hook on loopback: its Apprise address, and the titles of what came."""
    titles: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            titles.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["title"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/hook", titles
    server.shutdown()
    thread.join()
    server.server_close()


def test_refused_credentials_quarantine_tell_once_and_heal(
    world: World, cli: Cli, tmp_path: Path, inbox: tuple[str, list[str]]
) -> None:
    url, titles = inbox
    (tmp_path / "hook").write_text(url)
    world.write_config(tmp_path, extra='\n[notify]\nurls = [{ file = "hook" }]\n')
    assert cli("sync", "--job", "entra").code == 0
    assert titles == []
    (tmp_path / "graph.token").write_text("revoked")
    for _ in range(2):
        assert cli("sync", "--job", "entra").code == 1
    (row,) = cli("status", "--job", "entra", "-o", "json").json["jobs"]
    assert row["quarantine"]["reason"] == "credentials"
    assert row["quarantine"]["attempts"] == 2
    assert titles == ["syncd: entra: quarantine"]
    (tmp_path / "graph.token").write_text("sandbox")
    assert cli("sync", "--job", "entra").code == 0
    (row,) = cli("status", "--job", "entra", "-o", "json").json["jobs"]
    assert row["quarantine"] is None
    assert titles == ["syncd: entra: quarantine", "syncd: entra: quarantine over"]


def test_held_changes_are_told_and_the_address_is_nowhere(
    world: World, cli: Cli, tmp_path: Path, inbox: tuple[str, list[str]]
) -> None:
    url, titles = inbox
    secret = f"{url}/s3cret"
    (tmp_path / "hook").write_text(secret)
    world.write_config(tmp_path, extra='\n[notify]\nurls = [{ file = "hook" }]\non = ["held"]\n')
    assert cli("sync", "--job", "entra").code == 0
    for row in [row for row in world.graph.assignments if row.ended is None]:
        world.graph.unassign(row.principal.id)
    ran = cli("sync", "--job", "entra", "-o", "json")
    assert ran.code == 3
    assert titles == ["syncd: entra: held"]
    assert "s3cret" not in ran.out + ran.err
    assert b"s3cret" not in (tmp_path / "state.db").read_bytes()


def test_an_unreachable_address_fails_no_cycle(world: World, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("json://127.0.0.1:9/hook")
    world.write_config(tmp_path, extra='\n[notify]\nurls = [{ file = "hook" }]\non = ["held"]\n')
    assert cli("sync", "--job", "okta").code == 0
