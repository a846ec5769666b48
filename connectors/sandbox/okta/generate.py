"""Organisations of any size, the same for the same seed: people of many countries, groups, applications, assignments.

About one in twelve users is not plainly ACTIVE. Each user is in the group of the department and in up to two teams.
The first departments are assigned to the application with a role, some people directly with another.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.packed import packed
from connectors.sandbox.okta.timestamp import timestamp
from connectors.sandbox.okta.user import Status, User
from connectors.sandbox.people import Person, people
from syncd.core.model import Json

DOMAIN = "acme.example"
#: users in a thousand
_SHARES: dict[Status, int] = {
    "ACTIVE": 916,
    "STAGED": 15,
    "PROVISIONED": 10,
    "SUSPENDED": 20,
    "DEPROVISIONED": 30,
    "LOCKED_OUT": 4,
    "PASSWORD_EXPIRED": 3,
    "RECOVERY": 2,
}
_STATUSES = tuple(_SHARES)
_THOUSAND = tuple(status for status, share in _SHARES.items() for _ in range(share))
_ROLES = ("viewer", "editor", "admin")
_LICENCES = (["basic"], ["basic", "pro"], ["audit"], ["pro"])
_COLOURS = ("blue", "green", "red", "yellow", "grün", "青")
_SITES: tuple[list[str], ...] = (["OSL", "BER"], ["NYC"], ["SIN", "TYO"], [])
_MOMENTS = 512


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What was generated."""

    users: int
    groups: int
    memberships: int
    apps: list[str]  #: ids
    app_users: int


def generate(directory: OktaDirectory, *, users: int = 100, groups: int | None = None, apps: int = 1) -> Summary:
    """Fill an empty organisation. Its System Log stays empty: all of it happened before the log begins.

    `groups`: beside Everyone; by default one to forty users, at least ten. ValueError where there are users already.
    """
    if len(directory.users):
        raise ValueError("the organisation is not empty")
    if not 0 <= users <= 2_000_000:
        raise ValueError("users: 0 to 2,000,000")
    rng = random.Random(f"organisation {directory.seed}")  # noqa: S311 - reproducible test data, no secret
    moments = [
        timestamp(directory.clock.now() - timedelta(days=400) + timedelta(seconds=n * 60_000)) for n in range(_MOMENTS)
    ]
    with directory.lock, directory.long_ago(moments[_MOMENTS // 2]):
        grouping = _Grouping(directory, rng, max(10, users // 40) if groups is None else groups)
        for number, person in enumerate(people(directory.seed, users)):
            user = _user(directory, rng, number, person, moments)
            directory.users.put(user, f"{person.login_name}@{DOMAIN}")
            grouping.join(user.id, person.department)
        app_ids = [_application(directory, rng, grouping, number) for number in range(apps)]
        return Summary(
            users=len(directory.users),
            groups=len(directory.groups),
            memberships=directory.members.count,
            apps=app_ids,
            app_users=sum(len(directory.apps[app_id]) for app_id in app_ids),
        )


def _user(directory: OktaDirectory, rng: random.Random, number: int, person: Person, moments: Sequence[str]) -> User:
    at = int(rng.random() * (_MOMENTS // 2))
    status = _THOUSAND[int(rng.random() * 1000)] if number >= len(_STATUSES) else _STATUSES[number]
    updated = moments[at + int(rng.random() * (_MOMENTS // 2))]
    signed_in = None if status in {"STAGED", "PROVISIONED"} else updated
    return User(
        id=directory.identifiers.next("user"),
        type_id=directory.user_type_id,
        packed=packed(_profile(person, number)),
        status=status,
        created=moments[at],
        activated=None if status == "STAGED" else moments[at],
        status_changed=updated,
        last_login=signed_in,
        last_updated=updated,
        password_changed=signed_in,
    )


def _profile(person: Person, number: int) -> dict[str, Json]:
    login = f"{person.login_name}@{DOMAIN}"
    profile: dict[str, Json] = {
        "login": login,
        "email": login,
        "firstName": person.given_name[:50],
        "lastName": person.surname[:50],
        "secondEmail": None,
        "mobilePhone": person.mobile if number % 5 else None,
        "primaryPhone": person.phone,
        "title": person.job_title,
        "department": person.department,
        "organization": person.company,
        "employeeNumber": person.employee_id,
        "streetAddress": person.street,
        "city": person.city,
        "state": person.state,
        "zipCode": person.postal_code,
        "countryCode": person.country,
        "preferredLanguage": person.language,
        "locale": person.language.replace("-", "_"),
        "badgeColour": _COLOURS[number % len(_COLOURS)],
        "sites": _SITES[number % len(_SITES)],
        "contractor": number % 9 == 0,
        "grade": 1 + number % 12,
    }
    if number % 3:
        profile["displayName"] = person.display_name
    return profile


class _Grouping:
    """The groups of a generated organisation: one a department, teams, and imported ones of the same names."""

    def __init__(self, directory: OktaDirectory, rng: random.Random, count: int) -> None:
        self._directory, self._rng, self._count = directory, rng, count
        self.departments: dict[str, str] = {}
        self._teams: list[str] = []
        self._made = 0

    def join(self, user_id: str, department: str) -> None:
        """Put a user into groups, making what is missing as long as there may be more."""
        members = self._directory.members
        if department not in self.departments and self._made < self._count:
            self.departments[department] = self._make(department)
        if department in self.departments:
            members.add(self.departments[department], user_id)
        if self._made < self._count and (len(self._teams) < 3 or self._rng.random() < 0.2):
            self._teams.append(self._team())
        for _ in range(int(self._rng.random() * 3) if self._teams else 0):
            members.add(self._teams[int(self._rng.random() * len(self._teams))], user_id)

    def fill(self) -> None:
        """Make the groups that are still missing; they have no members."""
        while self._made < self._count:
            self._teams.append(self._team())

    def _make(self, name: str, source: str | None = None) -> str:
        self._made += 1
        if source:
            profile = {"samAccountName": name.lower().replace(" ", "-"), "dn": f"CN={name},DC=acme,DC=example"}
            made = self._directory.create_group(name, type="APP_GROUP", source_id=source, profile=profile)
        else:
            made = self._directory.create_group(name, description=f"{name} at {DOMAIN}")
        return made.id

    def _team(self) -> str:
        number = len(self._teams) + 1
        if number % 10 == 3 and self.departments:
            names = list(self.departments)
            return self._make(names[number // 10 % len(names)], source="0oadirectory00000000")
        return self._make(f"Team {number:04d}")


def _application(directory: OktaDirectory, rng: random.Random, grouping: _Grouping, number: int) -> str:
    grouping.fill()
    label, name = (
        ("TestMu", "acme_testmu_1") if number == 0 else (f"Application {number + 1}", f"acme_app_{number + 1}")
    )
    app = directory.create_app(label, name=name)
    chosen = list(grouping.departments.values())[number : number + 5]
    groups: dict[str, dict[str, Json]] = {
        group_id: {"role": _ROLES[place % 3], "licences": _LICENCES[place % 4]} for place, group_id in enumerate(chosen)
    }
    users: dict[str, dict[str, Json]] = {}
    for user in directory.users:
        if user.status != "DEPROVISIONED" and rng.random() < 0.12:
            role = {"role": rng.choice(_ROLES)} if rng.random() < 0.7 else {}
            users[user.id] = {**role, "projectCode": f"P-{int(rng.random() * 900) + 100}"}
    directory.assign_many(app.id, users=users, groups=groups)
    return app.id
