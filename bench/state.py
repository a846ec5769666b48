"""How fast the state DB takes a directory in, finds out that nothing changed, and fills a plan's work list.

    python bench/state.py [--users 100000] [--groups 5000] [--members 40] [--url sqlite:///state.db]

store          a first full round of users, groups with their memberships, and assignments
store again    the same round once more: nothing changed
delta          a page of 100 changed users and 100 memberships
sweep          a full round that lacks a tenth of the users, and one that lacks a tenth of the memberships
idle work list what a cycle looks at when nothing changed; then after the delta; then everything

Without --url on SQLite in a temporary folder. Prints seconds, and the largest size of this process.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from state.engine import parts
from state.store import Store
from syncd.core.model import Assignment, Membership, Page, Record, SourceGroup, SourceUser, Stream

PAGE = 999
SOURCE, JOB = "bench", "bench"


def users(count: int, *, title: str = "Engineer", step: int = 1) -> Iterator[Record]:
    for number in range(0, count, step):
        login = f"user{number}@contoso.example"
        attributes = {
            "userPrincipalName": login, "mail": login, "displayName": f"User {number}", "givenName": "User",
            "surname": str(number), "jobTitle": title, "department": "Sales", "employeeId": str(number), "manager": None,
        }  # fmt: skip
        yield SourceUser(id=f"u{number:07}", attributes=attributes)


def groups(count: int, members: int, of: int, *, less: int = 0) -> Iterator[Record]:
    """Groups with members, `less` of them fewer in each."""
    for number in range(count):
        id_ = f"g{number:06}"
        yield SourceGroup(id=id_, attributes={"displayName": f"Group {number}"})
        for member in range(members - less):
            yield Membership(group_id=id_, member_id=f"u{(number * 7 + member * 13) % of:07}")


def assignments(count: int) -> Iterator[Record]:
    for number in range(count):
        yield Assignment(id=f"r{number:06}", principal_id=f"g{number:06}", principal_kind="group", role="User")


def read(store: Store, stream: Stream, records: Iterable[Record], *, full: bool = True) -> int:
    """One round in pages; gives the changes."""
    current, changed = store.mirror.begin(SOURCE, stream), 0
    now = datetime.now(UTC)
    for part in parts(records, PAGE):
        changed += store.mirror.store(current, Page(stream=stream, records=tuple(part), full=full), now=now)
    last = Page(stream=stream, records=(), full=full, last=True, watermark="w")
    return changed + store.mirror.store(current, last, now=now)


def fill(store: Store, since: int, *, every: bool) -> int:
    """The work list of one plan; gives its length."""
    plan = uuid.uuid4().hex
    for kind in ("user", "group"):
        store.worklist.changed(plan, JOB, SOURCE, kind, since, every=every)
    store.worklist.due(plan, JOB, now=datetime.now(UTC), failed_now=False)
    store.worklist.waiting_for(plan, JOB)
    store.worklist.groups_of_moved_users(plan, SOURCE)
    return store.worklist.count(plan)


def timed(what: str, work: Callable[[], int]) -> None:
    begun = time.perf_counter()
    came = work()
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what:<44} {time.perf_counter() - begun:9.3f} s   {came:>9,}   {size:,} MiB", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=5_000)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--url", help="state DB; without it SQLite in a temporary folder")
    asked = parser.parse_args(arguments)
    some, many = asked.users, asked.groups
    with TemporaryDirectory() as folder:
        store = Store.open(asked.url or f"sqlite:///{folder}/state.db")
        for what in ("store", "store again"):
            timed(f"{what}: users", lambda: read(store, "users", users(some)))
            timed(f"{what}: groups, memberships", lambda: read(store, "groups", groups(many, asked.members, some)))
            timed(f"{what}: assignments", lambda: read(store, "assignments", assignments(many // 10)))
        seq = store.mirror.seq(SOURCE)
        timed("idle work list, all users in scope", lambda: fill(store, seq, every=True))
        timed("idle work list, assigned users in scope", lambda: fill(store, seq, every=False))
        step = max(1, some // 100)
        timed("delta: 100 users", lambda: read(store, "users", users(some, title="Lead", step=step), full=False))
        new = [Membership(group_id="g000000", member_id=f"u{n:07}") for n in range(some - 100, some)]
        timed("delta: 100 memberships", lambda: read(store, "groups", new, full=False))
        timed("work list after the delta, assigned", lambda: fill(store, seq, every=False))
        timed("whole work list, all", lambda: fill(store, 0, every=True))
        timed("whole work list, assigned", lambda: fill(store, 0, every=False))
        timed("sweep: a tenth of the users", lambda: read(store, "users", users(some * 9 // 10)))
        less = max(1, asked.members // 10)
        timed(
            "sweep: a tenth of the memberships",
            lambda: read(store, "groups", groups(many, asked.members, some, less=less)),
        )
        store.close()


if __name__ == "__main__":
    main()
