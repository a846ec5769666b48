"""How many users a second the default mapping and the diff take on one core, beside the same by hand.

    python bench/mapping.py [USERS [ROUNDS]]

Both sides begin with a source object in memory and with what was last written, and end with the attributes to be sent:
syncd by its 22 default rows, `diff` and `Change`, the other by a Python function that does just that and can do nothing
else. One user in ten changes. The sides alternate in small blocks, several times, and each block's best time counts, so
that a busy machine slows both alike.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.change import Change, Link
from syncd.core.defaults import DEFAULT_MAPPINGS
from syncd.core.diff import Policy, Situation, diff
from syncd.core.entry import Entry
from syncd.core.expression import EvaluationContext
from syncd.core.mapping import compile_mapping
from syncd.core.scope import Scope, Verdict
from syncd.core.vocabulary import vocabulary

Properties = Mapping[str, Any]
BLOCK = 1000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIRECT = {
    "displayName": "displayName",
    "title": "jobTitle",
    'emails[type eq "work"].value': "mail",
    "preferredLanguage": "preferredLanguage",
    "name.givenName": "givenName",
    "name.familyName": "surname",
    'addresses[type eq "work"].formatted': "officeLocation",
    'addresses[type eq "work"].streetAddress': "streetAddress",
    'addresses[type eq "work"].locality': "city",
    'addresses[type eq "work"].region': "state",
    'addresses[type eq "work"].postalCode': "postalCode",
    'addresses[type eq "work"].country': "country",
    'phoneNumbers[type eq "mobile"].value': "mobilePhone",
    'phoneNumbers[type eq "fax"].value': "faxNumber",
    "externalId": "mailNickname",
    f"{ENTERPRISE_SCHEMA}:employeeNumber": "employeeId",
    f"{ENTERPRISE_SCHEMA}:department": "department",
}


def person(number: int) -> dict[str, Any]:
    """A user as Graph sends one. Every third has no fax, every fifth no mobile, one in twenty is disabled."""
    names = [*DIRECT.values(), "userPrincipalName"]
    found: dict[str, Any] = {name: f"{name} {number}" for name in names}
    found |= {"mail": f"user{number}@contoso.com", "userPrincipalName": f"user{number}@contoso.com"}
    found |= {"businessPhones": [f"+1 555 {number:07d}"], "manager": f"manager-{number // 10}", "id": f"id-{number}"}
    found |= {"givenName": "Zoë", "accountEnabled": number % 20 != 0}
    if number % 3 == 0:
        found["faxNumber"] = None
    if number % 5 == 0:
        del found["mobilePhone"]
    return found


def by_hand(entry: Entry, wrote: Properties) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """(before, after) of one user, or None where nothing changed: the 22 rows written out."""
    user = entry.attributes
    values: dict[str, Any] = {}
    login = user.get("userPrincipalName")
    if isinstance(login, str) and "#EXT#" in login.upper():
        alias, _, domain = login[: login.upper().index("#EXT#")].rpartition("_")
        login = f"{alias}@{domain}"
    values["userName"] = login or None
    values["active"] = not entry.soft_deleted
    for path, name in DIRECT.items():
        value = user.get(name)
        if value is not None and not isinstance(value, str):
            value = str(value)
        values[path] = value or None
    parts = [part for part in (user.get("givenName"), user.get("surname")) if part]
    values["name.formatted"] = " ".join(parts) or None
    phones = user.get("businessPhones")
    values['phoneNumbers[type eq "work"].value'] = phones[0] if phones else None
    manager = user.get("manager")
    if manager is not None and not isinstance(manager, str):
        raise TypeError(manager)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for path, value in values.items():
        had = wrote.get(path)
        if value != had:
            before[path], after[path] = had, value
    return (before, after) if after else None


MAPPING = compile_mapping(
    DEFAULT_MAPPINGS["graph", "user"], vocabulary=vocabulary("graph", "user"), match=["userName"], job="bench"
)
CONTEXT = EvaluationContext(now=lambda: NOW)
POLICY = Policy(actions=frozenset({"create", "update", "deactivate", "delete"}))
IN = Verdict(scope=Scope.IN, clause="assigned directly")


def by_syncd(entry: Entry, link: Link) -> Change | None:
    """The same by the compiled mapping and the decision table."""
    situation = Situation(
        kind="user",
        source_id=entry.id,
        name=link.target_id,
        state="live",
        verdict=IN,
        desired=MAPPING.desired(entry, CONTEXT),
        link=link,
    )
    return diff(situation, POLICY, now=NOW, mark=_no_mark)


def _no_mark(value: Any) -> Any:
    raise AssertionError(value)


def written(entry: Entry, number: int) -> Link:
    """The link of a user, as the last cycle left it; one in ten has had another title."""
    wrote = {path: value for path, value in MAPPING.desired(entry, CONTEXT).values.items() if value is not None}
    wrote[f"{ENTERPRISE_SCHEMA}:manager"] = f"target-{number // 10}"
    if number % 10 == 0:
        wrote["title"] = "Engineer"
    active = bool(wrote["active"])
    return Link(job="bench", kind="user", source_id=entry.id, target_id=str(number), active=active, wrote=wrote)


def spent(work: Callable[[Entry, Any], Any], pairs: list[tuple[Entry, Any]]) -> float:
    """Seconds of CPU."""
    begun = time.process_time()
    for entry, before in pairs:
        work(entry, before)
    return time.process_time() - begun


def main(count: int, rounds: int) -> None:
    entries = []
    for number in range(count):
        user = person(number)
        enabled = bool(user["accountEnabled"])
        entries.append(Entry(kind="user", id=user["id"], attributes=user, enabled=enabled, soft_deleted=not enabled))
    links = [written(entry, number) for number, entry in enumerate(entries)]
    changed = 0
    for entry, link in zip(entries, links, strict=True):
        change, by_function = by_syncd(entry, link), by_hand(entry, link.wrote)
        assert (None if change is None else (dict(change.before), dict(change.after))) == by_function
        changed += change is not None
    ours = hand = 0.0
    for at in range(0, count, BLOCK):
        here = slice(at, at + BLOCK)
        mine = list(zip(entries[here], links[here], strict=True))
        other = [(entry, link.wrote) for entry, link in mine]
        times = [(spent(by_syncd, mine), spent(by_hand, other)) for _ in range(rounds)]
        ours += min(time for time, _ in times)
        hand += min(time for _, time in times)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {len(MAPPING.rows)} rows, {count:,} users")
    print(f"both sides agree on every user; {changed:,} changed")
    for name, seconds in (("syncd", ours), ("by hand", hand)):
        print(f"{name:8} {count / seconds:>9,.0f} users a second of CPU, {seconds / count * 1e6:5.1f} us each")
    print(f"ratio    {ours / hand:.2f}")


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    main(arguments[0] if arguments else 20_000, arguments[1] if len(arguments) > 1 else 5)
