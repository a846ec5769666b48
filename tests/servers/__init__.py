"""Real third-party SCIM servers, and a real PostgreSQL, as processes of their own on loopback.

    with scim2_server() as server:      # the strict reference
        httpx.get(server.url + "/Users", headers=server.headers)

`scim2_server` follows RFC 7644 to the letter, `django_scim2` takes PUT where it answers most PATCHes with 501, `scimmy`
pages by twenty and stores a member twice when it is added twice. All three start empty.
"""

from __future__ import annotations

from tests.servers.django_scim2 import django_scim2
from tests.servers.postgres import Postgres, postgres
from tests.servers.running import NotStarted, RunningServer
from tests.servers.scim2_server import scim2_server
from tests.servers.scimmy_server import scimmy

__all__ = ["NotStarted", "Postgres", "RunningServer", "django_scim2", "postgres", "scim2_server", "scimmy"]
