"""What the local mirror holds of an organisation, as far as its source has to know."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from syncd.core.model import Kind, Stream


class Mirrored(Protocol):
    """Asked in order to tell what is gone from what a list did not show. Every read is of what was committed."""

    def ids(self, stream: Stream) -> Iterable[str]:
        """Ids of every live user, every live group, or every assignment row."""
        ...

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        """Those of these ids under which a user (if only as a member), or a group, is mirrored, live or not."""
        ...


class NothingMirrored:
    """For a source that is read for the first time, or by nobody who keeps what it says."""

    def ids(self, stream: Stream) -> Iterable[str]:
        return ()

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        return ()
