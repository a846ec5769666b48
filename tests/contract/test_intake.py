"""Pages on their way into the mirror: in their order, in few transactions, never too many in memory, and under the lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.errors import Incomplete
from state.errors import StateError, TakenOver
from state.leases import LEASE, Leases, reader_of
from state.mirror import Round
from state.store import Store
from syncd.clock import SYSTEM_CLOCK, Clock
from syncd.core.model import Page, SourceUser
from syncd.intake import TOGETHER, Intake, Lots
from tests.contract.okta_mirror import mirror
from tests.contract.okta_world import World, organisation
from tests.contract.state_rows import NOW, read, states, user

SIZE = 250  #: users on a page
QUIET = Clock(now=lambda: NOW, sleep=SYSTEM_CLOCK.sleep)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with organisation() as made:
        yield made
        await made.close()


def pages(number: int, *, end: bool = True) -> list[Page]:
    """A full round of some pages; each also tells the first user again, under the page's number."""
    made = [
        Page(stream="users", records=(user("first", page=n), *(user(f"{n:03}-{k:03}") for k in range(SIZE - 1))))
        for n in range(number)
    ]
    return [*made, Page(stream="users", records=(), last=True, watermark="w")] if end else made


def begin(store: Store, *, ahead: bool = True) -> tuple[Intake, Round]:
    """An intake of the source "s", whose lease this process has, and a round of its users."""
    store.leases.take(reader_of("s"), now=NOW)
    return Intake(store, QUIET, ahead=ahead), store.mirror.begin("s", "users")


def commits(store: Store) -> list[object]:
    """A list with one entry for each commit from now on."""
    made: list[object] = []
    sa.event.listen(store.engine, "commit", made.append)
    return made


async def put(lots: Lots, some: Sequence[Page]) -> None:
    for page in some:
        await lots.put(page)


async def test_small_pages_share_a_transaction_and_the_later_word_holds(store: Store) -> None:
    intake, current = begin(store)
    made = commits(store)
    async with intake.of(current) as lots:
        await put(lots, pages(12))
    assert len(made) <= 12 * SIZE // TOGETHER + 1
    assert store.mirror.counts("s")["users"] == 12 * (SIZE - 1) + 1
    assert store.mirror.objects("s", "user", ["first"])["first"].attributes == {"page": 11}
    assert store.mirror.watermark("s", "users") == "w"
    assert store.mirror.complete("s") == {"users": True}


async def test_a_source_that_looks_into_the_mirror_finds_every_page_there_before_it_gives_the_next(
    store: Store,
) -> None:
    intake, current = begin(store, ahead=False)
    async with intake.of(current) as lots:
        for number, page in enumerate(pages(3, end=False), 1):
            await lots.put(page)
            assert store.mirror.counts("s")["users"] == number * (SIZE - 1) + 1
        await lots.put(Page(stream="users", records=(), last=True))
        assert store.mirror.complete("s") == {"users": True}


async def test_storing_extends_the_reader_s_lease(store: Store) -> None:
    intake, current = begin(store)
    later = Intake(store, Clock(now=lambda: NOW + LEASE / 2, sleep=SYSTEM_CLOCK.sleep), ahead=True)
    for one, until in ((intake, NOW + LEASE), (later, NOW + 3 * LEASE / 2)):
        async with one.of(current) as lots:
            await put(lots, pages(1, end=False))
        other = Leases(store.engine)
        assert other.worker(reader_of("s"), now=until - timedelta(seconds=1)) is not None
        assert other.worker(reader_of("s"), now=until) is None


async def test_reading_that_breaks_off_keeps_what_it_has_read_and_not_its_watermark(store: Store) -> None:
    intake, current = begin(store)

    async def read() -> None:
        async with intake.of(current) as lots:
            await put(lots, pages(2, end=False))
            raise Incomplete(source="s", step="users", detail="gone")

    with pytest.raises(Incomplete):
        await read()
    assert states(store, "user", "first", "001-000") == {"first": "live", "001-000": "live"}
    assert store.mirror.watermark("s", "users") is None


async def test_nobody_reads_further_ahead_than_one_lot(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/state.db")
    intake, current = begin(store)
    lot = pages(TOGETHER // SIZE, end=False)
    async with intake.of(current) as lots:
        with store.engine.begin():  # somebody else writes
            await put(lots, lot)
            await put(lots, lot[:-1])
            waiting = asyncio.create_task(lots.put(lot[-1]))
            done, _ = await asyncio.wait({waiting}, timeout=0.3)
            assert not done
        await waiting
    assert store.mirror.counts("s")["users"] == TOGETHER // SIZE * (SIZE - 1) + 1
    store.close()


async def test_what_a_lot_fails_with_is_raised_for_the_next_page(store: Store) -> None:
    intake, current = begin(store)
    Leases(store.engine).take(reader_of("s"), now=NOW + 2 * LEASE)
    taken: list[Page] = []

    async def read() -> None:
        async with intake.of(current) as lots:
            for page in pages(5 * TOGETHER // SIZE):
                await lots.put(page)
                taken.append(page)

    with pytest.raises(TakenOver, match=r"^Job source:s was taken over"):
        await read()
    assert len(taken) <= 2 * TOGETHER // SIZE
    assert states(store, "user", "first") == {}


async def test_what_follows_a_lot_that_could_not_be_stored_is_not_stored_either(tmp_path: Path) -> None:
    """Its last page would sweep whoever the lost one mentioned, and set a watermark behind it."""
    store = Store.open(f"sqlite:///{tmp_path}/state.db?timeout=0.01")
    read(store, "users", pages(2, end=False)[0].records, pages(2, end=False)[1].records, watermark="before")
    intake, current = begin(store)

    async def read_all() -> None:
        async with intake.of(current) as lots:
            with store.engine.connect().execution_options(reading=True) as other:
                other.exec_driver_sql("ROLLBACK")
                other.exec_driver_sql("BEGIN IMMEDIATE")  # somebody else writes, for longer than we wait
                await put(lots, pages(TOGETHER // SIZE, end=False))
                await asyncio.sleep(0.1)
                other.exec_driver_sql("ROLLBACK")
            await lots.put(Page(stream="users", records=(), last=True, watermark="after"))

    with pytest.raises(StateError, match="locked"):
        await read_all()
    assert states(store, "user", "first", "001-000") == {"first": "live", "001-000": "live"}
    assert store.mirror.watermark("s", "users") == "before"
    assert store.mirror.complete("s") == {"users": False}
    store.close()


async def test_a_round_is_begun_by_the_source_s_reader_only(store: Store) -> None:
    intake, _ = begin(store)
    theirs = Leases(store.engine)
    theirs.take(reader_of("s"), now=NOW + 2 * LEASE)
    current = store.mirror.begin("s", "users", now=NOW + 2 * LEASE, leased_by=theirs.owner)
    with pytest.raises(TakenOver):
        await intake.begin("s", "users")
    last = Page(stream="users", records=(user("a"),), last=True)
    store.mirror.store(current, last, now=NOW + 2 * LEASE, leased_by=theirs.owner)
    assert states(store, "user", "a") == {"a": "live"}


async def test_reading_that_is_cancelled_stores_no_more_and_makes_no_noise(store: Store) -> None:
    intake, current = begin(store)
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    reached = asyncio.Event()

    async def read() -> None:
        async with intake.of(current) as lots:
            await put(lots, [Page(stream="users", records=(SourceUser(id="early", attributes={}),))])
            reached.set()
            await asyncio.Event().wait()

    reading = asyncio.create_task(read())
    await reached.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert states(store, "user", "early") == {}
    assert not noise


@pytest.mark.parametrize("watermark", [False, True])
async def test_a_source_that_is_taken_over_in_the_middle_of_reading_is_left_as_it_is(
    world: World, tmp_path: Path, watermark: bool
) -> None:
    world.people(30, assigned=False)
    world.options(page_size=10)
    with mirror(world, tmp_path, scope="all") as mine:
        if watermark:
            await mine.read()
            world.clock.advance(3600)
            world.people(30, assigned=False, prefix="later")
        known, mark = mine.store.mirror.counts("acme"), mine.store.mirror.watermark("acme", "users")
        world.forget()
        world.fault({"delay_s": 0.5}, times=1, path=r"/api/v1/users\?.*after=")
        reading = asyncio.create_task(mine.read())
        while not world.requests("/api/v1/users?"):
            await asyncio.sleep(0.01)
        Leases(mine.store.engine).take(reader_of("acme"), now=world.clock.now() + 2 * LEASE)
        with pytest.raises(TakenOver):
            await reading
        assert mine.store.mirror.counts("acme")["users"] == known["users"]
        assert mine.store.mirror.watermark("acme", "users") == mark
        assert mine.store.mirror.complete("acme")["users"] is False
        theirs = Leases(mine.store.engine).worker(reader_of("acme"), now=world.clock.now())
        assert theirs is not None, "the lease of those who took over stays"


async def test_a_round_is_a_few_transactions_however_many_groups_it_reads(world: World, tmp_path: Path) -> None:
    people = world.people(40)
    for number in range(30):
        group = world.directory.create_group(f"group {number}")
        for one in people[number : number + 5]:
            world.directory.add_member(group.id, one.id)
    with mirror(world, tmp_path) as mine:
        made = commits(mine.store)
        reading = await mine.read()
        assert (reading.users, reading.groups >= 30) == (40, True)
        assert mine.differences() == {}
        assert len(made) < 20
