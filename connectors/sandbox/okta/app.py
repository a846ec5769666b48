"""An Okta application, its users and its assigned groups.

Shapes: Okta API documentation, "Applications", "Application Users", "Application Groups".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import orjson

from connectors.sandbox.okta.group import Group
from syncd.core.model import Json

Scope = Literal["USER", "GROUP"]
FEATURES = (
    "GROUP_PUSH",
    "IMPORT_NEW_USERS",
    "IMPORT_PROFILE_UPDATES",
    "PUSH_NEW_USERS",
    "PUSH_PROFILE_UPDATES",
    "PUSH_USER_DEACTIVATION",
    "REACTIVATE_USERS",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """One application of the kind that custom SAML integrations are."""

    id: str
    name: str  #: the technical one: acme_testmu_1
    label: str
    created: str
    last_updated: str
    features: tuple[str, ...] = FEATURES
    user_name_template: str = "${source.login}"
    user_name_push: Literal["PUSH", "DONT_PUSH"] = "PUSH"  #: DONT_PUSH: the user name stays as it was on assignment

    def user_name(self, profile: Mapping[str, Json]) -> str:
        """The application user name of a user: `${source.x}` and `${fn:substringBefore(source.x, "@")}` are filled in."""

        def value(match: re.Match[str]) -> str:
            text = str(profile.get(match["plain"] or match["cut"]) or "")
            return text if match["plain"] else text.partition(match["before"])[0]

        return _TEMPLATE.sub(value, self.user_name_template)

    def json(self, org_url: str, *, unknown_feature: bool = False) -> dict[str, Json]:
        """The application as Okta sends it."""
        href = f"{org_url}/api/v1/apps/{self.id}"
        return {
            "id": self.id,
            "name": self.name,
            "label": self.label,
            "status": "ACTIVE",
            "created": self.created,
            "lastUpdated": self.last_updated,
            "accessibility": {"selfService": False, "errorRedirectUrl": None, "loginRedirectUrl": None},
            "visibility": {
                "autoLaunch": False,
                "autoSubmitToolbar": False,
                "hide": {"iOS": False, "web": False},
                "appLinks": {f"{self.name}_link": True},
            },
            "features": [*self.features, *(["AUTO_CONFIRM_IMPORTS"] if unknown_feature else [])],
            "signOnMode": "SAML_2_0",
            "credentials": {
                "userNameTemplate": {
                    "template": self.user_name_template,
                    "type": "BUILT_IN" if self.user_name_template.startswith("${source.") else "CUSTOM",
                    "pushStatus": self.user_name_push,
                },
                "signing": {"kid": f"kid-{self.id}"},
            },
            "settings": {"app": {}, "notifications": {"vpn": {"network": {"connection": "DISABLED"}}}, "signOn": {}},
            "_links": {
                "users": {"href": f"{href}/users"},
                "groups": {"href": f"{href}/groups"},
                "deactivate": {"href": f"{href}/lifecycle/deactivate"},
                "logo": [],
                "self": {"href": href},
            },
        }


_TEMPLATE = re.compile(
    r"\$\{(?:source\.(?P<plain>\w+)|fn:substringBefore\(source\.(?P<cut>\w+), *\"(?P<before>[^\"]+)\"\))\}"
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AppUser:
    """One user of an application, assigned directly (USER) or through a group (GROUP), with the evaluated profile."""

    id: str  #: the Okta user's
    scope: Scope
    group_id: str | None = None  #: the group that gives it, for scope GROUP
    status: str
    sync_state: str
    external_id: str | None = None  #: the account's id at the target, kept from the first provisioning
    created: str
    last_updated: str
    status_changed: str
    last_sync: str | None = None
    user_name: str
    packed: bytes  #: the evaluated profile as JSON

    @property
    def profile(self) -> dict[str, Json]:
        """The evaluated app profile."""
        profile: dict[str, Json] = orjson.loads(self.packed)
        return profile

    def json(self, org_url: str, app_id: str, group: Group | None, embedded: bytes | None) -> bytes:
        """The app user as Okta sends it. `group`: of scope GROUP; `embedded`: the user, with expand=user."""
        whole = _json(self, org_url, app_id, group.id if group else None, group.name if group else None)
        return b'%b,"_embedded":{"user":%b}}' % (whole[:-1], embedded) if embedded else whole


@lru_cache(maxsize=32_768)
def _json(row: AppUser, org_url: str, app_id: str, group_id: str | None, group_name: str | None) -> bytes:
    head: dict[str, Json] = {"id": row.id}
    if row.external_id:
        head["externalId"] = row.external_id
    head |= {
        "created": row.created,
        "lastUpdated": row.last_updated,
        "scope": row.scope,
        "status": row.status,
        "statusChanged": row.status_changed,
        "passwordChanged": None,
        "syncState": row.sync_state,
        "credentials": {"userName": row.user_name},
    }
    if row.last_sync:
        head["lastSync"] = row.last_sync
    links: dict[str, Json] = {
        "app": {"href": f"{org_url}/api/v1/apps/{app_id}"},
        "user": {"href": f"{org_url}/api/v1/users/{row.id}"},
    }
    if group_id:
        links["group"] = {"name": group_name, "href": f"{org_url}/api/v1/groups/{group_id}"}
    return b'%b,"profile":%b,"_links":%b}' % (orjson.dumps(head)[:-1], row.packed, orjson.dumps(links))


@dataclass(frozen=True, kw_only=True, slots=True)
class AppGroup:
    """The assignment of a group to an application."""

    id: str  #: the group's
    priority: int  #: 0 is the highest
    last_updated: str
    profile: Mapping[str, Json] = field(default_factory=dict)

    def json(self, org_url: str, app_id: str) -> dict[str, Json]:
        """The assignment as Okta sends it."""
        app, group = f"{org_url}/api/v1/apps/{app_id}", f"{org_url}/api/v1/groups/{self.id}"
        return {
            "id": self.id,
            "lastUpdated": self.last_updated,
            "priority": self.priority,
            "profile": dict(self.profile),
            "_links": {
                "app": {"href": app},
                "self": {"href": f"{app}/groups/{self.id}"},
                "group": {"href": group},
            },
        }
