"""What can be wrong with the state DB: the operator's turn, and nothing was written."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.core.errors import SyncdError


@dataclass(kw_only=True, eq=False)
class StateError(SyncdError):
    """State DB {url}: {detail}. {remedy}"""

    url: str
    detail: str
    remedy: str = "Check [state] url in config.toml, then run: syncd db check"


@dataclass(kw_only=True, eq=False)
class Busy(SyncdError):
    """Job {job} is being worked on by {owner}. Wait for it to end, or stop that process; the state is safe. To look: syncd status"""

    job: str
    owner: str


@dataclass(kw_only=True, eq=False)
class Owned(SyncdError):
    """Another process linked one of these accounts first: a cycle finds whose it is: syncd sync --job {job}"""

    job: str


@dataclass(kw_only=True, eq=False)
class TakenOver(SyncdError):
    """Job {job} was taken over by another syncd while this one was away. Nothing more is written here. To look: syncd status"""

    job: str
