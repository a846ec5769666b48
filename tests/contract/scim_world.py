"""The sandbox's SCIM service over HTTP, for the tests of its own behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from scim2_client.client import BaseSyncSCIMClient, RawResponse

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.scim import ScimDirectory, scim_app
from connectors.sandbox.serve import serve
from syncd.core.attributes import GROUP_SCHEMA, USER_SCHEMA
from syncd.core.secret import Secret

TOKEN = "sandbox-token"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class ScimWorld:
    """A served application, its directory, and an HTTP client with the right token."""

    def __init__(self, app: Emulator, directory: ScimDirectory, root: str) -> None:
        self.app = app
        self.directory = directory
        self.base = f"{root}/scim"
        self.http = httpx.Client(
            base_url=self.base, headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/scim+json"}
        )
        self.control = httpx.Client(base_url=root)

    def become(self, preset: str = "strict", **quirks: Any) -> None:
        """An empty server with these ways."""
        answer = self.control.post("/_emu/reset", json={"preset": preset, "quirks": quirks})
        assert answer.status_code == 200, answer.text

    def post(self, kind: str, /, **attributes: Any) -> httpx.Response:
        urn = USER_SCHEMA if kind == "Users" else GROUP_SCHEMA
        return self.http.post(f"/{kind}", json={"schemas": [urn], **attributes})

    def user(self, name: str, /, **attributes: Any) -> str:
        """A new user's id."""
        answer = self.post("Users", userName=name, **attributes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def group(self, name: str, *members: str) -> str:
        """A new group's id."""
        answer = self.post("Groups", displayName=name, members=[{"value": each} for each in members])
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def patch(self, path: str, *operations: Mapping[str, Any], **keywords: Any) -> httpx.Response:
        return self.http.patch(path, json={"schemas": [PATCH], "Operations": list(operations)}, **keywords)

    def put(self, path: str, /, **attributes: Any) -> httpx.Response:
        urn = USER_SCHEMA if path.startswith("/Users") else GROUP_SCHEMA
        return self.http.put(path, json={"schemas": [urn], **attributes})

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.http.get(path, params=parameters)

    def found(self, kind: str, text: str) -> list[str]:
        """The names that a filter finds, in order."""
        answer = self.get(f"/{kind}", filter=text)
        assert answer.status_code == 200, answer.text
        return [each.get("userName") or each["displayName"] for each in answer.json()["Resources"]]

    def page(self, **parameters: Any) -> list[str]:
        """The userNames of one page."""
        return [each["userName"] for each in self.get("/Users", **parameters).json()["Resources"]]

    def close(self) -> None:
        self.http.close()
        self.control.close()


@contextmanager
def scim_world() -> Iterator[ScimWorld]:
    """A strict service on loopback, whose clock stands still at the beginning of 2026."""
    directory = ScimDirectory(Clock(datetime(2026, 1, 1, tzinfo=UTC)))
    app = scim_app(directory, token=Secret(TOKEN))
    with serve({"scim": app}) as running:
        world = ScimWorld(app, directory, running["scim"])
        try:
            yield world
        finally:
            world.close()


class Oracle(BaseSyncSCIMClient):
    """scim2-client on httpx, so that scim2-tester can judge a server over the wire."""

    def __init__(self, http: httpx.Client) -> None:
        super().__init__()
        self._http = http

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return str(self._http.build_request("GET", endpoint).url).startswith(str(self._http.base_url))

    def _parse_json(self, response: RawResponse) -> Any:
        assert isinstance(response, httpx.Response)
        return response.json()

    def request(self, method: str, url: str, **keywords: Any) -> RawResponse:
        return self._http.request(method, url, **keywords)
