"""How a sandbox organisation behaves where live ones differ, or where a fault of the wild is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, get_args

from syncd.core.model import Json

#: How the `Link` header of a page looks. Okta API documentation, "Pagination", and what live organisations send.
LinkForm = Literal[
    "two-lines",  # self first, then next: what live organisations send
    "next-first",
    "joined",  # one line, comma-joined
    "capital",  # the header's name is `Link`
    "unquoted",  # rel=next
    "comma-in-url",  # fields=id,status unencoded
    "with-prev",
    "other-host",  # a custom domain
    "base64-cursor",  # with + / = percent-encoded
    "reescaped-search",
]
Plan = Literal["workforce", "free", "unlimited"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Switches of one organisation; each default is what most live organisations do."""

    link_form: LinkForm = "two-lines"
    over_limit: Literal["clamp", "refuse"] = "clamp"  #: what a `limit` above the maximum gets
    page_size: int | None = None  #: short pages: never more than this, whatever `limit` says
    empty_pages: bool = False  #: every second page is empty and still has a next
    shifting_pages: bool = False  #: pages by position, not by key: changes in mid-read give duplicates and gaps
    cursor_lifetime_s: float = 86_400
    lenient_ssws: bool = False  #: take `SSWS<token>` without its space
    group_admin_only: bool = False  #: the administrator role sees no BUILT_IN groups
    deprovisioned_members: bool = True  #: /groups/{id}/users lists deactivated users that stayed members
    index_delay_s: float = 0  #: how far search, filter and q lag behind
    membership_delay_s: float = 0  #: until a membership change reaches the app's users
    transition_s: float = 0  #: how long transitioningToStatus shows before a status changes
    provisioning: bool = False  #: Okta provisions too: app users are PROVISIONED with an externalId, else ACTIVE
    unknown_feature: bool = False  #: the app has a feature that no client knows
    log_out_of_order: bool = False  #: every third event was published before its predecessor
    log_late_s: float = 0  #: bounded log queries do not see events younger than this
    log_duplicates: bool = False  #: a polling answer repeats the last event of the one before
    token_lifetime_s: int = 3600
    plan: Plan = "unlimited"  #: rate limits of which kind of organisation
    share_percent: int = 50  #: of each bucket and of the concurrency limit for one principal
    buckets: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  #: limits in place of the plan's
    concurrency: int | None = None  #: requests at once, in place of the plan's

    def with_(self, changes: Mapping[str, Json]) -> Options:
        """A copy with these changes. ValueError for a name or a value that is none."""
        for name, value in changes.items():
            if name not in self.__slots__:
                raise ValueError(f"no option {name}; options: {', '.join(self.__slots__)}")
            if name == "link_form" and value not in get_args(LinkForm):
                raise ValueError(f"no link_form {value}; there are {', '.join(get_args(LinkForm))}")
            if name == "plan" and value not in get_args(Plan):
                raise ValueError(f"no plan {value}; there are {', '.join(get_args(Plan))}")
        return replace(self, **changes)
