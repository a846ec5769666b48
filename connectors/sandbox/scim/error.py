"""The refusal of a SCIM request, as RFC 7644 section 3.12 words it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from syncd.core.model import Json

ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"

#: RFC 7644 table 9, and invalidCursor of RFC 9865
ScimType = Literal[
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "invalidCursor",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
]


@dataclass(kw_only=True, eq=False)
class ScimError(Exception):
    """The service refuses a request; it becomes the answer's status and body."""

    status: int
    detail: str
    scim_type: ScimType | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.scim_type or ''}: {self.detail}"

    @property
    def data(self) -> dict[str, Json]:
        """The Error message; `status` is a string there."""
        body: dict[str, Json] = {"schemas": [ERROR_SCHEMA], "status": str(self.status), "detail": self.detail}
        if self.scim_type:
            body["scimType"] = self.scim_type
        return body


def refused(scim_type: ScimType, detail: str) -> ScimError:
    """A 400 with its scimType."""
    return ScimError(status=400, scim_type=scim_type, detail=detail)
