"""Whom a target's client trusts, and how it shows who it is."""

from __future__ import annotations

import ssl

from connectors.errors import Misconfigured
from connectors.scim.settings import ScimSettings


def tls_context(settings: ScimSettings) -> ssl.SSLContext | None:
    """Trust in the configured authorities, in place of the system's, and the client certificate; None for neither.

    Raises Misconfigured for a file that cannot be used.
    """
    if settings.ca_file is None and settings.client_certificate is None:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.client_certificate is not None:
            context.load_cert_chain(settings.client_certificate)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            target=settings.name, detail=f"ca_file or client_certificate cannot be read: {error}"
        ) from None
    return context
