"""Where a Graph source may send its tokens."""

import pytest

from connectors.graph.settings import AccessToken, ClientSecret, GraphSettings, ManagedIdentity
from syncd.core.secret import Secret

SECRET = ClientSecret(secret=Secret("s3cr3t-value"))
READY = AccessToken(token=Secret("t0ken-value"))


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("global", "graph.microsoft.com"),
        ("usgov", "graph.microsoft.us"),
        ("usgov-dod", "dod-graph.microsoft.us"),
        ("china", "microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_graph_scope_and_hosts_always_explicit(cloud, host):
    settings = GraphSettings(name="contoso", credential=SECRET, cloud=cloud)
    assert settings.root == f"https://{host}/v1.0"
    assert settings.host == host
    assert settings.scope == f"https://{host}/.default"


def test_another_endpoint_keeps_the_scope_of_its_cloud():
    settings = GraphSettings(
        name="contoso", credential=SECRET, cloud="usgov", endpoint="https://proxy.example:8443/v1.0/"
    )
    assert settings.root == "https://proxy.example:8443/v1.0"
    assert settings.host == "proxy.example"
    assert settings.scope == "https://graph.microsoft.us/.default"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
def test_plain_http_is_for_this_machine(host):
    assert GraphSettings(name="contoso", credential=READY, endpoint=f"http://{host}/v1.0").host in host


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://graph.example/v1.0",
        "http://10.0.0.1/v1.0",
        "http://127.0.0.1.evil.example/v1.0",
        "http://127.0.0.1@evil.example/v1.0",
        "ftp://127.0.0.1/v1.0",
        "https:///v1.0",
        "https://graph.example/v1.0?x=1",
        "graph.example",
    ],
)
def test_graph_plain_http_only_in_sandbox_mode(endpoint):
    with pytest.raises(ValueError, match=r"."):
        GraphSettings(name="contoso", credential=SECRET, endpoint=endpoint)


@pytest.mark.parametrize("endpoint", [None, "https://graph.microsoft.com/v1.0", "https://127.0.0.1.evil.example/v1.0"])
def test_a_ready_token_never_leaves_this_machine(endpoint):
    with pytest.raises(ValueError, match="on this machine alone"):
        GraphSettings(name="contoso", credential=READY, endpoint=endpoint)


def test_an_authority_over_plain_http_is_refused():
    with pytest.raises(ValueError, match="must be https"):
        GraphSettings(name="contoso", credential=SECRET, authority="http://login.example")


def test_a_repr_shows_no_secret():
    local = GraphSettings(name="contoso", credential=READY, endpoint="http://127.0.0.1:1/v1.0")
    assert "s3cr3t-value" not in repr(GraphSettings(name="contoso", credential=SECRET))
    assert "t0ken-value" not in repr(local)


def test_selections_hold_what_is_always_needed():
    settings = GraphSettings(
        name="contoso", credential=ManagedIdentity(), user_attributes=frozenset({"manager", "department"})
    )
    assert settings.user_select == {
        "id", "accountEnabled", "displayName", "mail", "userPrincipalName", "manager", "department",
    }  # fmt: skip
    assert settings.group_select == {"id", "displayName", "visibility", "members"}
