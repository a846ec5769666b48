"""Walking over pages by plain httpx, and what a client of delta would know afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.sandbox.graph.directory import GraphDirectory

EVENTUAL = {"ConsistencyLevel": "eventual"}


def walk(graph: httpx.Client, url: str, **headers: str) -> list[dict[str, Any]]:
    """Every record of a list, over all of its pages."""
    records: list[dict[str, Any]] = []
    while True:
        page = graph.get(url, headers=headers).raise_for_status().json()
        records += page["value"]
        if "@odata.nextLink" not in page:
            return records
        url = page["@odata.nextLink"]


@dataclass
class Round:
    """One round of delta, page by page."""

    pages: list[list[dict[str, Any]]]
    link: str  #: the deltaLink

    @property
    def records(self) -> list[dict[str, Any]]:
        return [record for page in self.pages for record in page]

    @property
    def ids(self) -> list[str]:
        return [record["id"] for record in self.records]


def delta(graph: httpx.Client, url: str, *, most: int = 500, **headers: str) -> Round:
    """Read a round from an initial URL or a deltaLink to its end."""
    pages = []
    for _ in range(most):
        page = graph.get(url, headers=headers).raise_for_status().json()
        pages.append(page["value"])
        if "@odata.deltaLink" in page:
            return Round(pages, page["@odata.deltaLink"])
        url = page["@odata.nextLink"]
    raise AssertionError(f"no deltaLink within {most} pages")


@dataclass
class Copy:
    """A client's copy of users or groups: merged as Graph's documentation asks, last seen wins."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    managers: dict[str, str] = field(default_factory=dict)

    def merge(self, found: Round) -> None:
        for given in found.records:
            record = dict(given)
            key = record.pop("id")
            if "@removed" in record:
                for kept in (self.objects, self.members, self.managers):
                    kept.pop(key, None)
                # Nobody tells that a deleted object has left its groups.
                for members in self.members.values():
                    members.discard(key)
                continue
            edges = {name: record.pop(name, []) for name in ("members@delta", "manager@delta")}
            self.objects.setdefault(key, {}).update(record)
            known = self.members.setdefault(key, set())
            for edge in sorted(edges["members@delta"], key=lambda edge: "@removed" not in edge):
                (known.discard if "@removed" in edge else known.add)(edge["id"])
            for edge in sorted(edges["manager@delta"], key=lambda edge: "@removed" not in edge):
                if "@removed" not in edge:
                    self.managers[key] = edge["id"]
                elif self.managers.get(key) == edge["id"]:
                    del self.managers[key]


def truth(directory: GraphDirectory) -> Copy:
    """What a client must know: live objects, their live members and managers."""
    return Copy(
        objects={},
        members={group.id: {member.id for member in group.members()} for group in directory.groups if group.live},
        managers={
            user.id: user.manager.id for user in directory.users if user.live and user.manager and user.manager.live
        },
    )
