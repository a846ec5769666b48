"""The servers that the sandbox can play: the plain RFC, and products after their public documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.sandbox.scim.quirks import Quirks
from connectors.sandbox.scim.testmu import TESTMU

#: Targets that Microsoft Entra's customers use without the compliance flag have to understand "False", a manager as a
#: text, the removal of members by a value array, and the replacement of an element that is not there yet.
_UNDERSTANDS_ENTRA = Quirks(
    string_booleans="accepted",
    manager_forms=("string", "complex", "list"),
    absent_element="created",
    pathless_dotted="applied",
)

PRESETS: Mapping[str, Quirks] = {
    "strict": Quirks(),
    "testmu": TESTMU,
    # Users are created and updated, never deleted; without an e-mail address there is no user.
    "modyo": replace(
        _UNDERSTANDS_ENTRA,
        required=("emails",),
        unique=("group.displayName",),
        refused_requests=("DELETE /Users",),
    ),
    # Group provisioning exists from product version 1.51 on: `groups="on"` makes it that version.
    "lightrun": replace(_UNDERSTANDS_ENTRA, groups="absent"),
    # Members are never shown, a list goes on by cursor, and what has several values elsewhere has one here.
    "aws": Quirks(
        required=("displayName", "name.givenName", "name.familyName"),
        unique=("group.displayName", "user.externalId"),
        single_valued=("emails", "phoneNumbers", "addresses"),
        members_shown=False,
        member_changes=100,
        members_replace="adds",
        remove_all=400,
        patch_answer=204,
        filter="eq",
        filter_attributes=("user.userName", "user.externalId", "group.displayName", "group.externalId"),
        max_page=100,
        cursor=True,
        announces_bulk=False,
        etag="absent",
    ),
    # An enterprise of managed users.
    "github": Quirks(
        required=("externalId", "active", "displayName", "emails", "name.givenName", "name.familyName"),
        unique=("user.externalId", "group.displayName"),
        filter="eq",
        filter_attributes=(
            "user.userName",
            "user.externalId",
            "user.id",
            "user.displayName",
            "group.externalId",
            "group.id",
            "group.displayName",
        ),
        page_size=30,
        max_page=100,
        announces_bulk=False,
        etag="absent",
    ),
    # Users alone; an update changes `active` and nothing else.
    "gitlab": Quirks(
        required=("externalId", "emails", "name"),
        unique=("user.externalId", "user.emails"),
        groups="absent",
        discovery=False,
        filter="eq",
        filter_attributes=("user.id", "user.externalId", "user.userName"),
        page_size=20,
        user_patch_paths=("active", "externalId"),
        patch_answer=204,
        error_style="detail",
        etag="absent",
    ),
    # Nothing is found by a filter, and a group has a limit.
    "slack": Quirks(
        required=("emails",),
        unique=("user.emails",),
        filter="refused",
        announces_filter=False,
        announces_bulk=False,
        page_size=10,
        delete_user="deactivated",
        member_limit=15_000,
        member_changes=15_000,
        etag="absent",
    ),
    # The licence has seats: `seats=n` sets how many.
    "keepnet": replace(_UNDERSTANDS_ENTRA, required=("emails",)),
}


def preset(name: str) -> Quirks:
    """The quirks of one of the PRESETS. Raises ValueError that names them for any other name."""
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
