"""Cost follows change: the statements of every cycle find their rows by an index, however large the tables are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from state.glance import glance_through
from state.store import Store
from syncd.core.change import Action
from syncd.core.model import Assignment, Removal
from tests.contract.state_rows import (
    HOUR,
    NOW,
    change,
    closing,
    entry,
    group,
    groups_in,
    link,
    linked,
    plan,
    read,
    user,
    users_in,
    wait,
)

#: tables that are as large as the directory, or as the time
LARGE = "users|groups|members|assignments|links|link_members|changes|pending|log|worklist"
WHOLE = (
    rf"SCAN ({LARGE})\b(?! USING (COVERING )?INDEX)",
    "AUTOMATIC",
    # by the source or the job alone, which nearly all rows have
    r"SEARCH (users|groups|members|assignments|links|link_members) USING .*\((source|job)=\?( AND kind=\?| AND seq<\?)?\)",
)
#: a count, for which an index that is enough by itself is passed over
COUNTED = "ix_links_job_kind_active"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    """A job in step with a small directory, on SQLite, which knows of it what it knows in use."""
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    read(store, "users", [user(f"u{n}") for n in range(20)])
    edges = [*users_in("g", *(f"u{n}" for n in range(10))), *groups_in("h", "g")]
    read(store, "groups", [group("g"), group("h"), *edges])
    read(store, "assignments", [Assignment(id="r", principal_id="g", principal_kind="group")])
    linked(store, *(link(f"u{n}", f"U{n}") for n in range(10)), link("g", "G", kind="group"))
    yield store
    store.close()


@contextmanager
def whole_tables(engine: sa.Engine) -> Iterator[list[str]]:
    """Statements that read a large table from one end to the other, with what SQLite says of them."""
    found: list[str] = []
    asking = False

    def explain(c: sa.Connection, cursor: object, statement: str, parameters: object, *_: object) -> None:
        nonlocal asking
        if asking or not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)", statement):
            return
        asking = True
        some = parameters[0] if isinstance(parameters, list) else parameters
        for *_ids, said in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", some):  # type: ignore[call-overload]  # as given to the driver
            if any(re.search(pattern, said) for pattern in WHOLE) and COUNTED not in said:
                found.append(f"{said}: {statement}")
        asking = False

    sa.event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", explain)


def idle_cycle(store: Store) -> None:
    seq = store.mirror.seq("s")
    for stream in ("users", "groups", "assignments"):
        read(store, stream, [], full=False)  # type: ignore[arg-type]  # a stream's name
    store.journal.begin("idle", "j", seq=seq, config="c", now=NOW)
    for kind in ("user", "group"):
        for every in (True, False):
            store.worklist.changed("idle", "j", "s", kind, seq, every=every)  # type: ignore[arg-type]  # a kind
    store.worklist.due("idle", "j", now=NOW, failed_now=True)
    store.worklist.waiting_for("idle", "j")
    store.worklist.groups_of_moved_users("idle", "s")
    assert not [*store.worklist.ids("idle", "user"), *store.worklist.ids("idle", "group")]
    store.journal.tally("idle")
    store.journal.seal("idle", dry=False)
    store.journal.take_over("idle", "j", waits=[])
    store.journal.put_off("idle", "j", now=NOW)
    store.journal.finish("idle", "j")
    store.journal.counted("idle", but=[Action.REFERENCE])
    store.log.drop_before(NOW)


def delta(store: Store) -> None:
    read(store, "users", [user("u1", title="x"), user("new")], full=False, removals=[Removal(kind="user", id="u2")])
    gone = [Removal(kind="membership", id="h", member_id="g"), Removal(kind="group", id="h")]
    read(store, "groups", [group("g", "G"), *users_in("g", "new")], full=False, removals=gone)
    rows = [Assignment(id="q", principal_id="g", principal_kind="group")]
    read(store, "assignments", rows, full=False, removals=[Removal(kind="assignment", id="r")])


def work_list(store: Store) -> None:
    """Of a few changes in all of that directory."""
    seq = store.mirror.seq("s")
    read(store, "users", [user("u1", title="y"), user("other")], full=False)
    store.journal.begin("few", "j", seq=seq, config="c", now=NOW)
    for kind in ("user", "group"):
        for every in (True, False):
            store.worklist.changed("few", "j", "s", kind, seq, every=every)  # type: ignore[arg-type]  # a kind
    store.worklist.due("few", "j", now=NOW, failed_now=True)
    store.worklist.waiting_for("few", "j")
    assert store.worklist.unlinked("few", "j", "user") == 1
    assert list(store.worklist.ids("few", "user")) == [["other", "u1"]]


def looking(store: Store) -> None:
    store.mirror.objects("s", "user", ["u1"])
    store.mirror.groups_of("s", ["u1"], nested=True)
    store.mirror.member_ids("s", "h", nested=True)
    store.mirror.assignments_of("s", ["u1"])
    store.links.of("j", "user", ["u1"])
    store.links.owners("t", "user", ["U1"])
    store.links.members("j", "g")
    store.links.count("j")
    store.pending.of("j", "failed", [("user", "u1")])
    store.pending.count("j", "failed")
    store.pending.next_due("j")
    glance_through(store, now=NOW)


def writing(store: Store) -> None:
    rows = plan(store, change("v1"), change("g", Action.ADD_MEMBERS, kind="group", target_id="G"), id_="w")
    store.journal.planned("w", "user", ["v1"])
    store.journal.hold("w", [], "no")
    store.journal.mark_sent("w", "j", rows, now=NOW)
    store.journal.made_beside("w", "other", "group", within=HOUR)
    store.journal.creations_since("other", "user", NOW)
    store.journal.adopted(["other"], "user", ["V1"], now=NOW)
    done = closing(rows[0], link=link("v1", "V1"), done_with=("failed",), waits=[wait("v1")], entry=entry("v1"))
    more = closing(rows[1], members_in={"u1": "U1"}, members_out=["u2"])
    store.journal.close("w", "j", [done, more], now=NOW)
    (row,) = plan(store, change("v1", Action.DELETE, target_id="V1"), id_="x")
    store.journal.close("x", "j", [closing(row, unlink=True)], now=NOW)
    assert store.journal.unfinished("j", now=NOW) == ["w", "x"]
    store.journal.superseded("j", rows)


@pytest.mark.parametrize("work", [idle_cycle, delta, work_list, looking, writing])
def test_no_statement_of_a_cycle_reads_a_whole_table(filled: Store, work: Callable[[Store], None]) -> None:
    with whole_tables(filled.engine) as found:
        work(filled)
    assert found == []


def test_going_by_the_source_alone_would_be_noticed(filled: Store) -> None:
    with whole_tables(filled.engine) as found, filled.engine.connect() as c:
        c.execute(sa.text("SELECT digest FROM users WHERE source = 's'")).all()
    assert len(found) == 1


def test_a_statement_without_an_index_would_be_noticed(filled: Store) -> None:
    with whole_tables(filled.engine) as found, filled.engine.connect() as c:
        c.execute(sa.text("SELECT * FROM users WHERE digest = 'x'")).all()
    assert len(found) == 1
