"""scim2-server: the strict reference (ETags enforced, Bulk, indexed filters), as an ASGI application under uvicorn."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.running import RunningServer, running


@contextlib.contextmanager
def scim2_server() -> Iterator[RunningServer]:
    """Serves users with the enterprise extension and TestMu's, groups with TestMu's; about 1,000 requests a second."""
    with tempfile.TemporaryDirectory(prefix="scim2-server-") as directory:
        command = [sys.executable, "-m", "uvicorn", "--factory", "application:application", "--port", "0"]
        command += ["--app-dir", str(Path(__file__).parent / "scim2"), "--no-access-log"]
        with running("scim2-server", command, directory=Path(directory), path="/v2", environment={}) as server:
            yield server
