"""What an Okta source refuses to be configured with, in whole sentences."""

from __future__ import annotations

import pytest

from connectors.errors import NotConfigured
from connectors.okta.settings import OktaSettings
from syncd.core.secret import Secret


def settings(org_url: str) -> OktaSettings:
    return OktaSettings(name="acme", org_url=org_url, credential=Secret("t0ken"), app_id="0oa1")


@pytest.mark.parametrize(
    ("org_url", "detail"),
    [
        ("acme.okta.com", "org_url 'acme.okta.com' is no address like \"https://acme.okta.com\""),
        ("ftp://acme.okta.com", "org_url 'ftp://acme.okta.com' is no address like \"https://acme.okta.com\""),
        ("https://[acme", "org_url is no address at all"),
        ("https://acme.okta.com:port", "org_url is no address at all"),
        ("https://u:p@acme.okta.com", "org_url holds a user name or password; give the address alone"),
        ("https://acme.okta.com/api/v1", "org_url 'https://acme.okta.com/api/v1' has a path; give the address alone"),
        (
            "http://acme.okta.com",
            "org_url 'http://acme.okta.com' is plain http, which is allowed for loopback hosts only",
        ),
        (
            "https://acme-admin.okta.com",
            "org_url 'https://acme-admin.okta.com' is the address of the admin console; leave -admin out",
        ),
    ],
)
def test_an_unusable_org_url_is_refused(org_url: str, detail: str) -> None:
    with pytest.raises(NotConfigured) as refused:
        settings(org_url)
    assert str(refused.value) == f"Source acme: {detail}. Correct config.toml, then run: syncd check"


@pytest.mark.parametrize(
    ("org_url", "origin"),
    [
        ("https://acme.okta.com/", "https://acme.okta.com"),
        ("https://id.acme.example:8443", "https://id.acme.example:8443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
    ],
)
def test_the_origin_is_scheme_host_and_port(org_url: str, origin: str) -> None:
    assert settings(org_url).origin == origin


def test_the_token_shows_in_no_repr() -> None:
    assert "t0ken" not in repr(settings("https://acme.okta.com"))
