"""What one later round of delta has to tell: the objects that changed between two sequence numbers."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field

from connectors.sandbox.graph.changelog import Change, ChangeLog
from connectors.sandbox.graph.directory import GraphDirectory
from connectors.sandbox.graph.entity import Entity, Group, User

#: how far back a replay reaches, in changes
_REPLAY_REACH = 500


@dataclass(slots=True, kw_only=True)
class Touched:
    """One object that changed, and in what."""

    entity: Entity
    properties: set[str] = field(default_factory=set)
    whole: bool = False  #: new or back: everything is shown
    relevant: bool = False  #: something of it was selected
    removed: dict[Entity, None] = field(default_factory=dict)
    added: dict[Entity, None] = field(default_factory=dict)
    edges: list[tuple[Entity, bool]] = field(default_factory=list)  #: other object, whether the edge was removed


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """The changed objects in the order of their first change; pages are cut from it."""

    log: ChangeLog  #: the log that it was worked out from
    touched: list[Touched]

    @classmethod
    def between(
        cls,
        directory: GraphDirectory,
        kind: type[Entity],
        *,
        after: int,
        last: int,
        properties: frozenset[str],
        navigation: frozenset[str],
        ids: Collection[str] | None,
    ) -> Round:
        """What a client that has seen everything up to `after` must be told to know everything up to `last`."""
        quirks = directory.quirks
        found: dict[Entity, Touched] = {}
        for change in [*_replayed(directory, after), *directory.log.between(after, last)]:
            if type(change.entity) is not kind or (ids is not None and change.entity.id not in ids):
                continue
            touched = found.setdefault(change.entity, Touched(entity=change.entity))
            _note(touched, change, properties, navigation, restore_invisible=quirks.restore_invisible)
        rows = [touched for touched in found.values() if touched.relevant]
        for touched in rows:
            touched.edges = _edges(touched, navigation, single=quirks.manager_single_entry)
        return cls(log=directory.log, touched=rows)


def _replayed(directory: GraphDirectory, after: int) -> list[Change]:
    """Changes that were delivered before and come again: delta promises each at least once, not once."""
    share = directory.quirks.replays
    if not share:
        return []
    chance = random.Random(after)  # noqa: S311 - any choice will do
    return [change for change in directory.log.between(max(0, after - _REPLAY_REACH), after) if chance.random() < share]


def _note(
    touched: Touched, change: Change, properties: frozenset[str], navigation: frozenset[str], *, restore_invisible: bool
) -> None:
    match change.kind:
        case "set":
            touched.properties |= change.properties
            touched.relevant |= bool(change.properties & properties)
        case "linked" | "unlinked" if change.navigation in navigation and change.other is not None:
            (touched.added if change.kind == "linked" else touched.removed)[change.other] = None
            touched.relevant = True
        case "created" | "deleted" | "purged":
            touched.whole |= change.kind == "created"
            touched.relevant = True
        case "restored" if not restore_invisible:
            touched.whole = touched.relevant = True
            # Whoever dropped the object when it was deleted has dropped its edges as well.
            entity = touched.entity
            if isinstance(entity, Group) and "members" in navigation:
                touched.added |= dict.fromkeys(entity.members())
            if isinstance(entity, User) and "manager" in navigation and entity.manager is not None:
                touched.added[entity.manager] = None


def _edges(touched: Touched, navigation: frozenset[str], *, single: bool) -> list[tuple[Entity, bool]]:
    """Removals first, then additions; who left and came back is in both, who came and left only in the removals.

    A removal that comes again although its end is there comes with the addition that undid it: what is told last is true.
    """
    entity = touched.entity
    if isinstance(entity, Group) and "members" in navigation:
        removed = list(touched.removed)
        told = {**touched.added, **touched.removed}
        added = [other for other in told if other in entity and other.live]
        removed += [other for other in touched.added if other not in entity and other not in touched.removed]
    elif isinstance(entity, User) and "manager" in navigation:
        added = [other for other in touched.added if other is entity.manager]
        removed = [other for other in touched.removed if other is not entity.manager]
        if single and added:
            removed = []
    else:
        return []
    return [*((other, True) for other in removed), *((other, False) for other in added)]
