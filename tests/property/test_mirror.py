"""The mirror beside a model of plain Python: whatever pages, deltas, replays, snapshots and crashes come, both hold the
same, and nothing that may matter to a job changes without a new number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from state.engine import parts
from state.mirror import Round
from state.store import Store
from syncd.core.model import Assignment, Kind, Membership, Page, Removal, Snapshot, SourceGroup, SourceUser, Stream
from tests import servers
from tests.contract.state_rows import NOW, moved
from tests.property.mirror_model import Model, Seen

USERS, GROUPS, ROWS = [f"u{n}" for n in range(5)], [f"G{n}" for n in range(4)], [f"r{n}" for n in range(4)]
KINDS: tuple[Kind, ...] = ("user", "group")

values = st.dictionaries(st.sampled_from(["mail", "title"]), st.sampled_from([None, "x", "y", ["x"]]), max_size=2)
users = st.builds(
    SourceUser, id=st.sampled_from(USERS), attributes=values, enabled=st.sampled_from([True, False, None])
)
whole_users = st.builds(SourceUser, id=st.sampled_from(USERS), attributes=values, enabled=st.booleans())
groups = st.builds(SourceGroup, id=st.sampled_from(GROUPS), attributes=values)
direct = st.builds(Membership, group_id=st.sampled_from(GROUPS), member_id=st.sampled_from(USERS))
nested = st.builds(
    Membership, group_id=st.sampled_from(GROUPS), member_id=st.sampled_from(GROUPS), member_kind=st.just("group")
)
rows = st.builds(
    lambda id_, who, role: Assignment(
        id=id_,
        principal_id=who,
        principal_kind="user" if who in USERS else "group",
        role=role,
        attributes={"role": role},
    ),
    st.sampled_from(ROWS),
    st.sampled_from(USERS + GROUPS),
    st.sampled_from([None, "User", "Admin"]),
)
states = st.sampled_from(["soft", "gone"])
removals: dict[Stream, st.SearchStrategy[Removal]] = {
    "users": st.builds(Removal, kind=st.just("user"), id=st.sampled_from(USERS), state=states),
    "groups": st.one_of(
        st.builds(Removal, kind=st.just("group"), id=st.sampled_from(GROUPS), state=states),
        st.builds(
            Removal, kind=st.just("membership"), id=st.sampled_from(GROUPS), member_id=st.sampled_from(USERS + GROUPS)
        ),
    ),
    "assignments": st.builds(Removal, kind=st.just("assignment"), id=st.sampled_from(ROWS)),
}
records: dict[Stream, st.SearchStrategy[Any]] = {
    "users": users,
    "groups": st.one_of(groups, direct, nested),
    "assignments": rows,
}
ids: dict[Stream, list[str]] = {"users": USERS, "groups": GROUPS, "assignments": ROWS}
streams: st.SearchStrategy[Stream] = st.sampled_from(["users", "groups", "assignments"])


@st.composite
def rounds(draw: st.DrawFn) -> list[Page]:
    """The pages of one round."""
    stream, full = draw(streams), draw(st.booleans())
    said = whole_users if full and stream == "users" else records[stream]
    parts = draw(st.lists(st.lists(said, max_size=5), min_size=1, max_size=3))
    pages = []
    for number, part in enumerate(parts, 1):
        last = number == len(parts)
        unknown = draw(st.frozensets(st.sampled_from(ids[stream]), max_size=2)) if full else frozenset()
        whole = frozenset() if full or stream != "groups" else draw(st.frozensets(st.sampled_from(GROUPS), max_size=1))
        gone = () if full else tuple(draw(st.lists(removals[stream], max_size=2)))
        pages.append(
            Page(
                stream=stream,
                records=tuple(part),
                removals=gone,
                full=full,
                last=last,
                watermark=draw(st.sampled_from(["w1", "w2"])) if last else None,
                unknown=unknown,
                whole=whole,
            )
        )
    return pages


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    of_user = draw(st.booleans())
    thing = draw(whole_users if of_user else groups)
    edges = draw(st.lists(direct if of_user else st.one_of(direct, nested), max_size=3))
    mine = [e for e in edges if (e.member_id if of_user else e.group_id) == thing.id]
    return Snapshot(
        kind="user" if of_user else "group",
        object=thing,
        state=draw(st.sampled_from(["live", "live", "soft", "gone"])),
        memberships=tuple({(e.group_id, e.member_id): e for e in mine}.values()),
        assignments=tuple({r.id: r for r in draw(st.lists(rows, max_size=3)) if r.principal_id == thing.id}.values()),
    )


class MirrorMachine(RuleBasedStateMachine):
    """Reads rounds into the mirror and into the model, and follows both as a job does."""

    store: ClassVar[Store]
    numbers: ClassVar[Iterator[int]] = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.source = f"s{next(self.numbers)}"
        self.model = Model()
        self.watermarks: dict[Stream, str | None] = {}
        self.taken_in = 0
        self.known: dict[tuple[Kind, str], Any] = {}
        self.last: tuple[Round, list[Page]] | None = None

    @rule(pages=rounds(), crash=st.integers(0, 6), together=st.integers(1, 3), between=st.none() | snapshots())
    def read(self, pages: list[Page], crash: int, together: int, between: Snapshot | None) -> None:
        """A round to its end, `together` pages a transaction, or a crash before transaction number `crash`; perhaps a
        snapshot in between."""
        current, seen = self.store.mirror.begin(self.source, pages[0].stream), Seen()
        for number, lot in enumerate(parts(pages, together), 1):
            if number == crash:
                return
            self.store.mirror.store(current, *lot, now=NOW)
            for page in lot:
                self.model.page(page, seen)
                if page.last:
                    self.watermarks[page.stream] = page.watermark
            self.last = (current, lot)
            if between is not None and number == 1:
                self.take(between, seen)

    @rule(snapshot=snapshots())
    def look_one_up(self, snapshot: Snapshot) -> None:
        self.take(snapshot)

    def take(self, snapshot: Snapshot, *open_rounds: Seen) -> None:
        self.store.mirror.store_snapshot(self.source, snapshot)
        self.model.snapshot(snapshot, open_rounds)

    @precondition(lambda self: self.last is not None and not any(page.full for page in self.last[1]))
    @rule()
    def replay(self) -> None:
        """The pages were stored, but whoever sent them never heard of it and sends them again."""
        assert self.last is not None
        current, lot = self.last
        newest = self.store.mirror.begin(self.source, current.stream)
        self.store.mirror.store(newest, *lot, now=NOW)
        seen = Seen()
        for page in lot:
            self.model.page(page, seen)
            if page.last:
                self.watermarks[page.stream] = page.watermark
        self.last = (newest, lot)

    @rule()
    def follow(self) -> None:
        """A job takes the mirror in: whoever may have to be decided anew has a higher number than the last time."""
        facts = {key: self.model.facts(*key) for key in self.model.things}
        for kind in KINDS:
            changed = {id_ for k, id_ in facts if k == kind and facts[kind, id_] != self.known.get((kind, id_))}
            live = {id_ for id_ in changed if self.model.things[kind, id_].state == "live"}
            assert live <= set(moved(self.store, kind, self.taken_in, source=self.source))
            gone = changed - live - {id_ for id_ in changed if (kind, id_) not in self.known}
            assert gone <= self._any_state(kind)
        self.known = facts
        self.taken_in = self.store.mirror.seq(self.source)

    def _any_state(self, kind: Kind) -> set[str]:
        table = "users" if kind == "user" else "groups"
        with self.store.engine.connect() as c:
            query = f"SELECT id FROM {table} WHERE source = '{self.source}' AND seq > {self.taken_in}"
            return {row[0] for row in c.exec_driver_sql(query)}

    @invariant()
    def the_mirror_holds_what_the_model_holds(self) -> None:
        mirror, model = self.store.mirror, self.model
        for kind, everybody in (("user", USERS), ("group", GROUPS)):
            found = mirror.objects(self.source, kind, everybody)  # type: ignore[arg-type]  # a kind
            mine = {id_: thing for (k, id_), thing in model.things.items() if k == kind}
            assert {i: (o.state, dict(o.attributes), o.enabled) for i, o in found.items()} == {
                i: (t.state, t.attributes, t.enabled if kind == "user" else True) for i, t in mine.items()
            }
        above = mirror.groups_of(self.source, USERS + GROUPS, nested=True)
        assert {i: frozenset(g) for i, g in above.items()} == {i: model.above(i) for i in USERS + GROUPS}
        for id_ in GROUPS:
            assert mirror.member_ids(self.source, id_, nested=True) == model.below(id_)
        rows_ = {row.id: row for some in mirror.assignments_of(self.source, USERS + GROUPS).values() for row in some}
        assert rows_ == model.rows
        for stream, watermark in self.watermarks.items():
            assert mirror.watermark(self.source, stream) == watermark


def run(store: Store, examples: int) -> None:
    machine = type("Machine", (MirrorMachine,), {"store": store})
    limits = settings(
        max_examples=examples,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
    )
    run_state_machine_as_test(machine, settings=limits)


def test_the_mirror_agrees_with_the_model_on_sqlite(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    run(store, 40)
    store.close()


def test_the_mirror_agrees_with_the_model_on_postgresql(postgres: servers.Postgres) -> None:
    store = Store.open(postgres.database())
    run(store, 10)
    store.close()
