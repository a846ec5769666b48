"""What a target's answer means: an Outcome with the codes of Entra's provisioning log, or an error of a read.

By HTTP status first, since bodies are unreliable: some services give no status in them, a number in place of a text, a
wrong scimType, or a page of HTML. The service's own words are kept (RFC 7644 section 3.12).
Codes: Microsoft Entra documentation, "Provisioning logs", error codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from connectors.errors import Unauthorized, Unreachable, Unusable
from connectors.scim.answer import Answer, NoAnswer
from connectors.scim.profile import Profile
from syncd.core.change import Outcome
from syncd.core.model import Kind

_INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"

CODES: Mapping[int, str] = {
    400: _INCOMPATIBLE,
    401: "Unauthorized",
    402: "LicenseLimitExceeded",
    403: "InsufficientRights",
    404: "InvalidAnchor",
    405: "MethodNotAllowed",
    408: "Timeout",
    409: "Conflict",
    410: "InvalidAnchor",
    412: "EntryConflict",
    413: "UnprocessableEntity",
    422: "UnprocessableEntity",
    429: "TooManyRequests",
    501: "NotImplemented",
    504: "Timeout",
}

_REMEDIES: Mapping[str, str] = {
    "Conflict": "Another object at the target holds this name: link it, rename it or remove it there.",
    "Unauthorized": "Renew the target's token in config.toml, then run: syncd check",
    "InsufficientRights": "Give the token the right to write this kind of object.",
    "MethodNotAllowed": "Choose a profile or a dialect that fits the product.",
    "NotImplemented": "Choose a profile or a dialect that fits the product.",
    "TooManyRequests": "Lower rate or concurrency of the target if this comes again.",
    "LicenseLimitExceeded": "Free a licence, or narrow the scope.",
    "UnprocessableEntity": "Correct the attribute that the target names, at the source or in the mapping.",
    _INCOMPATIBLE: "Correct the attribute that the target names, at the source or in the mapping.",
    "InternalServerError": "The next cycle tries again.",
    "Timeout": "The next cycle tries again.",
    "WebExceptionProtocolError": "The next cycle tries again.",
}


def code_of(answer: Answer) -> str:
    """The log's code for an error answer."""
    if answer.status in (400, 422) and (answer.scim_type or "").lower() == "uniqueness":
        return "Conflict"
    if 300 <= answer.status < 400:
        return "WebExceptionProtocolError"
    if answer.status >= 500:
        return CODES.get(answer.status, "InternalServerError")
    return CODES.get(answer.status, _INCOMPATIBLE)


def describe(answer: Answer) -> str:
    """Status and the service's own words: "400: displayName is required (invalidValue)"."""
    wait = answer.headers.get("Retry-After") if answer.status in (429, 503) else None
    later = f" (it asks to wait {wait})" if wait else ""
    return f"{answer.status}: {answer.words}{later}" if answer.words else f"{answer.status}, without a word{later}"


def failed(answer: Answer, profile: Profile, kind: Kind, *, detail: str | None = None) -> Outcome:
    """The Outcome of a refused write."""
    code = code_of(answer)
    known = profile.words(kind, answer.status, answer.words)
    return Outcome(
        status="failed",
        http_status=answer.status,
        code=code,
        message=detail or describe(answer),
        remedy=known.remedy if known else _REMEDIES.get(code, ""),
        permanent=bool(known and known.permanent),
    )


def unanswered(broken: NoAnswer, *, maybe: bool) -> Outcome:
    """The Outcome of a write that got no answer; `maybe` where it may have been carried out."""
    code = "Timeout" if broken.timeout else "WebExceptionProtocolError"
    return Outcome(status="maybe" if maybe else "failed", code=code, message=broken.detail, remedy=_REMEDIES[code])


def raise_for(answer: Answer, *, target: str, doing: str, profile: Profile, kind: Kind | None = None) -> NoReturn:
    """Raise the TargetError that an unusable answer to a read means."""
    known = profile.words(kind, answer.status, answer.words)
    detail = f"{doing}: {describe(answer)}" + (f". {known.remedy.rstrip('.')}" if known else "")
    if answer.status in (401, 403):
        raise Unauthorized(target=target, detail=detail)
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise Unreachable(target=target, detail=detail)
    if answer.ok:
        raise Unusable(target=target, detail=f"{doing}: {answer.status}, but the answer is no SCIM resource or list")
    raise Unusable(target=target, detail=detail)
