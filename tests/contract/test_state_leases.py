"""One writer per job, and one hand on each object: on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import state.process
from state.errors import Busy, TakenOver
from state.glance import glance_through
from state.leases import CLAIM, LEASE, Leases
from state.process import HIDDEN, Process, process_mark, this_host
from state.store import Store
from tests.contract.state_rows import NOW, change, plan

SECOND = timedelta(seconds=1)


def leases(store: Store, *, host: str | None = None, mark: str | None = None) -> Leases:
    """The leases as another process sees them."""
    me = Process.this()
    return Leases(store.engine, Process(host=host or me.host, mark=mark or me.mark))


def test_a_job_has_one_writer_until_it_gives_the_lease_back(store: Store) -> None:
    first, second = leases(store), leases(store)
    first.take("j", now=NOW)
    first.take("j", now=NOW + SECOND)
    with pytest.raises(Busy, match=rf"^Job j is being worked on by process {os.getpid()} on [^ ]+\. Wait for it"):
        second.take("j", now=NOW + SECOND)
    second.take("another", now=NOW)
    second.give_back("j")
    assert glance_through(store, now=NOW).workers["j"].startswith(f"process {os.getpid()} on ")
    first.give_back("j")
    assert "j" not in glance_through(store, now=NOW).workers
    second.take("j", now=NOW)


def test_a_dead_process_of_this_host_blocks_nobody(store: Store, dead: Process) -> None:
    Leases(store.engine, dead).take("j", now=NOW)
    assert glance_through(store, now=NOW).workers == {}
    leases(store).take("j", now=NOW)


def test_a_process_that_shows_nothing_of_itself_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dead: Process
) -> None:
    """Under hidepid, or systemd's ProtectProc=invisible, an administrator's command cannot be seen by the daemon."""
    me = Process.this()
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "stat").touch()
    monkeypatch.setattr(state.process, "PROC", tmp_path)
    assert process_mark(os.getpid()) == HIDDEN
    assert not me.knows_dead(me.host, me.mark)
    assert me.knows_dead(dead.host, dead.mark)


def test_a_recycled_pid_is_not_taken_for_the_process_that_had_it(store: Store) -> None:
    mark = process_mark(os.getpid())
    assert mark is not None
    pid, _, start = mark.partition(":")
    leases(store, mark=f"{pid}:{int(start) - 1}").take("j", now=NOW)
    leases(store).take("j", now=NOW)


@pytest.mark.parametrize("host", ["elsewhere 1 pid:[1]", this_host().rpartition(" ")[0] + " pid:[1]"])
def test_of_another_host_or_container_nothing_is_known_until_its_time_is_over(
    store: Store, host: str, dead: Process
) -> None:
    leases(store, host=host, mark=dead.mark).take("j", now=NOW)
    with pytest.raises(Busy, match=f"on {host.partition(' ')[0]}"):
        leases(store).take("j", now=NOW + LEASE - SECOND)
    leases(store).take("j", now=NOW + LEASE)
    assert timedelta(seconds=60) == LEASE


def test_a_lease_that_is_renewed_does_not_run_out(store: Store) -> None:
    first, second = leases(store), leases(store)
    first.take("j", now=NOW)
    first.renew("j", now=NOW + LEASE - SECOND)
    with pytest.raises(Busy):
        second.take("j", now=NOW + LEASE + SECOND)
    second.take("j", now=NOW + 2 * LEASE)
    with pytest.raises(TakenOver, match=r"^Job j was taken over"):
        first.renew("j", now=NOW + 2 * LEASE)
    first.give_back("j")
    second.renew("j", now=NOW + 2 * LEASE)


def test_of_many_that_ask_at_once_one_gets_the_lease(store: Store) -> None:
    everybody, start, got = [leases(store) for _ in range(8)], threading.Barrier(8), []

    def ask(one: Leases) -> None:
        start.wait()
        try:
            one.take("j", now=NOW)
        except Busy:
            return
        got.append(one)

    threads = [threading.Thread(target=ask, args=(one,)) for one in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    got[0].renew("j", now=NOW)


def test_an_object_is_claimed_by_one_at_a_time(store: Store) -> None:
    first, second = leases(store), leases(store)
    with first.claim("j", "user", "a", now=NOW):
        with (
            pytest.raises(Busy, match="another on-demand call for the same object"),
            second.claim("j", "user", "a", now=NOW),
        ):
            pass
        with second.claim("j", "user", "b", now=NOW), second.claim("j", "group", "a", now=NOW):
            pass
        with second.claim("other", "user", "a", now=NOW):
            pass
    with second.claim("j", "user", "a", now=NOW):
        pass


def test_claims_of_the_dead_end_where_they_are_known_to_be_dead(store: Store, dead: Process) -> None:
    killed, alive, far = Leases(store.engine, dead), leases(store), leases(store, host="elsewhere", mark=dead.mark)
    held = [
        killed.claim("other", "user", "a", now=NOW)
    ]  # until the test ends: without anybody who knows it, it would end
    held += [
        who.claim("j", "user", id_, now=NOW) for who, id_ in ((killed, "a"), (killed, "b"), (alive, "c"), (far, "d"))
    ]
    for each in held:
        each.__enter__()
    leases(store).release_dead("j")
    rows = plan(store, *(change(id_) for id_ in "abcd"))
    free = store.journal.mark_sent("p1", "j", rows, now=NOW)
    assert [row.change.source_id for row in rows if row.key in free] == ["a", "b"]
    theirs = plan(store, change("a"), id_="theirs", job="other")
    assert store.journal.mark_sent("theirs", "other", theirs, now=NOW) == set()


def test_a_claim_ends_with_its_process_or_its_time(store: Store, dead: Process) -> None:
    killed = Leases(store.engine, dead).claim("j", "user", "a", now=NOW)
    killed.__enter__()
    with leases(store).claim("j", "user", "a", now=NOW):
        pass
    far = leases(store, host="elsewhere").claim("j", "user", "b", now=NOW)
    far.__enter__()
    with pytest.raises(Busy), leases(store).claim("j", "user", "b", now=NOW + CLAIM - SECOND):
        pass
    with leases(store).claim("j", "user", "b", now=NOW + CLAIM):
        far.__exit__(None, None, None)
        with pytest.raises(Busy), leases(store).claim("j", "user", "b", now=NOW + CLAIM):
            pass


def test_an_object_whose_request_is_under_way_is_not_claimed(store: Store, dead: Process) -> None:
    def claim(now: datetime = NOW) -> None:
        with leases(store).claim("j", "user", "a", now=now):
            pass

    leases(store).take("j", now=NOW)
    rows = plan(store, change("a"), change("b"))
    claim()
    store.journal.mark_sent("p1", "j", rows, now=NOW)
    with pytest.raises(Busy, match=r"^Job j is being worked on by process"):
        claim()
    claim(NOW + LEASE)  # whoever sent it has not been heard of since
    Leases(store.engine, dead).take("j", now=NOW + LEASE)
    claim(NOW + LEASE)


def test_marks_of_processes_tell_the_living_from_the_dead(dead: Process) -> None:
    me = Process.this()
    assert not me.knows_dead(me.host, me.mark)
    assert me.knows_dead(dead.host, dead.mark)
    assert not me.knows_dead("elsewhere", dead.mark)
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process_mark(child.pid) is None  # a zombie
