"""The table [jobs.<name>.users]."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from syncd.config.duration import DurationOrNever
from syncd.config.scoped_objects import Match, ScopedObjects

UserAction = Literal["create", "update", "deactivate", "delete"]


class Users(ScopedObjects):
    """Which users a job brings to the target, and how."""

    actions: tuple[UserAction, ...] = Field(
        default=("create", "update", "deactivate", "delete"),
        description="What the job may do: create, update, deactivate, delete. A deactivation is an update, and is "
        "allowed where either is listed",
    )
    match: Match = Field(
        default=("userName",),
        description="Target attributes by which an existing account is found, in order; the first hit counts",
    )
    out_of_scope: Literal["deactivate", "delete", "ignore"] = Field(
        default="deactivate", description="What becomes of an account whose user went out of scope"
    )
    delete_after: DurationOrNever = Field(
        default=None,
        json_schema_extra={"default": "never"},
        description="How long a deactivated account of a user who is gone is kept before it is deleted, such as 30d; "
        'by default "never" deleted for this reason',
    )
