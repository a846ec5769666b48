"""A mirror of a sandbox organisation in a state DB of its own, read by real rounds, and how it differs from the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from connectors.okta.assignments import group_assignment, user_assignment
from connectors.okta.groups import source_group
from connectors.okta.settings import OktaSettings
from connectors.okta.users import source_user
from state.store import Store
from syncd.clock import Clock
from syncd.core.model import Assignment
from syncd.ingest import Reading, ingest
from syncd.mirrored import Mirrored
from tests.contract.okta_world import World


class OktaMirror:
    """One source's mirror."""

    def __init__(self, store: Store, world: World, **settings: Any) -> None:
        self.store, self.world, self.changes = store, world, settings

    @property
    def settings(self) -> OktaSettings:
        return replace(self.world.settings, **self.changes)

    async def read(self, *, full: bool = False) -> Reading:
        """One reading of all streams by a source that is opened for it, as a cycle does."""
        source = self.world.source(held=Mirrored(self.store.mirror, "acme"), **self.changes)
        clock = Clock(now=self.world.clock.now, sleep=asyncio.sleep)
        try:
            return await ingest(self.store, source, clock, full=full)
        finally:
            await source.close()

    def watermark(self, stream: Any) -> dict[str, Any]:
        return orjson.loads(self.store.mirror.watermark("acme", stream) or "{}")

    # --- the truth, against what is mirrored --------------------------------------------------------------------------

    def differences(self) -> dict[str, Any]:
        """What the mirror has that the directory has not, and the other way round; {} where they are equal."""
        pairs = {
            "users": (self._mirrored_users(), self._users()),
            "groups": (self._mirrored_groups(), self._groups()),
            "members": (self._mirrored_members(), self._members()),
            "assignments": (self._mirrored_assignments(), self._assignments()),
        }
        found: dict[str, Any] = {}
        for name, (mirror, truth) in pairs.items():
            keys = mirror.keys() | truth.keys()
            wrong = {k: (mirror.get(k), truth.get(k)) for k in keys if mirror.get(k) != truth.get(k)}
            if wrong:
                found[name] = wrong
        return found

    def _users(self) -> dict[str, Any]:
        settings, directory = self.settings, self.world.directory
        chosen = list(directory.users)
        if settings.scope == "assigned":
            chosen = [user for user in chosen if directory.app(settings.app_id).get(user.id)]
        raw = [orjson.loads(user.json(self.world.url)) for user in chosen]
        told = [source_user(one, deactivate_suspended=settings.deactivate_suspended) for one in raw]
        return {one.id: (one.enabled, _without_sign_in(one.attributes)) for one in told}

    def _mirrored_users(self) -> dict[str, Any]:
        live = self.store.mirror.live("acme", "user")
        found = {one.id: (one.enabled, _without_sign_in(one.attributes)) for one in live}
        if self.settings.scope == "assigned":  # who was assigned once stays known; it must not stay after its deletion
            there = {user.id for user in self.world.directory.users}
            unassigned = {id_ for id_ in found if not self.world.directory.app(self.settings.app_id).get(id_)}
            found = {id_: one for id_, one in found.items() if id_ not in unassigned & there}
        return found

    def _chosen_groups(self) -> list[dict[str, Any]]:
        settings, directory = self.settings, self.world.directory
        raw = [group.json(self.world.url) for group in directory.groups.values()]
        if settings.assigned_groups_only:
            assigned = directory.app(settings.app_id).groups
            raw = [one for one in raw if one["id"] in assigned]
        return raw

    def _groups(self) -> dict[str, Any]:
        return {one["id"]: dict(source_group(one).attributes) for one in self._chosen_groups()}

    def _mirrored_groups(self) -> dict[str, Any]:
        return {one.id: dict(one.attributes) for one in self.store.mirror.live("acme", "group")}

    def _members(self) -> dict[str, Any]:
        selection, directory = self.settings.group_selection, self.world.directory
        wanted = [one["id"] for one in self._chosen_groups() if selection is None or selection(one)]
        listed = {id_: set(directory.member_ids(id_)) for id_ in wanted}
        if not directory.options.deprovisioned_members:
            out = {user.id for user in directory.users if user.status == "DEPROVISIONED"}
            listed = {id_: ids - out for id_, ids in listed.items()}
        return {id_: ids for id_, ids in listed.items() if ids}

    def _mirrored_members(self) -> dict[str, Any]:
        found: dict[str, set[str]] = {}
        with self.store.engine.connect() as c:
            for group_id, member_id in c.execute(sa.text("SELECT group_id, member_id FROM members")):
                found.setdefault(group_id, set()).add(member_id)
        return found

    def _assignments(self) -> dict[str, Any]:
        app = self.world.directory.app(self.settings.app_id)
        users = [user_assignment(orjson.loads(self._app_user(row))) for row in app.after("")]
        groups = [group_assignment(one.json(self.world.url, app.app.id)) for one in app.by_priority()]
        return {row.id: _facts(row) for row in (*users, *groups) if row is not None}

    def _app_user(self, row: Any) -> bytes:
        app = self.world.directory.app(self.settings.app_id)
        group = self.world.directory.groups.get(row.group_id) if row.group_id else None
        return row.json(self.world.url, app.app.id, group, None)

    def _mirrored_assignments(self) -> dict[str, Any]:
        mirror = self.store.mirror
        with self.store.engine.connect() as c:
            ids = list(c.scalars(sa.text("SELECT principal_id FROM assignments")))
        return {row.id: _facts(row) for rows in mirror.assignments_of("acme", ids).values() for row in rows}


def _without_sign_in(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A sign-in moves lastLogin and no time of change, so a round may not hear of it."""
    return {key: value for key, value in attributes.items() if key != "lastLogin"}


def _facts(row: Assignment) -> Any:
    return (row.principal_id, row.principal_kind, row.role, row.through, dict(row.attributes))


@contextmanager
def mirror(world: World, folder: Path, **settings: Any) -> Iterator[OktaMirror]:
    """An empty mirror of this organisation, read with changed settings."""
    store = Store.open(sa.make_url(f"sqlite:///{folder / 'state.db'}"))
    try:
        yield OktaMirror(store, world, **settings)
    finally:
        store.close()
