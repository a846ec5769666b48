"""The stream "assignments": the application's users and groups, all of them in each round.

Okta gives neither list by time. Who was assigned and is not listed is looked for a second time before it counts.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field

from connectors.okta.app_users import AppUsers
from connectors.okta.assignments import (
    app_groups,
    assigned_ids,
    group_assignment,
    group_assignment_id,
    user_assignment,
    user_assignment_id,
)
from connectors.okta.client import OktaClient
from connectors.okta.mirrored import Mirrored
from connectors.okta.oddities import Odd, Oddities, known_id
from connectors.okta.second_look import missing_app_groups, missing_app_users
from syncd.core.model import Assignment, Json, Page


@dataclass(kw_only=True, slots=True)
class _Round:
    seen: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


class AssignmentStream:
    """Reads assignments. Page.unknown: rows whose state nobody can tell."""

    def __init__(self, client: OktaClient, oddities: Oddities, app_users: AppUsers, mirrored: Mirrored) -> None:
        self._client, self._oddities, self._app_users, self._mirrored = client, oddities, app_users, mirrored

    async def pages(self) -> AsyncGenerator[Page, None]:
        """One round, always full. Raises Failure and SourceError."""
        at = _Round()
        async with contextlib.aclosing(self._app_users.pages("assignments")) as pages:
            async for page in pages:
                at.unknown |= page.unknown_assignments
                at.seen.update(row.id for row in page.assignments)
                yield Page(stream="assignments", records=page.assignments)
        async for records in app_groups(self._client):
            yield Page(stream="assignments", records=self._of_groups(at, records))
        if at.seen:  # a list without anybody is the caller's to doubt
            users, groups = assigned_ids(set(self._mirrored.ids("assignments")) - at.seen - at.unknown)
            if users or groups:
                there = await missing_app_users(self._client, users)
                yield Page(stream="assignments", records=self._of_users(at, there.records))
                there = await missing_app_groups(self._client, groups)
                yield Page(stream="assignments", records=self._of_groups(at, there.records))
        yield Page(stream="assignments", records=(), last=True, unknown=frozenset(at.unknown))

    def _of_users(self, at: _Round, records: Iterable[Json]) -> tuple[Assignment, ...]:
        return self._rows(at, records, user_assignment, user_assignment_id)

    def _of_groups(self, at: _Round, records: Iterable[Json]) -> tuple[Assignment, ...]:
        return self._rows(at, records, group_assignment, group_assignment_id)

    def _rows(
        self,
        at: _Round,
        records: Iterable[Json],
        read: Callable[[Json], Assignment | None],
        name: Callable[[str], str],
    ) -> tuple[Assignment, ...]:
        """Each row once; None of `read` is a record that says itself that it is no assignment."""
        rows: list[Assignment] = []
        for record in records:
            try:
                row = read(record)
            except Odd as odd:
                id_ = known_id(record)
                self._oddities.note("assignment", id_ and name(id_), str(odd))
                at.unknown |= {name(id_)} if id_ is not None else set()
                continue
            if row is not None and row.id not in at.seen:
                at.seen.add(row.id)
                rows.append(row)
        return tuple(rows)
