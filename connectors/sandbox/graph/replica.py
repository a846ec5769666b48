"""A directory that is served by replicas: with `replica_lag` every second read does not know the latest changes."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Entity, Group


class View:
    """What one read sees."""

    def __init__(self, directory: GraphDirectory, lag_s: float) -> None:
        self.fresh = not lag_s
        self._log = directory.log.since(directory.clock.time() - lag_s) if lag_s else []
        self._new = {change.entity for change in self._log if change.kind in {"created", "restored"}}
        self._gone = {change.entity for change in self._log if change.kind == "deleted"}

    def shows(self, found: Entity) -> bool:
        """Whether the object is there, as far as this read knows."""
        if self.fresh:
            return found.live
        return found not in self._new and (found.live or found in self._gone)

    def members(self, group: Group) -> Sequence[Entity | None]:
        """The members, without the latest joiners and with the latest leavers."""
        edges = [change for change in self._log if change.entity is group and change.navigation == "members"]
        joined = {change.other for change in edges if change.kind == "linked"}
        left = [change.other for change in edges if change.kind == "unlinked" and change.other not in joined]
        return [*(member for member in group.order if member not in joined), *left]


class Replica:
    """Gives each read its view: the present, or in turn with it the near past."""

    def __init__(self, directory: GraphDirectory) -> None:
        self._directory = directory
        self._reads = 0

    def view(self) -> View:
        """The next read's view."""
        self._reads += 1
        return View(self._directory, self._directory.quirks.replica_lag if self._reads % 2 else 0)
