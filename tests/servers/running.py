"""One server process: started on a free loopback port, watched until it answers, stopped with all its children."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 5.0


class NotStarted(RuntimeError):
    """A server did not come up; the message carries the end of its log."""


@dataclass(frozen=True, kw_only=True)
class RunningServer:
    """A server that answers now, under its own bearer token."""

    name: str
    url: str  #: base URL of SCIM, without a slash at its end
    token: str
    pid: int  #: also the id of its process group
    log_path: Path

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}

    @property
    def log(self) -> str:
        """All that it printed so far, both streams."""
        return self.log_path.read_text(errors="replace")


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str | Path], *, directory: Path, path: str, environment: Mapping[str, str]
) -> Iterator[RunningServer]:
    """Start `command`, which prints the `http://127.0.0.1:PORT` that it chose, and yield it once SCIM answers.

    `directory` holds the log, `path` is where SCIM begins. The token is in SCIM_TOKEN. Raises NotStarted.
    """
    token = secrets.token_urlsafe(24)
    log_path = directory / f"{name}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment, "SCIM_TOKEN": token, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # a process group of its own: workers end with their master
        )
    try:
        origin = _await(process, log_path, token, path)
        yield RunningServer(name=name, url=origin + path, token=token, pid=process.pid, log_path=log_path)
    finally:
        _stop(process)


def _await(process: subprocess.Popen[bytes], log_path: Path, token: str, path: str) -> str:
    """The origin, once GET /ServiceProviderConfig is answered with 200."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        said = re.search(r"http://127\.0\.0\.1:\d+", log_path.read_text(errors="replace"))
        if said is not None:
            with contextlib.suppress(httpx.TransportError):
                answer = httpx.get(
                    f"{said[0]}{path}/ServiceProviderConfig",
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=5,
                    trust_env=False,
                )
                if answer.status_code == httpx.codes.OK:
                    return said[0]
        time.sleep(0.02)
    raise NotStarted(f"{log_path.stem} (exit code {process.poll()}):\n{log_path.read_text(errors='replace')[-4000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for order in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, order)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOPPED_WITHIN_S)
