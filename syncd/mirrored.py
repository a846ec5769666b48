"""What the mirror holds of one source, for a connector that must tell what is gone (connectors/okta/mirrored.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from state.mirror import Mirror
from syncd.core.model import Kind, Stream


class Mirrored:
    """One source's part of the mirror, as ids."""

    def __init__(self, mirror: Mirror, source: str) -> None:
        self._mirror, self._source = mirror, source

    def ids(self, stream: Stream) -> Iterable[str]:
        if stream == "assignments":
            return self._mirror.assignment_ids(self._source)
        return self._mirror.live_ids(self._source, "user" if stream == "users" else "group")

    def among(self, kind: Kind, ids: Iterable[str]) -> Collection[str]:
        return self._mirror.objects(self._source, kind, ids).keys()
