"""`syncd check` for an Okta source: the credential, each permission by name, and the application."""

from __future__ import annotations

from connectors.errors import AccessDenied, SourceError
from connectors.okta.assignments import app_path
from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from syncd.core.model import Finding, Json


async def check(client: OktaClient) -> list[Finding]:
    """One finding a question; a credential that is refused is one finding, and nothing else is asked then."""
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
    return findings


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
