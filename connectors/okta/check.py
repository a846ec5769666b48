"""`syncd check` for an Okta source: the credential, each permission by name, the application, and what a cycle meets."""

from __future__ import annotations

from collections.abc import Callable

from connectors.errors import AccessDenied, SourceError
from connectors.okta.assignments import app_path
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.group_push import push_findings
from connectors.okta.settings import OAuth
from syncd.core.model import Finding, Json

#: Okta takes a signed assertion, or a Date of a proof, that is some minutes off; from here on it is worth a word.
_SKEW_S = 60.0
_SKEW_LIMIT_S = 300.0

#: Requests a minute for /api/v1/apps that an organisation of the free class has at most.
_FREE = 20


async def check(client: OktaClient, *, now: Callable[[], float]) -> list[Finding]:
    """One finding a question; a credential that is refused is one finding, and nothing else is asked then.

    `now`: this machine's time in epoch seconds.
    """
    app = client.settings.app_id
    questions = (
        ("users can be read", "/api/v1/users?limit=1"),
        ("groups can be read", "/api/v1/groups?limit=1"),
        (f"the application {app} can be read", app_path(app)),
        ("its assigned users can be read", app_path(app, "users") + "?expand=user&limit=1"),
        ("its assigned groups can be read", app_path(app, "groups") + "?limit=20"),
    )
    findings: list[Finding] = []
    for what, path in questions:
        try:
            data = (await client.get(path, attempts=2)).data
        except Failure as failure:
            findings.append(_refused(client.settings.name, what, failure))
            if failure.of_token or failure.status in {0, 401}:
                break
            continue
        if path == app_path(app):
            findings.append(_application(what, data))
        elif isinstance(data, list):
            findings.append(Finding(ok=True, what=f"Okta: {what}", detail=_budget(client, path)))
        else:
            findings.append(Finding(ok=False, what=f"Okta: {what}", detail="the answer is no list", remedy=_ADDRESS))
    else:
        findings += [*await push_findings(client), *await _log(client)]
    return [*findings, *_class(client), *_clock(client, now())]


async def _log(client: OktaClient) -> list[Finding]:
    """Whether deletions are known at once; a log that may not be read is no fault."""
    what = "Okta: the System Log can be read"
    if not client.settings.system_log:
        return []
    try:
        await client.get("/api/v1/logs?limit=1", attempts=2)
    except Failure as failure:
        detail = f"it cannot ({failure}): deletions are found by full cycles alone"
        remedy = (
            f"Grant {failure.scope} to the service application, and the role Read-Only Administrator or Report"
            " Administrator; or set system_log = false."
        )
        return [Finding(ok=True, what=what, detail=detail, remedy=remedy)]
    return [Finding(ok=True, what=what, detail="deletions are known in the next cycle")]


def _class(client: OktaClient) -> list[Finding]:
    """The throttling class by the scarcest budget, that of /api/v1/apps."""
    paths = {"applications": "/api/v1/apps/x/users", "groups": "/api/v1/groups", "users": "/api/v1/users"}
    limits = {name: client.buckets.limit(path) for name, path in paths.items()}
    if not limits["applications"]:
        return []
    words = ", ".join(f"{name} {limit}" for name, limit in limits.items() if limit)
    name = "free" if limits["applications"] <= _FREE else "workforce"
    detail = f"{name} class: {words} requests a minute; a tenth of each is left to others"
    return [Finding(ok=True, what="Okta: throttling", detail=detail)]


def _clock(client: OktaClient, now: float) -> list[Finding]:
    theirs = client.server_time()
    if theirs is None:
        return []
    skew_s = now - theirs.timestamp()
    if abs(skew_s) < 2:
        return [Finding(ok=True, what="Okta: clock", detail="the same as Okta's")]
    side = "ahead of" if skew_s > 0 else "behind"
    detail = f"this machine is {abs(skew_s):,.0f} seconds {side} Okta"
    remedy = "" if abs(skew_s) < _SKEW_S else "Synchronise this machine's clock (timedatectl set-ntp true)."
    # Waits and watermarks go by Okta's own time; only what a service application signs goes by ours.
    signs = isinstance(client.settings.credential, OAuth)
    return [Finding(ok=abs(skew_s) < _SKEW_LIMIT_S or not signs, what="Okta: clock", detail=detail, remedy=remedy)]


_ADDRESS = "Check that org_url is the organisation's own address, without -admin."


def _application(what: str, app: Json) -> Finding:
    if not isinstance(app, dict):
        return Finding(ok=False, what=f"Okta: {what}", detail="the answer is no application", remedy=_ADDRESS)
    label, status = app.get("label"), app.get("status")
    active = status == "ACTIVE"
    return Finding(
        ok=active,
        what=f"Okta: {what}",
        detail=f"{label}, {status}",
        remedy="" if active else "Activate the application in Okta: an inactive one assigns nobody.",
    )


def _refused(source: str, what: str, failure: Failure) -> Finding:
    error: SourceError = failure.as_source_error(source, what)
    remedy = error.remedy if isinstance(error, AccessDenied) else ""
    if failure.status == 404:
        remedy = "Give the id of the application as app_id: it stands in the application's address in Okta's console."
    elif failure.status == 0 and not remedy:
        remedy = "Check org_url, this machine's network and, for a private authority, ca_file."
    return Finding(ok=False, what=f"Okta: {what}", detail=str(failure), remedy=remedy)


def _budget(client: OktaClient, path: str) -> str:
    limit = client.buckets.limit(path)
    return f"{limit} requests a minute" if limit else ""
