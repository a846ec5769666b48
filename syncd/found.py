"""Whom a name means, for work on demand: what the source says at this moment, and what only the mirror still knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors import Source
from state.mirror import Mirror, MirrorObject, names
from syncd.core.model import Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One object that a name may mean, as the mirror has it by now."""

    object: MirrorObject
    vanished: bool = False  #: the mirror has it alive, and the source does not know it: no cycle has read that yet


async def find(mirror: Mirror, source: Source, of: str, kind: Kind, name: str) -> list[Found]:
    """Everything called `name` at the source `of`, taken into the mirror; by an earlier name too. Who has it as a user
    name or id goes before those who have it as an e-mail address. Raises SourceError."""
    if fresh := await _read(mirror, source, of, kind, name):
        return [Found(object=one) for one in _exact(fresh, name)]
    found: list[Found] = []
    for one in _exact(mirror.named(of, kind, name), name):
        now = await _read(mirror, source, of, kind, one.id) if one.id != name else []
        found += [Found(object=each) for each in now] or [Found(object=one, vanished=one.state == "live")]
    return found


async def _read(mirror: Mirror, source: Source, of: str, kind: Kind, name: str) -> list[MirrorObject]:
    snapshots = await source.find(kind, name)
    for snapshot in snapshots:
        mirror.store_snapshot(of, snapshot)
    return list(mirror.objects(of, kind, [snapshot.object.id for snapshot in snapshots]).values())


def _exact(some: Sequence[MirrorObject], name: str) -> Sequence[MirrorObject]:
    exact = [one for one in some if name.casefold() in (one.id.casefold(), names(one)[0].casefold())]
    return exact or some
