"""Reading that is cut short anywhere: what is in the mirror is what was said so far, page by page and without a gap."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import syncd.intake
from state.leases import LEASE
from state.mirror import Round
from state.store import Store
from state.tables import assignments, groups, members, streams, users
from syncd.core.model import STREAMS, Page, SourceUser, Stream
from tests import servers
from tests.contract.state_rows import NOW
from tests.property import test_mirror as any_
from tests.property.interrupted import How, Interruption, Recording, Saying, run

ended = st.frozensets(st.tuples(st.sampled_from(["mail", "title"]), st.sampled_from(["x", "y"])), max_size=2)
changed_users = st.builds(
    SourceUser,
    id=st.sampled_from(any_.USERS),
    attributes=any_.values,
    enabled=st.sampled_from([True, False, None]),
    ended=ended,
)
HOW: tuple[How, ...] = ("none", "source", "cancel", "disk", "taken over")
interruptions = st.builds(Interruption, how=st.sampled_from(HOW), at=st.integers(0, 5), stream=st.sampled_from(STREAMS))
TABLES = (users, groups, members, assignments)
numbers: Iterator[int] = itertools.count()


@st.composite
def pages(draw: st.DrawFn, stream: Stream, *, full: bool) -> list[Page]:
    """Some pages of one round, without its last one."""
    said: Any = any_.records[stream]
    if stream == "users":
        said = any_.whole_users if full else changed_users
    unknown = st.frozensets(st.sampled_from(any_.ids[stream]), max_size=1 if full else 0)
    whole = st.frozensets(st.sampled_from(any_.GROUPS), max_size=0 if full or stream != "groups" else 1)
    one = st.builds(
        Page,
        stream=st.just(stream),
        records=st.lists(said, max_size=4).map(tuple),
        removals=st.lists(any_.removals[stream], max_size=1).map(tuple),
        full=st.just(full),
        unknown=unknown,
        whole=whole,
    )
    return draw(st.lists(one, max_size=5))


@st.composite
def told(draw: st.DrawFn) -> Mapping[Stream, Sequence[Page]]:
    """What a source says of each stream: everything, what has changed, or changes and then everything."""
    made: dict[Stream, Sequence[Page]] = {}
    for stream in STREAMS:
        full = draw(st.booleans())
        before = draw(pages(stream, full=False))
        after = draw(pages(stream, full=True)) if full else []
        watermark = draw(st.sampled_from(["w1", "w2"]))
        anew = [Page(stream=stream, records=(), anew=True)] if full and before else []
        last = Page(stream=stream, records=(), full=full, last=True, watermark=watermark)
        made[stream] = [*before, *anew, *after, last]
    return made


def rows(store: Store, source: str) -> list[list[tuple[Any, ...]]]:
    """All that the mirror holds of a source, but for what counts its rounds and changes."""
    found = []
    with store.engine.connect() as c:
        for table in TABLES:
            columns = [col for col in table.c if col.name not in ("source", "seq", "generation")]
            query = sa.select(*columns).where(table.c.source == source)
            found.append(sorted((tuple(row) for row in c.execute(query)), key=repr))
        marks = sa.select(streams.c.stream, streams.c.watermark, streams.c.complete).where(streams.c.source == source)
        found.append(sorted(tuple(row) for row in c.execute(marks)))
    return found


def replayed(mirror: Recording, source: str) -> None:
    """The same, one page a transaction, for another source."""
    rounds: dict[Round, Round] = {}
    for call in list(mirror.calls):
        if isinstance(call, Round):
            rounds[call] = mirror.begin(source, call.stream, full=call in mirror.full)
        else:
            mirror.store(rounds[call[0]], call[1], now=NOW)


def check(
    store: Store, together: int, readings: Sequence[tuple[Mapping[Stream, Sequence[Page]], Interruption]]
) -> None:
    name, syncd.intake.TOGETHER = f"s{next(numbers)}", together
    mirror = Recording(store.engine)
    store.__dict__["mirror"] = mirror
    for number, (said, interruption) in enumerate(readings):
        now, earlier = NOW + 4 * number * LEASE, len(mirror.calls)
        source = Saying(name, said, interruption)
        noise = run(store, mirror, source, interruption, now)
        assert noise == []
        fresh = Recording(store.engine)
        fresh.calls = mirror.calls[earlier:]
        for stream, written in fresh.written().items():
            for turn, (mine, theirs) in enumerate(zip(written, source.said[stream], strict=False), 1):
                if theirs and theirs[-1].last and turn < len(source.said[stream]):
                    theirs.pop()  # that it was the last of nothing was not believed
                assert mine.pages == theirs[: len(mine.pages)], "no page is stored before those in front of it"
                if interruption.how == "none" or (interruption.how == "source" and interruption.stream != stream):
                    assert mine.pages == theirs
            ends = [page.last for one in written for page in one.pages]
            assert store.mirror.complete(name)[stream] == (ends != [] and ends[-1])
    replayed(mirror, f"{name} one by one")
    assert rows(store, name) == rows(store, f"{name} one by one")


histories = st.lists(st.tuples(told(), interruptions), min_size=1, max_size=3)
#: not shrunk: where a cancellation strikes is for the threads to say
limits = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))


@pytest.fixture(autouse=True)
def _together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncd.intake, "TOGETHER", syncd.intake.TOGETHER)


def test_an_interrupted_reading_leaves_what_was_said_so_far_on_sqlite(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    store.engine.dispose()
    sa.event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    given(st.integers(1, 12), histories)(settings(limits, max_examples=20)(lambda t, h: check(store, t, h)))()
    store.close()


def test_an_interrupted_reading_leaves_what_was_said_so_far_on_postgresql(postgres: servers.Postgres) -> None:
    store = Store.open(postgres.database())
    given(st.integers(1, 12), histories)(settings(limits, max_examples=6)(lambda t, h: check(store, t, h)))()
    store.close()
