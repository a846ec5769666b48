"""A tenant read as the daemon reads it: through `ingest` into the mirror of a state DB, and compared with the truth."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from state.store import Store
from syncd.clock import Clock
from syncd.core.model import Json, Kind
from syncd.ingest import Reading, ingest
from syncd.mirrored import InView
from tests.contract.graph_mirror import Edge
from tests.contract.graph_world import World


class Kept:
    """The mirror of one tenant."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self.store = world, store
        self.name = world.settings.name

    async def read(self, *, full: bool = False, **options: Any) -> Reading:
        """One reading of all three streams, by a source that knows what the mirror holds."""
        mirror = self.store.mirror
        source = self.world.source(
            known_users=partial(mirror.known_ids, self.name, "user"),
            known_groups=partial(mirror.known_ids, self.name, "group"),
            known_assignments=partial(mirror.all_assignments, self.name),
            in_view=InView(mirror, self.name, nested_groups=options.get("nested_groups", False)),
            **options,
        )
        try:
            return await ingest(self.store, source, Clock(now=self.world.clock.now, sleep=self.world.sleep), full=full)
        finally:
            await source.close()

    @property
    def seq(self) -> int:
        """Moves with every change in the mirror."""
        return self.store.mirror.seq(self.name)

    def state(self, user: str) -> str | None:
        found = self.store.mirror.objects(self.name, "user", [user]).get(user)
        return None if found is None else found.state

    def live(self, kind: Kind) -> dict[str, dict[str, Json]]:
        """Everyone alive with the attributes that have a value."""
        return {
            one.id: {key: value for key, value in one.attributes.items() if value is not None}
            for one in self.store.mirror.live(self.name, kind)
        }

    @property
    def edges(self) -> set[Edge]:
        found: set[Edge] = set()
        for group in self.store.mirror.live(self.name, "group"):
            users = self.store.mirror.member_ids(self.name, group.id, nested=False)
            found |= {(group.id, user, "user") for user in users}
        return found

    @property
    def rows(self) -> set[tuple[str, str, str | None]]:
        return {(row.id, row.principal_id, row.role) for row in self.store.mirror.all_assignments(self.name)}

    def same(self, away: Collection[str] = ()) -> bool:
        """Whether the mirror is the directory: people, groups, direct members and assignments.

        `away`: whoever was deleted at some time. No delta says whose manager a deleted or restored user is (again);
        references resolve later, and a full round tells.
        """
        world = self.world
        live = {id_: _without(values, away) for id_, values in world.users.items()}
        seen = {id_: _without(values, {*away, *world.directory.bin}) for id_, values in self.live("user").items()}
        groups = self.live("group")
        assert seen == live, [
            (id_, seen.get(id_), live.get(id_)) for id_ in seen | live if seen.get(id_) != live.get(id_)
        ]
        assert groups == world.groups, groups.keys() ^ world.groups.keys()
        people = {edge for edge in world.edges if edge[2] == "user"}
        assert self.edges == people, (self.edges - people, people - self.edges)
        rows = {row[:2] for row in self.rows}
        assert rows == self.truth, (rows - self.truth, self.truth - rows)
        return True

    @property
    def truth(self) -> set[tuple[str, str]]:
        """The assignments that the directory has: row and principal."""
        return {
            (row.id, row.principal.id)
            for row in self.world.directory.assignments
            if row.ended is None and row.principal.collection in ("users", "groups")
        }


def _without(values: dict[str, Json], away: Collection[str]) -> dict[str, Json]:
    return {key: value for key, value in values.items() if key != "manager" or value not in away}


@contextmanager
def kept(world: World, folder: Path) -> Iterator[Kept]:
    store = Store.open(sa.make_url(f"sqlite:///{folder / 'state.db'}"))
    try:
        yield Kept(world, store)
    finally:
        store.close()
