"""Targets: exactly one credential, profile, headers, certificates, limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.core.secret import Secret

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
ADD = "Add it, then run: syncd check"
WAYS = 'token, oauth, basic or auth = "none"'
SECRET = '{ env = "WIKI_TOKEN" }'


def target(text: str, credential: str = 'auth = "none"') -> str:
    return f'[targets.wiki]\nkind = "scim"\nurl = "https://wiki.example/scim"\n{credential}\n{text}\n'


@pytest.mark.parametrize(
    "credential",
    [
        f"token = {SECRET}",
        f'oauth = {{ token_url = "https://login.example/t", client_id = "c", client_secret = {SECRET}, scope = "s" }}',
        f'oauth = {{ token_url = "http://127.0.0.1:1/t", client_id = "c", client_secret = {SECRET} }}',
        f'basic = {{ username = "u", password = {SECRET} }}',
        'auth = "none"',
    ],
)
def test_a_target_with_one_credential_is_taken(workshop, credential):
    assert workshop.load(target=target("", credential)).targets["wiki"].kind == "scim"


@pytest.mark.parametrize(
    ("credential", "line"),
    [
        ("", f"targets.wiki: no credential; give exactly one of {WAYS}. {ADD}"),
        (
            f'token = {SECRET}\nauth = "none"',
            f"targets.wiki: 2 credentials (token, auth); give exactly one of {WAYS}. {END}",
        ),
        (
            f'token = {SECRET}\nbasic = {{ username = "u", password = {SECRET} }}',
            f"targets.wiki: 2 credentials (token, basic); give exactly one of {WAYS}. {END}",
        ),
        ('auth = "non"', f'targets.wiki.auth: "non"; write none. {END}'),
        (
            f'basic = {{ username = "a:b", password = {SECRET} }}',
            f"targets.wiki.basic.username: a colon in the user name; RFC 7617 allows none. {END}",
        ),
        (
            'basic = { username = "u" }',
            f"targets.wiki.basic.password: missing; Password. {ADD}",
        ),
        ('oauth = "hunter2"', f"targets.wiki.oauth: text; it must be a table. {END}"),
    ],
)
def test_a_target_without_exactly_one_credential_is_refused(faults: Faults, credential, line):
    assert faults(target=target("", credential)) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rate = 0", "targets.wiki.rate: 0; it must be more than 0"),
        ("rate = inf", "targets.wiki.rate: inf; it must be a finite number"),
        ("concurrency = 0", "targets.wiki.concurrency: 0; it must be at least 1"),
        ("concurrency = 257", "targets.wiki.concurrency: 257; it must be at most 256"),
        (
            "timeout = 0",
            "targets.wiki.timeout: 0; write seconds, more than 0 and at most 3600, or a duration such as 30s",
        ),
        (
            "timeout = true",
            "targets.wiki.timeout: true; write seconds, more than 0 and at most 3600, or a duration such as 30s",
        ),
        ('dialect = "rfc7643"', 'targets.wiki.dialect: "rfc7643"; the nearest word is rfc7644'),
        ('profile = ""', "targets.wiki.profile: empty text; write the name of a profile, or the path of a TOML file"),
        (
            'profile = "Test Mu"',
            'targets.wiki.profile: "Test Mu"; write the name of a profile such as generic, or the path of a TOML file',
        ),
        ('kind = "scimm"', 'targets.wiki.kind: "scimm"; write scim'),
    ],
)
def test_a_value_out_of_its_bounds_is_refused(faults: Faults, text, line):
    described = target(text) if "kind" not in text else target("").replace('kind = "scim"', text)
    assert faults(target=described) == [f"{line}. {END}"]


def test_limits_are_taken_as_written(workshop):
    wiki = workshop.load(target=target("rate = 25\nconcurrency = 4\ntimeout = 2.5")).targets["wiki"]
    assert (wiki.rate, wiki.concurrency, wiki.timeout) == (25, 4, timedelta(seconds=2.5))
    assert workshop.load(target=target('timeout = "1m"')).targets["wiki"].timeout == timedelta(minutes=1)


def test_files_start_at_the_folder_of_the_configuration(workshop, tmp_path):
    for name in ("ca.pem", "client.pem", "house.toml"):
        (tmp_path / name).write_text("x")
    wiki = workshop.load(
        target=target('ca_file = "ca.pem"\nclient_certificate = "client.pem"\nprofile = "house.toml"')
    ).targets["wiki"]
    assert (wiki.ca_file, wiki.client_certificate) == (tmp_path / "ca.pem", tmp_path / "client.pem")
    assert wiki.profile == str(tmp_path / "house.toml")


@pytest.mark.parametrize("key", ["ca_file", "client_certificate", "profile"])
def test_a_file_that_is_missing_is_named(workshop, key):
    (line,) = workshop.faults(target=target(f'{key} = "/nix/x.toml"'))
    assert line == (
        f'targets.wiki.{key}: file "/nix/x.toml" does not exist; it must be a readable file. Create it or correct the '
        "path, then run: syncd check"
    )


def test_a_client_certificate_may_be_a_credential(workshop, tmp_path):
    (tmp_path / "client").write_text("pem\npem\n")
    workshop.environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    wiki = workshop.load(target=target('client_certificate = { credential = "client" }')).targets["wiki"]
    assert wiki.client_certificate == tmp_path / "client"
    wiki = workshop.load(target=target('client_certificate = { file = "client" }')).targets["wiki"]
    assert wiki.client_certificate == Path(tmp_path / "client")


def test_a_client_certificate_is_no_environment_variable(faults: Faults):
    assert faults(target=target('client_certificate = { env = "WIKI_TOKEN" }')) == [
        (
            "targets.wiki.client_certificate: env; TLS reads it from a file; write { file = … } or { credential = … }. "
            f"{END}"
        )
    ]


def test_headers_are_plain_or_secret(workshop):
    wiki = workshop.load(target=target(f'headers = {{ X-Tenant = "acme", X-Api-Key = {SECRET} }}')).targets["wiki"]
    assert wiki.headers == {"X-Tenant": Secret("acme"), "X-Api-Key": Secret("hunter2-wiki")}


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        (
            '{ X-Api-Key = "hunter2" }',
            (
                'a secret in clear in header "X-Api-Key" (not shown here); write { env = "NAME" }, { file = "PATH" } or '
                '{ credential = "NAME" }'
            ),
        ),
        ('{ authorization = "hunter2" }', f"header Authorization; the credential is given by {WAYS}"),
        ('{ "X Y" = "1" }', 'header "X Y"; it is no name of a header, or one that syncd sets itself'),
        ('{ Host = "evil" }', 'header "Host"; it is no name of a header, or one that syncd sets itself'),
        ('{ X-A = "1", x-a = "2" }', 'header "x-a" twice; names of headers have no letter case'),
        ('{ X-A = "1\\r\\nX-B: 2" }', 'header "X-A" has a control character; it is one line of text'),
        ('"X-A: 1"', 'text; write a table such as { "X-Tenant" = "acme" }'),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(faults: Faults, headers, text):
    assert faults(target=target(f"headers = {headers}")) == [f"targets.wiki.headers: {text}. {END}"]
