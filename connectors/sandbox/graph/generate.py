"""A tenant from a seed: people of many countries, departments, nested groups, guests, leavers, and assignments."""

from __future__ import annotations

import random
from dataclasses import dataclass

from connectors.sandbox.graph.directory import BIN_S, GraphDirectory
from connectors.sandbox.graph.entity import (
    ZERO_ROLE,
    AppRoleAssignment,
    Contact,
    Device,
    Entity,
    Group,
    ServicePrincipal,
    User,
)
from connectors.sandbox.people import people


@dataclass(frozen=True, kw_only=True, slots=True)
class Tenant:
    """How big a generated tenant is. None: in proportion to the users."""

    seed: int = 1
    users: int = 120
    groups: int | None = None
    memberships: int | None = None
    assignments: int | None = None  #: rows of appRoleAssignedTo, groups among them
    domain: str = "contoso.example"
    app_name: str = "syncd sandbox"
    app_id: str = "d0000000-0000-4000-8000-000000000001"
    service_principal_id: str = "c0000000-0000-4000-8000-000000000001"


_ROLES = (
    {"id": "e0000000-0000-4000-8000-000000000001", "displayName": "Administrator", "value": "Admin"},
    {"id": "e0000000-0000-4000-8000-000000000002", "displayName": "User", "value": "User"},
    {"id": "e0000000-0000-4000-8000-000000000003", "displayName": "Guest", "value": "Guest"},
    {"id": "e0000000-0000-4000-8000-000000000004", "displayName": "Auditor", "value": None},
    {"id": "e0000000-0000-4000-8000-000000000005", "displayName": "Legacy", "value": "legacy", "isEnabled": False},
)
_TEAMS = (
    "Engineering",
    "Sales",
    "Marketing",
    "Finance",
    "Legal",
    "Support",
    "Research",
    "Operations",
    "Design",
    "Data",
)
_PREFIXES = ("", "eng-", "qa-", "All ", "DL ", "SG_")


def generate(directory: GraphDirectory, tenant: Tenant) -> None:
    """Fill the directory, which is emptied first. The same tenant gives the same ids, whenever it is made.

    One user in fifty is disabled, one in twenty-five a guest, a few are in the bin; every manager chain ends at
    user 0, and there is one circle. Nothing of it is in the change log: a delta round begins with it.
    """
    with directory.lock:
        directory.clear(domain=tenant.domain, seed=tenant.seed)
        rng = random.Random(f"tenant {tenant.seed}")  # noqa: S311 - reproducible test data, no secret
        now = directory.clock.time()
        _application(directory, tenant, now)
        _users(directory, tenant, now)
        _groups(directory, tenant, rng, now)
        _assignments(directory, tenant, rng, now)
        _bin(directory, now)


def _application(directory: GraphDirectory, tenant: Tenant, now: float) -> None:
    directory.create_application(
        tenant.app_name, roles=_ROLES, object_id=tenant.service_principal_id, app_id=tenant.app_id
    )
    other = directory.create_application("Another application", roles=_ROLES[1:2])
    directory.log = type(directory.log)()
    for principal in directory.principals:
        principal.created = now - 400 * 86_400
    directory.assignments.append(
        AppRoleAssignment(
            id=f"{directory.ids.getrandbits(250):063x}",
            principal=directory.by_id[other],
            resource=directory.application,
            created=now - 86_400,
        )
    )


def _users(directory: GraphDirectory, tenant: Tenant, now: float) -> None:
    users = directory.users
    by_id = directory.by_id
    for number, person in enumerate(people(tenant.seed, tenant.users)):
        user = User(
            id=directory.new_id(),
            created=now - 86_400.0 * (number % 2_000),
            person=person,
            number=number,
            domain=tenant.domain,
            guest=number % 25 == 24,
            enabled=number % 50 != 49,
            manager=users[(number - 1) // 9] if number and number % 31 else None,
        )
        users.append(user)
        by_id[user.id] = user
    if len(users) > 40:
        users[31].manager, users[4].manager = users[4], users[31]


def _groups(directory: GraphDirectory, tenant: Tenant, rng: random.Random, now: float) -> None:
    users = directory.users
    count = tenant.groups if tenant.groups is not None else max(1, len(users) // 15)
    wanted = tenant.memberships if tenant.memberships is not None else len(users) * 4
    for kind in (Device, Contact):
        other = kind(id=directory.new_id(), created=now - 86_400, values={"displayName": f"{kind.__name__} 1"})
        directory.others.append(other)
        directory.by_id[other.id] = other
    sizes = _sizes(count, wanted, len(users), rng)
    for number, size in enumerate(sizes):
        team = _TEAMS[number % len(_TEAMS)]
        name = team if number < len(_TEAMS) else f"{_PREFIXES[number % len(_PREFIXES)]}{team} {number // len(_TEAMS)}"
        unified = number % 6 == 5
        group = Group(id=directory.new_id(), created=now - 86_400.0 * (number % 1_000))
        group.values = {
            "displayName": name,
            "mailNickname": name.lower().replace(" ", "-"),
            "mailEnabled": unified,
            "securityEnabled": not unified,
            "groupTypes": ["Unified"] if unified else [],
        }
        if number % 3:
            group.values["description"] = f"{team} staff"
        if unified:
            group.values["mail"] = f"{group.values['mailNickname']}@{tenant.domain}"
        group.order = _some(users, size, rng)
        if number % 7 == 3:
            # Nested: the group after the one that it contains, so that there is no circle.
            group.order.append(directory.groups[number // 2])
        if number == 1:
            group.order.extend(directory.others)
        directory.groups.append(group)
        directory.by_id[group.id] = group


def _sizes(count: int, wanted: int, users: int, rng: random.Random) -> list[int]:
    """Group sizes that sum up to about the wanted memberships: few big ones, many small ones, one empty."""
    if not count or not users:
        return [0] * count
    weights = [1 / (number + 2) ** 0.7 for number in range(count)]
    rng.shuffle(weights)
    total = sum(weights)
    sizes = [min(users, round(wanted * weight / total)) for weight in weights]
    if count > 5:
        sizes[5] = 0
    short = wanted - sum(sizes)
    for number in range(count):
        room = min(users - sizes[number], short) if number != 5 else 0
        if room <= 0:
            continue
        sizes[number] += room
        short -= room
    return sizes


def _some(users: list[User], size: int, rng: random.Random) -> list[Entity | None]:
    """So many different users: a stride through the list, which costs no set and reaches everyone."""
    if not size:
        return []
    start, count = rng.randrange(len(users)), len(users)
    step = max(1, count // size)
    chosen: list[Entity | None] = [users[(start + n * step) % count] for n in range(min(size, count // step))]
    chosen += [users[(start + n * step + 1) % count] for n in range(size - len(chosen))] if step > 1 else []
    return chosen


def _assignments(directory: GraphDirectory, tenant: Tenant, rng: random.Random, now: float) -> None:
    wanted = tenant.assignments if tenant.assignments is not None else max(1, len(directory.users) // 4)
    by_group = min(len(directory.groups), max(1, wanted // 20)) if wanted else 0
    roles = [ZERO_ROLE, *(role["id"] for role in _ROLES)]
    principals: list[Entity] = [*directory.groups[:by_group]]
    principals += directory.users[: max(0, wanted - by_group)]
    resource: ServicePrincipal = directory.application
    for number, principal in enumerate(principals):
        role = roles[2] if isinstance(principal, Group) else roles[rng.choice((0, 1, 2, 2, 2, 2, 3, 4))]
        twice = isinstance(principal, User) and number % 40 == 39
        for role_id in (str(role), roles[1]) if twice and role != roles[1] else (str(role),):
            directory.assignments.append(
                AppRoleAssignment(
                    id=f"{directory.ids.getrandbits(250):063x}",
                    principal=principal,
                    resource=resource,
                    role_id=str(role_id),
                    created=now - 3_600.0 * (number % 9_000 + 1),
                )
            )


def _bin(directory: GraphDirectory, now: float) -> None:
    """A few of the last users left within the last 30 days; they are still in their groups' order."""
    leavers = directory.users[-min(20, len(directory.users) // 50) :] if len(directory.users) >= 50 else []
    for number, user in enumerate(leavers):
        user.deleted = now - BIN_S + 86_400.0 * (number + 5)
        directory.bin[user.id] = user
        for row in directory.assignments:
            if row.principal is user:
                row.ended, row.suspended = user.deleted, True
