"""Accounts that are at the target before anyone provisions it."""

from __future__ import annotations

import random
import uuid

from connectors.sandbox.people import people
from connectors.sandbox.scim.directory import ScimDirectory
from connectors.sandbox.scim.members import Members
from syncd.core.attributes import ENTERPRISE_SCHEMA


def populate(
    directory: ScimDirectory, *, users: int, groups: int = 0, seed: int = 0, domain: str = "contoso.com"
) -> None:
    """Add users, and groups of about twenty of them; the same for the same seed. User names are e-mail addresses."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    ids = []
    for person in people(seed, users):
        address = f"{person.login_name}@{domain}"
        attributes = {
            "userName": address,
            "name": {"givenName": person.given_name, "familyName": person.surname},
            "displayName": person.display_name,
            "title": person.job_title,
            "active": True,
            "emails": [{"value": address, "type": "work", "primary": True}],
            ENTERPRISE_SCHEMA: {"department": person.department, "employeeNumber": person.employee_id},
        }
        ids.append(
            directory.add("user", str(uuid.UUID(int=draw.getrandbits(128), version=4)), attributes, Members()).id
        )
    for n in range(groups):
        members = Members()
        for member_id in draw.sample(ids, min(20, len(ids))):
            members.add({"value": member_id, "type": "User"})
        directory.add(
            "group", str(uuid.UUID(int=draw.getrandbits(128), version=4)), {"displayName": f"Team {n + 1}"}, members
        )
