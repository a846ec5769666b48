"""The service's habits that a client must survive, each one a switch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from syncd.core.model import Json


class Quirks(BaseModel):
    """Switches of the Graph service; the defaults are what Graph is known to do on an ordinary day."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    # Delta: pages
    users_page: int = Field(default=200, ge=1, le=5_000)  #: users on a page
    groups_page: int = Field(default=200, ge=1, le=5_000)  #: groups on a page
    members_page: int = Field(default=500, ge=1, le=50_000)  #: members in one occurrence of a group
    members_budget: int = Field(default=2_000, ge=1, le=100_000)  #: members on a page
    empty_pages: bool = False  #: pages without objects: the first, every third, and the one before the last
    short_pages: bool = False  #: any length up to the full one
    single_group_pages: bool = False
    repeat_on_page: bool = False  #: a big group comes back on the same page, not only on the next
    random_order: bool = False
    duplicates: bool = False  #: an object comes twice, on two pages: first an older version, then the newer
    endless_chain: bool = False  #: the nextLink leads to the same page for ever
    foreign_host_link: str | None = None  #: scheme and host that links point to, "http://127.0.0.2:1"
    awkward_tokens: bool = False  #: links carry %2B, %2F and %3D as well

    # Delta: what is said
    replays: float = Field(default=0, ge=0, le=1)  #: share of earlier changes that come again in a later round
    late_visibility: float = Field(default=0, ge=0)  #: seconds until delta shows a change
    removed_in_initial: bool = True  #: a few deleted objects and members appear in an initial round
    silent_member_removal: bool = True  #: groups/delta does not tell that a member was deleted as a user
    silent_member_return: bool = False  #: nor that a restored user is a member again
    restore_invisible: bool = False  #: a restored object does not come back in delta
    manager_single_entry: bool = False  #: a new manager without the removal of the old one
    strict_tokens: bool = True  #: $select beside a token is refused

    # Delta: the end of tokens
    delta_age_s: float = 7 * 86_400
    skip_age_s: float | None = None
    expired_as: Literal[400, 410] = 400
    resync_code: Literal["resyncRequired", "resyncApplyDifferences", "resyncUploadDifferences"] = "resyncRequired"
    resync_location: str | None = "own"  #: "own", None for no Location, or scheme and host of another place

    # Reads
    assignment_lag: float = Field(default=0, ge=0)  #: seconds until appRoleAssignedTo shows a change, both ways
    assignment_rows_missing: int = Field(default=0, ge=0)  #: so many first pages from now on lack every fifth row
    assignment_rows_need_top: bool = False  #: rows of service principals are shown only with $top=999
    replica_lag: float = Field(default=0, ge=0)  #: every second read does not know the last so many seconds
    hidden_membership: Literal["empty", "forbidden"] = "empty"  #: to who may not see it
    get_by_ids_select: bool = True  #: getByIds takes $select
    group_hard_delete: bool = False  #: a deleted security group is gone at once

    # Tokens and throttling
    claims_challenge: bool = False  #: the first use of each token meets a claims challenge (CAE)
    any_token: bool = False  #: every bearer token is as good as the sandbox's own
    throttle: bool = True
    tenant_size: Literal["S", "M", "L"] | None = None  #: None: by the number of users
    retry_after: Literal["seconds", "date", "missing", "long"] = "seconds"

    def set(self, switches: Mapping[str, Json]) -> Mapping[str, Json]:
        """Set switches by name; gives all of them. Raises ValueError for a name or value that does not exist."""
        checked = Quirks.model_validate({**self.model_dump(), **switches})
        for name in type(self).model_fields:
            setattr(self, name, getattr(checked, name))
        return self.model_dump()

    def clear(self) -> None:
        """Back to the defaults."""
        self.set(Quirks().model_dump())
