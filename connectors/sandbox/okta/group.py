"""An Okta group: native (OKTA_GROUP), imported from a directory (APP_GROUP) or Everyone (BUILT_IN).

Names are not unique across sources. Shape: Okta API documentation, "Groups".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from syncd.core.model import Json

GroupType = Literal["OKTA_GROUP", "APP_GROUP", "BUILT_IN"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One group without its members."""

    id: str
    type: GroupType = "OKTA_GROUP"
    profile: Mapping[str, Json]
    created: str
    last_updated: str  #: moves with the profile
    last_membership_updated: str  #: moves with the members
    source_id: str | None = None  #: the app that an APP_GROUP was imported from

    @property
    def name(self) -> str:
        return str(self.profile["name"])

    def json(self, org_url: str) -> dict[str, Json]:
        """The group as Okta sends it."""
        href = f"{org_url}/api/v1/groups/{self.id}"
        imported = self.type == "APP_GROUP"
        links: dict[str, Json] = {"logo": [], "users": {"href": f"{href}/users"}, "apps": {"href": f"{href}/apps"}}
        if self.source_id:
            links["source"] = {"href": f"{org_url}/api/v1/apps/{self.source_id}"}
        return {
            "id": self.id,
            "created": self.created,
            "lastUpdated": self.last_updated,
            "lastMembershipUpdated": self.last_membership_updated,
            "objectClass": ["okta:windows_security_principal" if imported else "okta:user_group"],
            "type": self.type,
            **({"source": {"id": self.source_id}} if self.source_id else {}),
            "profile": dict(self.profile),
            "_links": links,
        }

    def attribute(self, path: str) -> Json:
        """The value that a search expression names: `type`, `source.id`, `profile.name`."""
        if path.startswith("profile."):
            return self.profile.get(path[8:])
        return getattr(self, _FIELDS[path]) if path in _FIELDS else None


_FIELDS = {
    "id": "id",
    "type": "type",
    "created": "created",
    "lastUpdated": "last_updated",
    "lastMembershipUpdated": "last_membership_updated",
    "source.id": "source_id",
}
