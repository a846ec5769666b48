"""Sources: exactly one credential, and ids that can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
ADD = "Add it, then run: syncd check"
ALL = "client_secret, certificate, managed_identity or workload_identity"
SECRET = '{ env = "GRAPH_SECRET" }'
IDS = 'tenant_id = "contoso.com"\nclient_id = "22222222-3333-4444-5555-666666666666"\n'


def graph(text: str, application: str = 'app_id = "33333333-4444-5555-6666-777777777777"\n') -> str:
    return f'[sources.contoso]\nkind = "graph"\n{application}{text}\n'


def okta(text: str) -> str:
    return f'[sources.contoso]\nkind = "okta"\norg_url = "https://acme.okta.com"\napp_id = "0oa1"\n{text}\n'


@pytest.mark.parametrize(
    "text",
    [
        f"{IDS}client_secret = {SECRET}",
        f"{IDS}certificate = {SECRET}",
        "managed_identity = true",
        'managed_identity = true\nclient_id = "22222222-3333-4444-5555-666666666666"',
        "workload_identity = true",
        f"{IDS}managed_identity = false\nclient_secret = {SECRET}",
        f'access_token = {SECRET}\nendpoint = "http://127.0.0.1:8080/v1.0"',
        f'{IDS}client_secret = {SECRET}\naccess_token = {SECRET}\nendpoint = "http://localhost:8080/v1.0"',
        f'{IDS}client_secret = {SECRET}\ncloud = "usgov-dod"',
    ],
)
def test_a_tenant_with_one_credential_is_taken(workshop, text):
    assert workshop.load(source=graph(text)).sources["contoso"].kind == "graph"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (IDS, [f"sources.contoso: no credential; give exactly one of {ALL}. {ADD}"]),
        (f"{IDS}managed_identity = false", [f"sources.contoso: no credential; give exactly one of {ALL}. {ADD}"]),
        (
            f"{IDS}client_secret = {SECRET}\ncertificate = {SECRET}\nmanaged_identity = true",
            [
                (
                    "sources.contoso: 3 credentials (client_secret, certificate, managed_identity); give exactly one of "
                    f"{ALL}. {END}"
                )
            ],
        ),
        (
            f"client_secret = {SECRET}",
            [
                f"sources.contoso.tenant_id: missing; client_secret needs tenant_id. {ADD}",
                f"sources.contoso.client_id: missing; client_secret needs client_id. {ADD}",
            ],
        ),
        (
            f"access_token = {SECRET}",
            [
                (
                    "sources.contoso.access_token: a ready token for an endpoint that is not loopback; a ready token is "
                    f"for a loopback endpoint alone; give {ALL}. {END}"
                )
            ],
        ),
        (
            f'access_token = {SECRET}\nendpoint = "https://graph.microsoft.com/v1.0"',
            [
                (
                    "sources.contoso.access_token: a ready token for an endpoint that is not loopback; a ready token is "
                    f"for a loopback endpoint alone; give {ALL}. {END}"
                )
            ],
        ),
        (
            f'{IDS}client_secret = {SECRET}\nservice_principal_id = "x"',
            [
                (
                    "sources.contoso.app_id: two ways to name the application (service_principal_id, app_id); give "
                    f"exactly one of them. {END}"
                )
            ],
        ),
        (
            f'tenant_id = "a/b"\nclient_id = "x"\nclient_secret = {SECRET}',
            [f'sources.contoso.tenant_id: "a/b"; write the tenant\'s id (a GUID) or one of its domains. {END}'],
        ),
        (
            f'{IDS}client_secret = {SECRET}\ncloud = "gov"',
            [f'sources.contoso.cloud: "gov"; the nearest word is usgov. {END}'],
        ),
    ],
)
def test_a_tenant_without_exactly_one_usable_credential_is_refused(faults: Faults, text, lines):
    assert faults(source=graph(text)) == lines


@pytest.mark.parametrize(
    "text",
    [
        f"token = {SECRET}",
        f'client_id = "0oa2"\nprivate_key = {SECRET}',
        f'client_id = "0oa2"\nprivate_key = {SECRET}\nkey_id = "kid"',
    ],
)
def test_an_organisation_with_one_credential_is_taken(workshop, text):
    assert workshop.load(source=okta(text)).sources["contoso"].kind == "okta"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [f"sources.contoso: no credential; give exactly one: token, or client_id with private_key. {ADD}"]),
        (
            f'token = {SECRET}\nclient_id = "c"\nkey_id = "k"',
            [
                (
                    "sources.contoso: two credentials (token, client_id, key_id); give exactly one: token, or client_id "
                    f"with private_key. {END}"
                )
            ],
        ),
        ('client_id = "c"', [f"sources.contoso.private_key: missing; client_id needs private_key. {ADD}"]),
        (f"private_key = {SECRET}", [f"sources.contoso.client_id: missing; private_key needs client_id. {ADD}"]),
        (
            'key_id = "k"',
            [
                f"sources.contoso.client_id: missing; key_id needs client_id. {ADD}",
                f"sources.contoso.private_key: missing; key_id needs private_key. {ADD}",
            ],
        ),
        (
            f"token = {SECRET}\ntenant_id = 'x'",
            [f"sources.contoso.tenant_id: unknown key; the nearest key is client_id. {END}"],
        ),
    ],
)
def test_an_organisation_without_exactly_one_usable_credential_is_refused(faults: Faults, text, lines):
    assert faults(source=okta(text)) == lines


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("", f'sources.contoso.kind: missing; write kind = "graph" or kind = "okta". {END}'),
        ('kind = "grpah"', f'sources.contoso.kind: "grpah"; the nearest word is graph. {END}'),
        ('kind = "ldap"', f'sources.contoso.kind: "ldap"; write one of graph, okta. {END}'),
        ("kind = 1", f"sources.contoso.kind: a whole number; write one of graph, okta. {END}"),
    ],
)
def test_a_source_says_its_kind(faults: Faults, kind, line):
    assert faults(source=f"[sources.contoso]\n{kind}\n") == [line]
