"""A crowd of one pattern, as large as one likes: the same people and groups as a source, the state DB and a target know them.

User n is "filled-u<n>" at the source and "t-filled-u<n>" at the target; group n has twenty of the users as members.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from connectors.scim.dialects import DIALECTS
from connectors.scim.requests import new_body
from syncd.core.attributes import ENTERPRISE_SCHEMA
from syncd.core.model import Json, Kind

MEMBERS = 20  #: of each group
_LETTER: dict[Kind, str] = {"user": "u", "group": "g"}


def source_id(kind: Kind, number: int) -> str:
    return f"filled-{_LETTER[kind]}{number}"


def target_id(source_id: str) -> str:
    return f"t-{source_id}"


def number_of(target_id: str) -> int | None:
    """Which of the crowd it is; None for anybody else."""
    mark, number = target_id[:10], target_id[10:]
    return int(number) if mark in ("t-filled-u", "t-filled-g") and number.isdecimal() else None


def group_name(number: int) -> str:
    return f"Filled {number}"


def person(number: int) -> dict[str, Json]:
    """A user's properties as Graph names them."""
    login = f"filled{number}@contoso.example"
    return {
        "userPrincipalName": login, "mail": login, "displayName": f"Filled {number}", "givenName": "Filled",
        "surname": str(number), "jobTitle": "Engineer", "department": "Sales", "employeeId": str(number),
        "mailNickname": f"filled{number}", "city": "Berlin", "country": "DE", "preferredLanguage": "de-DE",
    }  # fmt: skip


def wrote(kind: Kind, number: int) -> dict[str, Json]:
    """What the default mapping makes of a user or a group, by path."""
    if kind == "group":
        return {"displayName": group_name(number), "externalId": source_id("group", number)}
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """So many of them."""

    users: int = 0
    groups: int = 0

    def members(self, group: int) -> list[str]:
        """Source ids."""
        return [source_id("user", (group * MEMBERS + number) % self.users) for number in range(MEMBERS)]

    def resources(self, kind: Kind) -> Iterator[bytes]:
        """Them as a SCIM service shows them, groups with their members."""
        for number in range(self.users if kind == "user" else self.groups):
            shown = new_body(wrote(kind, number), kind, DIALECTS["rfc7644"])
            if kind == "group":
                shown["members"] = [{"value": target_id(id_)} for id_ in self.members(number)]
            yield orjson.dumps({"id": target_id(source_id(kind, number)), **shown})
