"""A tenant read as the daemon reads it: through `ingest` into the mirror of a state DB, and compared with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from state.store import Store
from syncd.core.model import Json, Kind
from syncd.ingest import Clock, Reading, ingest
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
            known_assignments=partial(mirror.all_assignments, self.name),
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

    def same(self) -> bool:
        """Whether the mirror is the directory: people, groups, direct members and assignments."""
        world = self.world
        live = world.users
        # A manager who was deleted is nobody's manager in the truth, and no delta says so: references resolve later.
        seen = {
            id_: {key: value for key, value in values.items() if key != "manager" or value in live}
            for id_, values in self.live("user").items()
        }
        assert seen == live
        assert self.live("group") == world.groups
        assert self.edges == {edge for edge in world.edges if edge[2] == "user"}
        truth = {
            (row.id, row.principal.id)
            for row in world.directory.assignments
            if row.ended is None and row.principal.collection in ("users", "groups")
        }
        assert {row[:2] for row in self.rows} == truth
        return True


@contextmanager
def kept(world: World, folder: Path) -> Iterator[Kept]:
    store = Store.open(sa.make_url(f"sqlite:///{folder / 'state.db'}"))
    try:
        yield Kept(world, store)
    finally:
        store.close()
