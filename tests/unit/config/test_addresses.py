"""URLs: https, plain http for loopback alone, no secret inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.config.address import is_loopback

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
MOVE = "Take it out of the URL and refer to it under its own key, then run: syncd check"


def target(url: str) -> str:
    return f'[targets.wiki]\nkind = "scim"\nurl = {url}\nauth = "none"\n'


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://auth.example/api/scim?aadOptscim062020", "https://auth.example/api/scim?aadOptscim062020"),
        ("https://auth.example:8443/scim/", "https://auth.example:8443/scim"),
        ("https://auth.example/", "https://auth.example"),
        ("http://127.0.0.1:8080/scim", "http://127.0.0.1:8080/scim"),
        ("http://localhost:1/scim", "http://localhost:1/scim"),
        ("http://[::1]:8080/scim", "http://[::1]:8080/scim"),
    ],
)
def test_a_url_is_kept_flag_and_all(workshop, url, kept):
    assert workshop.load(target=target(f'"{url}"')).targets["wiki"].url == kept


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (
            '"http://wiki.example/scim"',
            'plain http to "wiki.example"; plain http is for loopback alone; write "https://wiki.example/scim". ' + END,
        ),
        (
            '"http://localhost.wiki.example/scim"',
            'plain http to "localhost.wiki.example"; plain http is for loopback alone; write '
            '"https://localhost.wiki.example/scim". ' + END,
        ),
        (
            '"http://127.0.0.1.wiki.example/"',
            'plain http to "127.0.0.1.wiki.example"; plain http is for loopback alone; write '
            '"https://127.0.0.1.wiki.example/". ' + END,
        ),
        (
            '"http://10.0.0.1/scim"',
            'plain http to "10.0.0.1"; plain http is for loopback alone; write "https://10.0.0.1/scim". ' + END,
        ),
        (
            '"https://jane:hunter2@wiki.example/"',
            "a user name or password inside a URL (not shown here); the URL has none. " + MOVE,
        ),
        (
            '"https://wiki.example/?api_key=hunter2"',
            'a secret inside a URL ("api_key", its value not shown); the URL has none. ' + MOVE,
        ),
        ('"ftp://wiki.example/"', '"ftp://wiki.example/" is no web address; write https://host/path. ' + END),
        ('"wiki.example/scim"', '"wiki.example/scim" is no web address; write https://host/path. ' + END),
        ('"https:///scim"', '"https:///scim" is no web address; write https://host/path. ' + END),
        ('"https://wiki.example:99999/"', "no URL; write https://host or https://host:port. " + END),
        ('"https://[::1/"', "no URL; write https://host or https://host:port. " + END),
        (
            '"https://wiki.example/a b"',
            "a URL with a blank or another character that no URL has; write https://host/path. " + END,
        ),
        (
            '"https://wiki.example/\\n"',
            "a URL with a blank or another character that no URL has; write https://host/path. " + END,
        ),
        ('"https://wiki.example/#top"', 'a URL with a fragment; write "https://wiki.example/". ' + END),
        ("5", "a whole number; write a URL such as https://host/path. " + END),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(faults: Faults, url, text):
    assert faults(target=target(url)) == [f"targets.wiki.url: {text}"]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ('endpoint = "http://graph.example/v1.0"', "endpoint"),
        ('authority = "http://graph.example/v1.0"', "authority"),
    ],
)
def test_plain_http_is_refused_for_each_url_of_graph(faults: Faults, source, key):
    lines = faults(source='[sources.contoso]\nkind = "graph"\nmanaged_identity = true\napp_id = "a"\n' + source + "\n")
    assert lines == [
        (
            f'sources.contoso.{key}: plain http to "graph.example"; plain http is for loopback alone; write '
            f'"https://graph.example/v1.0". {END}'
        )
    ]


def test_plain_http_is_refused_for_okta_and_for_a_token_endpoint(faults: Faults):
    okta = (
        '[sources.contoso]\nkind = "okta"\norg_url = "http://acme.example"\ntoken = { env = "WIKI_TOKEN" }\n'
        'app_id = "0oa1"\n'
    )
    scim = (
        '[targets.wiki]\nkind = "scim"\nurl = "https://wiki.example"\n[targets.wiki.oauth]\n'
        'token_url = "http://login.example/token"\nclient_id = "c"\nclient_secret = { env = "WIKI_TOKEN" }\n'
    )
    assert faults(source=okta, target=scim) == [
        (
            'sources.contoso.org_url: plain http to "acme.example"; plain http is for loopback alone; write '
            f'"https://acme.example". {END}'
        ),
        (
            'targets.wiki.oauth.token_url: plain http to "login.example"; plain http is for loopback alone; write '
            f'"https://login.example/token". {END}'
        ),
    ]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://acme.okta.com/api/v1", '"https://acme.okta.com/api/v1" has a path; write "https://acme.okta.com"'),
        ("https://acme.okta.com/?x=1", 'a URL with a query; write "https://acme.okta.com/"'),
        (
            "https://acme-admin.okta.com",
            '"https://acme-admin.okta.com" is the admin console; write "https://acme.okta.com"',
        ),
    ],
)
def test_the_url_of_an_organisation_is_its_origin(faults: Faults, url, text):
    okta = f'[sources.contoso]\nkind = "okta"\norg_url = "{url}"\ntoken = {{ env = "WIKI_TOKEN" }}\napp_id = "0oa1"\n'
    assert faults(source=okta) == [f"sources.contoso.org_url: {text}. {END}"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("128.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(host, expected):
    assert is_loopback(host) is expected
