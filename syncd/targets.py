"""Configured targets, as the connector wants them said."""

from __future__ import annotations

from connectors.scim.settings import Basic as BasicAuth
from connectors.scim.settings import BearerToken, NoAuth, OAuthClientCredentials, ScimSettings
from syncd.config.target import Target as TargetSettings
from syncd.core.exchange import Observer


def scim_settings(name: str, said: TargetSettings, *, observe: Observer) -> ScimSettings:
    """The connector's settings of a configured target."""
    auth: BearerToken | BasicAuth | OAuthClientCredentials | NoAuth
    if said.token is not None:
        auth = BearerToken(token=said.token)
    elif said.basic is not None:
        auth = BasicAuth(username=said.basic.username, password=said.basic.password)
    elif said.oauth is not None:
        auth = OAuthClientCredentials(
            token_url=said.oauth.token_url,
            client_id=said.oauth.client_id,
            client_secret=said.oauth.client_secret,
            scope=said.oauth.scope,
        )
    else:
        auth = NoAuth()
    return ScimSettings(
        name=name,
        url=said.url,
        auth=auth,
        profile=said.profile,
        dialect=said.dialect,
        rate=said.rate,
        concurrency=said.concurrency,
        ca_file=said.ca_file,
        client_certificate=said.client_certificate,
        headers=said.headers,
        timeout_s=said.timeout.total_seconds(),
        observe=observe,
    )
