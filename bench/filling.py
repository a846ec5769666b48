"""Makes a state DB as large as one likes behind a small directory: what a job has done for a million users, in a minute.

A job's first cycle has been run; then users, groups, memberships and links are added through the state API, as if the
source had told of them and the target had them. The source never hears of them, and a delta never names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bench.crowd import Crowd, group_name, person, source_id, target_id, wrote
from bench.run import JOB
from state.engine import parts
from state.links import put_links, put_members
from state.store import Store
from syncd.core.change import Link
from syncd.core.model import Kind, Membership, Page, Record, SourceGroup, SourceUser, Stream

SOURCE = TARGET = "bench"
_PAGE = 5_000


def fill(store: Store, crowd: Crowd, *, linked_groups: bool) -> None:
    """Add the crowd; the job has dealt with all of them. `linked_groups`: the groups are in its scope too."""
    _told(store, "users", (_user(number) for number in range(crowd.users)))
    _told(store, "groups", _groups(crowd))
    _written(store, "user", crowd.users)
    if linked_groups:
        _written(store, "group", crowd.groups)
        for some in parts(range(crowd.groups), _PAGE):
            _in_groups(store, {source_id("group", number): crowd.members(number) for number in some})
    store.jobs.update(JOB, seq=store.mirror.seq(SOURCE))


def enlarge(store: Store, group: str, *, by: int) -> None:
    """Put so many added users into a group that the source knows and the job has written."""
    ids = [source_id("user", number) for number in range(by)]
    _told(store, "groups", (Membership(group_id=group, member_id=id_) for id_ in ids))
    for some in parts(ids, _PAGE):
        _in_groups(store, {group: some})
    store.jobs.update(JOB, seq=store.mirror.seq(SOURCE))


def _in_groups(store: Store, members: Mapping[str, Sequence[str]]) -> None:
    with store.engine.begin() as c:
        put_members(c, JOB, [(group, {id_: target_id(id_) for id_ in ids}) for group, ids in members.items()])


def _told(store: Store, stream: Stream, records: Iterable[Record]) -> None:
    """A delta round whose watermark is the one before."""
    watermark = store.mirror.watermark(SOURCE, stream)
    current, now = store.mirror.begin(SOURCE, stream), datetime.now(UTC)
    for part in parts(records, _PAGE):
        store.mirror.store(current, Page(stream=stream, records=tuple(part), full=False), now=now)
    store.mirror.store(current, Page(stream=stream, records=(), full=False, last=True, watermark=watermark), now=now)


def _written(store: Store, kind: Kind, count: int) -> None:
    for part in parts(range(count), _PAGE):
        found = ((source_id(kind, number), wrote(kind, number)) for number in part)
        links = [
            Link(job=JOB, kind=kind, source_id=id_, target_id=target_id(id_), active=True, wrote=values)
            for id_, values in found
        ]
        with store.engine.begin() as c:
            put_links(c, [(TARGET, link) for link in links])


def _user(number: int) -> SourceUser:
    return SourceUser(id=source_id("user", number), attributes={**person(number), "manager": None})


def _groups(crowd: Crowd) -> Iterator[Record]:
    for number in range(crowd.groups):
        id_ = source_id("group", number)
        yield SourceGroup(id=id_, attributes={"displayName": group_name(number)})
        for member in crowd.members(number):
            yield Membership(group_id=id_, member_id=member)
