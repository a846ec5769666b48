"""Whom a target's client trusts, and how it shows who it is."""

from __future__ import annotations

import ssl

from connectors.errors import Misconfigured
from connectors.scim.settings import ScimSettings


def tls_context(settings: ScimSettings) -> ssl.SSLContext | None:
    """The system's trust, plus the configured authority and client certificate; None for the defaults."""
    if settings.ca_file is None and settings.client_certificate is None:
        return None
    context = ssl.create_default_context()
    try:
        if settings.ca_file is not None:
            context.load_verify_locations(cafile=settings.ca_file)
        if settings.client_certificate is not None:
            context.load_cert_chain(settings.client_certificate)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(
            target=settings.name, detail=f"ca_file or client_certificate cannot be read: {error}"
        ) from None
    return context
