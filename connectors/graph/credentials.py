"""From settings to a credential of azure-identity. Imported only when a source is opened."""

from __future__ import annotations

import sys
from typing import Any

from azure.core.credentials import AccessToken as IssuedToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import (
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from connectors.graph.settings import (
    CLOUDS,
    AccessToken,
    Certificate,
    ClientSecret,
    GraphSettings,
    ManagedIdentity,
    WorkloadIdentity,
)


class ReadyToken(AsyncTokenCredential):
    """A token that somebody else got; it is never renewed."""

    def __init__(self, settings: AccessToken) -> None:
        self._settings = settings

    async def get_token(self, *scopes: str, **kwargs: Any) -> IssuedToken:
        return IssuedToken(self._settings.token.reveal(), sys.maxsize)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()


def make_credential(settings: GraphSettings) -> AsyncTokenCredential:
    """The credential that a source signs in with; the caller closes it.

    Raises ValueError where azure-identity cannot use what the settings say (a certificate without its key, a missing
    environment variable).
    """
    # One attempt each: the transport's own retries have a budget and count what they wait.
    common: dict[str, Any] = {"authority": settings.authority or CLOUDS[settings.cloud].authority, "retry_total": 0}
    if settings.authority:
        # Another login service is trusted because the operator named it; Microsoft's list of its own does not know it.
        common["disable_instance_discovery"] = True
    if settings.ca_file is not None:
        common["connection_verify"] = str(settings.ca_file)
    match settings.credential:
        case ClientSecret(secret=secret):
            return ClientSecretCredential(settings.tenant_id, settings.client_id, secret.reveal(), **common)
        case Certificate(pem=pem, password=password):
            return CertificateCredential(
                settings.tenant_id,
                settings.client_id,
                certificate_data=pem.reveal().encode(),
                password=password.reveal() if password else None,
                **common,
            )
        case ManagedIdentity():
            return ManagedIdentityCredential(client_id=settings.client_id or None)
        case WorkloadIdentity():
            return WorkloadIdentityCredential(
                tenant_id=settings.tenant_id or None, client_id=settings.client_id or None, **common
            )
        case AccessToken() as ready:
            return ReadyToken(ready)
