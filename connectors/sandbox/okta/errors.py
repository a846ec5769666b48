"""Okta's errors: HTTP status, code and the five-field body.

Source: Okta API documentation, "Error codes and descriptions".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

STATUS = {
    "E0000001": 400,
    "E0000003": 400,
    "E0000006": 403,
    "E0000007": 404,
    "E0000009": 500,
    "E0000011": 401,
    "E0000022": 405,
    "E0000029": 400,
    "E0000031": 400,
    "E0000047": 429,
    "E0000053": 400,
}


@dataclass(kw_only=True, eq=False)
class OktaError(Exception):
    """{code}: {summary}"""

    code: str
    summary: str
    causes: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def body(self, error_id: str) -> bytes:
        """The JSON that Okta sends: errorCode, errorSummary, errorLink, errorId, errorCauses."""
        return orjson.dumps(
            {
                "errorCode": self.code,
                "errorSummary": self.summary,
                "errorLink": self.code,
                "errorId": error_id,
                "errorCauses": [{"errorSummary": cause} for cause in self.causes],
            }
        )


def invalid(what: str, why: str) -> OktaError:
    """400 E0000001: a parameter has a value that it cannot have."""
    return OktaError(code="E0000001", summary=f"Api validation failed: {what}", causes=(f"{what}: {why}",))


def not_found(id: str, kind: str) -> OktaError:  # noqa: A002 - the field's own word
    """404 E0000007: no such object."""
    return OktaError(code="E0000007", summary=f"Not found: Resource not found: {id} ({kind})")


def bad_cursor() -> OktaError:
    """400 E0000029: the `after` cursor is foreign, changed or expired."""
    return OktaError(code="E0000029", summary="Invalid paging request.")


def bad_criteria(detail: str) -> OktaError:
    """400 E0000031: `filter` or `search` cannot be understood, or asks for what is not supported."""
    return OktaError(code="E0000031", summary=f"Invalid search criteria. {detail}")


def forbidden(detail: str = "", **headers: str) -> OktaError:
    """403 E0000006: scope or administrator role is missing."""
    summary = "You do not have permission to perform the requested action"
    return OktaError(code="E0000006", summary=summary, causes=(detail,) if detail else (), headers=headers)


def bad_token(**headers: str) -> OktaError:
    """401 E0000011: wrong, expired or revoked credentials, or none."""
    return OktaError(code="E0000011", summary="Invalid token provided", headers=headers)
