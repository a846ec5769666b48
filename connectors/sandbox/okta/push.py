"""Group push mappings: which Okta group Okta's own provisioning wrote to which group of the target.

Shape and rules: Okta API documentation, "Group Push Mappings".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from syncd.core.model import Json

PushStatus = Literal["ACTIVE", "INACTIVE", "ERROR"]
PUSH_STATUSES: tuple[str, ...] = get_args(PushStatus)


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupPushMapping:
    """One pushed group. Times end in seconds here, unlike elsewhere in the API."""

    id: str
    app_id: str
    source_group_id: str
    target_group_id: str
    status: PushStatus = "ACTIVE"
    error_summary: str = ""
    created: str
    last_updated: str
    last_push: str | None = None

    def json(self, org_url: str) -> dict[str, Json]:
        """The mapping as Okta sends it."""
        api = f"{org_url}/api/v1"
        return {
            "id": self.id,
            "status": self.status,
            "errorSummary": self.error_summary,
            "sourceGroupId": self.source_group_id,
            "targetGroupId": self.target_group_id,
            "created": seconds(self.created),
            "lastUpdated": seconds(self.last_updated),
            "lastPush": seconds(self.last_push) if self.last_push else None,
            "_links": {
                "app": {"href": f"{api}/apps/{self.app_id}"},
                "sourceGroup": {"href": f"{api}/groups/{self.source_group_id}"},
                "targetGroup": {"href": f"{api}/groups/{self.target_group_id}"},
            },
        }


def seconds(at: str) -> str:
    """`2026-02-01T09:00:00Z` from a stored time."""
    return f"{at[:19]}Z"
