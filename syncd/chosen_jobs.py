"""The jobs that a command is about: those it names, or all of config.toml."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from syncd.config import Settings
from syncd.core.errors import SyncdError


@dataclass(kw_only=True, eq=False)
class UnknownJob(SyncdError):
    """There is no job {name} in config.toml; its jobs are {jobs}. To see them: syncd status"""

    name: str
    jobs: str


def chosen_jobs(settings: Settings, only: Iterable[str] = ()) -> list[str]:
    """The jobs asked for, or all, those of higher precedence first. Raises UnknownJob."""
    known = list(settings.jobs)
    for name in (wanted := list(only)):
        if name not in known:
            raise UnknownJob(name=name, jobs=", ".join(known))
    return wanted or sorted(known, key=lambda name: -settings.jobs[name].precedence)
