"""What all histories share, because it costs time: a folder, an empty state DB, the engine, settings, loaded modules."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import sqlalchemy as sa

from state.engine import make_engine
from state.store import Store
from syncd.config import load
from syncd.config.settings import Settings
from tests.simulation.company import ChangingCompany
from tests.simulation.process import watched
from tests.simulation.second_job import SecondJob
from tests.simulation.titles import TITLES
from tests.system.company import write_secret

JOB, TOKEN = "job", "simulated-target-token"
SOURCE_PORT, TARGET_PORT = 1001, 1002
_FREE = "\n[jobs.job.guards]\ndeletions = { count = 500, percent = 100, minimum = 100 }\n"
_ATTRIBUTE = {"graph": "jobTitle", "okta": "user.title"}
_TEAM = {"graph": "displayName", "okta": "group.name"}
VARIANTS = ("plain", "guarded", "strict", "delete", "filtered")
#: loaded on first use, where some throw dice: the first history of a process would be another one than its seed's
_LATE = ("connectors.graph.credentials", "connectors.graph.wire", "connectors.okta.sdk")


class Ground:
    """A folder with an empty state DB, its engine, and settings by their name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file, self._empty = folder / "state.db", folder / "empty.db"
        url = f"sqlite:///{self._empty}"
        Store.open(url).close()
        self.engine = make_engine(sa.make_url(f"sqlite:///{self._file}?timeout=0.05"))
        sa.event.listen(self.engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
        self._settings: dict[tuple[str, str, str, SecondJob | None], Settings] = {}

    def settings(
        self, company: ChangingCompany, variant: str, full_every: str, second: SecondJob | None = None
    ) -> Settings:
        """The configuration of this name for a source of that kind, with that job beside the first one."""
        key = (company.kind, variant, full_every, second)
        if key not in self._settings:
            write_secret(self.folder / "target.token", TOKEN)
            path = self.folder / "config.toml"
            text = self._config(company, variant, full_every)
            if second is not None:
                text += second.config(_ATTRIBUTE[company.kind], _TEAM[company.kind], full_every)
            path.write_text(text, encoding="utf-8")
            self._settings[key] = load(path)
        return self._settings[key]

    def _config(self, company: ChangingCompany, variant: str, full_every: str) -> str:
        listed = TITLES["listed"].clause(_ATTRIBUTE[company.kind])
        more = {
            "plain": _FREE,
            "guarded": "\n[jobs.job.guards]\ndeletions = { count = 500, percent = 20, minimum = 3 }\n",
            "strict": "\n[jobs.job.guards]\ndeletions = { count = 1, percent = 100, minimum = 100 }\n",
            "delete": f'\n[jobs.job.users]\nout_of_scope = "delete"\n{_FREE}',
            "filtered": f"\n[jobs.job.users]\nfilters = [[{listed}]]\n{_FREE}",
        }[variant]
        return f"""
[state]
url = "sqlite:///{self._file}"
{company.directory.source(self.folder, f"http://127.0.0.1:{SOURCE_PORT}")}
[targets.product]
kind = "scim"
url = "http://127.0.0.1:{TARGET_PORT}/scim"
token = {{ file = "{self.folder / "target.token"}" }}

[jobs.job]
source = "company"
target = "product"
schedule = "1m"
full_every = "{full_every}"
drift = "repair"
{more}
"""

    def fresh(self) -> None:
        """An empty state DB."""
        self.engine.dispose()
        for file in self.folder.glob("state.db*"):
            file.unlink()
        shutil.copy(self._empty, self._file)


@contextmanager
def _not_looked_for(module: str) -> Iterator[None]:
    """Where it is not installed, that is known without a look at the disk. Other modules stay as they are."""
    absent = importlib.util.find_spec(module) is None
    if absent:
        sys.modules[module] = None  # type: ignore[assignment]  # the import fails at once
    try:
        yield
    finally:
        if absent:
            sys.modules.pop(module, None)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Nothing of it waits for a trust store, and log lines go to a list in place of a stream."""
    for module in _LATE:
        importlib.import_module(module)
    made = Ground(folder)
    with (
        patch.dict(os.environ, {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}),
        _not_looked_for("sniffio"),  # httpcore does it at every lock
        watched(made.engine),
    ):
        gc.freeze()
        thresholds = gc.get_threshold()
        gc.set_threshold(100_000, 20, 20)  # short-lived worlds, one after the other
        try:
            yield made
        finally:
            gc.set_threshold(*thresholds)
            gc.unfreeze()
            made.engine.dispose()
