"""The merge rules that a reader of a Graph source must follow, in memory: what tests compare with the truth."""

from __future__ import annotations

from connectors.graph.source import GraphSource
from syncd.core.model import Assignment, Json, Membership, Page, Removal, SourceGroup, SourceUser, Stream

Edge = tuple[str, str, str]


class Mirror:
    """Objects, edges and watermarks as a run of rounds left them; `removed` lists everything that went, and why."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Json]] = {}
        self.groups: dict[str, dict[str, Json]] = {}
        self.edges: set[Edge] = set()
        self.assignments: dict[str, Assignment] = {}
        self.watermarks: dict[Stream, str | None] = {}
        self.removed: list[Removal] = []
        self.swept: list[str] = []
        self.pages: list[Page] = []
        self._seen: set[object] = set()
        self._unknown: set[str] = set()

    async def read(self, source: GraphSource, stream: Stream) -> list[Page]:
        """One round. Where it raises, nothing was swept and the old watermark stays."""
        pages: list[Page] = []
        self._seen, self._unknown = set(), set()
        async for page in source.read(stream, self.watermarks.get(stream)):
            pages.append(page)
            self.apply(page)
        self.pages.extend(pages)
        return pages

    def apply(self, page: Page) -> None:
        for record in page.records:
            match record:
                case SourceUser():
                    self._merge(self.users, record.id, record.merged(self._known(record.id, page)), page)
                case SourceGroup():
                    self._merge(self.groups, record.id, record.attributes, page)
                case Membership():
                    edge = record.group_id, record.member_id, record.member_kind
                    self.edges.add(edge)
                    self._seen.add(edge)
                case Assignment():
                    self.assignments[record.id] = record
                    self._seen.add(record.id)
        for removal in page.removals:
            self._remove(removal)
        self._unknown |= page.unknown
        if page.last:
            if page.full:
                self._sweep(page.stream)
            self.watermarks[page.stream] = page.watermark

    def _merge(self, table: dict[str, dict[str, Json]], key: str, attributes: object, page: Page) -> None:
        table[key] = {**({} if page.full else table.get(key, {})), **dict(attributes)}  # type: ignore[call-overload]
        self._seen.add(key)

    def _known(self, user: str, page: Page) -> dict[str, Json]:
        return {} if page.full else self.users.get(user, {})

    def _remove(self, removal: Removal) -> None:
        self.removed.append(removal)
        match removal.kind:
            case "user":
                self.users.pop(removal.id, None)
                self.edges = {edge for edge in self.edges if edge[1] != removal.id}
            case "group":
                self.groups.pop(removal.id, None)
                self.edges = {edge for edge in self.edges if removal.id not in edge[:2]}
            case "membership":
                self.edges = {edge for edge in self.edges if edge[:2] != (removal.id, removal.member_id)}

    def _sweep(self, stream: Stream) -> None:
        def gone(keys: object) -> list[str]:
            return [key for key in keys if key not in self._seen]  # type: ignore[attr-defined]

        match stream:
            case "users":
                for key in gone(self.users):
                    del self.users[key]
                    self.swept.append(key)
            case "groups":
                for key in gone(self.groups):
                    del self.groups[key]
                    self.swept.append(key)
                self.edges = {edge for edge in self.edges if edge in self._seen or edge[0] in self._unknown}
            case "assignments":
                for key in gone(self.assignments):
                    del self.assignments[key]
                    self.swept.append(key)
