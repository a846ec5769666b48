"""django-scim2: the opposite dialect, as a small Django project on SQLite under gunicorn with threads."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.servers.running import NotStarted, RunningServer, running

PROJECT = Path(__file__).parent / "django_project"


@contextlib.contextmanager
def django_scim2() -> Iterator[RunningServer]:
    """Most PATCHes answer 501, members leave by a value array only, discovery says that filters do not work (they do)."""
    with tempfile.TemporaryDirectory(prefix="django-scim2-") as directory:
        environment = {
            "PYTHONPATH": str(PROJECT),
            "DJANGO_SETTINGS_MODULE": "settings",
            "DJANGO_DATABASE": str(Path(directory) / "directory.sqlite3"),
        }
        migrated = subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"],
            env={**os.environ, **environment, "SCIM_TOKEN": "unused"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if migrated.returncode != 0:
            raise NotStarted(migrated.stderr)
        command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--worker-class", "gthread"]
        command += ["--threads", "4", "--worker-tmp-dir", directory, "wsgi:application"]
        with running(
            "django-scim2", command, directory=Path(directory), path="/scim/v2", environment=environment
        ) as server:
            yield server
