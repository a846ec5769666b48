"""Makes a state DB as large as one likes behind a small directory: what a job has done for a million users, in a minute.

A job's first cycle has been run; then users, groups, memberships and links are added through the state API, as if the
source had told of them and the target had them. The source never hears of them, and a delta never names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bench.run import JOB
from state.engine import parts
from state.links import put_links, put_members
from state.store import Store
from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.change import Link
from syncd.core.model import Kind, Membership, Page, Record, SourceGroup, SourceUser, Stream

SOURCE = TARGET = "bench"
MEMBERS = 20  #: of each added group
_PAGE = 5_000


def fill(store: Store, *, users: int, groups: int, linked_groups: bool) -> None:
    """Add so many users, and so many groups of 20 of them each; the job has dealt with all of them. `linked_groups`:
    the groups are in its scope too."""
    _told(store, "users", (_user(number) for number in range(users)))
    _told(store, "groups", _groups(groups, users))
    _written(store, "user", ((f"filled-u{number}", _wrote(number)) for number in range(users)))
    if linked_groups:
        named = ((f"filled-g{number}", {"displayName": f"Filled {number}"}) for number in range(groups))
        _written(store, "group", named)
        for some in parts(range(groups), _PAGE):
            _in_groups(store, {f"filled-g{number}": _members(number, users) for number in some})
    store.jobs.update(JOB, seq=store.mirror.seq(SOURCE))


def enlarge(store: Store, group: str, *, by: int) -> None:
    """Put so many added users into a group that the source knows and the job has written."""
    ids = [f"filled-u{number}" for number in range(by)]
    _told(store, "groups", (Membership(group_id=group, member_id=id_) for id_ in ids))
    for some in parts(ids, _PAGE):
        _in_groups(store, {group: some})
    store.jobs.update(JOB, seq=store.mirror.seq(SOURCE))


def _in_groups(store: Store, members: Mapping[str, Sequence[str]]) -> None:
    with store.engine.begin() as c:
        put_members(c, JOB, [(group, {id_: f"t-{id_}" for id_ in ids}) for group, ids in members.items()])


def _told(store: Store, stream: Stream, records: Iterable[Record]) -> None:
    """A delta round whose watermark is the one before."""
    watermark = store.mirror.watermark(SOURCE, stream)
    current, now = store.mirror.begin(SOURCE, stream), datetime.now(UTC)
    for part in parts(records, _PAGE):
        store.mirror.store(current, Page(stream=stream, records=tuple(part), full=False), now=now)
    store.mirror.store(current, Page(stream=stream, records=(), full=False, last=True, watermark=watermark), now=now)


def _written(store: Store, kind: Kind, objects: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    for part in parts(objects, _PAGE):
        links = [
            Link(job=JOB, kind=kind, source_id=id_, target_id=f"t-{id_}", active=True, wrote=wrote)
            for id_, wrote in part
        ]
        with store.engine.begin() as c:
            put_links(c, [(TARGET, link) for link in links])


def _user(number: int) -> SourceUser:
    login = f"filled{number}@contoso.example"
    attributes = {
        "userPrincipalName": login, "mail": login, "displayName": f"Filled {number}", "givenName": "Filled",
        "surname": str(number), "jobTitle": "Engineer", "department": "Sales", "employeeId": str(number),
        "mailNickname": f"filled{number}", "city": "Berlin", "country": "DE", "preferredLanguage": "de-DE", "manager": None,
    }  # fmt: skip
    return SourceUser(id=f"filled-u{number}", attributes=attributes)


def _groups(count: int, users: int) -> Iterator[Record]:
    for number in range(count):
        yield SourceGroup(id=f"filled-g{number}", attributes={"displayName": f"Filled {number}"})
        for id_ in _members(number, users):
            yield Membership(group_id=f"filled-g{number}", member_id=id_)


def _members(group: int, users: int) -> list[str]:
    return [f"filled-u{(group * MEMBERS + number) % users}" for number in range(MEMBERS)]


def _wrote(number: int) -> dict[str, object]:
    login = f"filled{number}@contoso.example"
    return {
        "userName": login,
        "active": True,
        "displayName": f"Filled {number}",
        "title": "Engineer",
        "name.givenName": "Filled",
        "name.familyName": str(number),
        "name.formatted": f"Filled {number}",
        "externalId": f"filled{number}",
        'emails[type eq "work"].value': login,
        'addresses[type eq "work"].locality': "Berlin",
        'addresses[type eq "work"].country': "DE",
        "preferredLanguage": "de-DE",
        f"{ENTERPRISE_SCHEMA}:department": "Sales",
        f"{ENTERPRISE_SCHEMA}:employeeNumber": str(number),
    }
