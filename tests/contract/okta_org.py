"""An organisation of the sandbox behind its HTTP service, and plain aiohttp to ask it with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from yarl import URL

from connectors.sandbox.clock import Clock
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.okta import OktaDirectory, Options, okta_app
from connectors.sandbox.okta.user import User
from connectors.sandbox.serve import serve

TOKEN = "sandbox-token-of-an-administrator"
START = datetime(2026, 3, 2, 11, 15, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    links: Mapping[str, str]
    json: Any

    @property
    def ids(self) -> list[str]:
        return [record["id"] for record in self.json]

    @property
    def code(self) -> str:
        return str(self.json["errorCode"])


@dataclass(kw_only=True)
class Org:
    directory: OktaDirectory
    emulator: Emulator
    url: str
    session: aiohttp.ClientSession

    @property
    def clock(self) -> Clock:
        return self.directory.clock

    async def send(self, method: str, path: str, **options: Any) -> Answer:
        """One request; `path` may be an absolute link of this organisation."""
        headers = {"authorization": f"SSWS {TOKEN}", **options.pop("headers", {})}
        url = path if path.startswith("http") else self.url + path
        if options.pop("raw", True) and "params" not in options:
            url = URL(url, encoded=True)  # type: ignore[assignment]
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as response:
            return Answer(
                status=response.status,
                headers=response.headers,
                links={str(rel): str(link["url"]) for rel, link in response.links.items()},
                json=await response.json()
                if response.content_type == "application/json" and response.status != 204
                else None,
            )

    async def get(self, path: str, **params: str) -> Answer:
        return await (self.send("GET", path, params=params) if params else self.send("GET", path))

    async def pages(self, path: str, most: int = 100, **params: str) -> list[Answer]:
        """Every page, by the next links."""
        answers = [await self.get(path, **params)]
        while "next" in answers[-1].links:
            assert len(answers) < most
            answers.append(await self.get(answers[-1].links["next"]))
        return answers

    async def all_ids(self, path: str, **params: str) -> list[str]:
        return [found for answer in await self.pages(path, **params) for found in answer.ids]

    async def control(self, name: str, body: Any = None) -> Any:
        """POST (GET without a body) of the control API; the answer must be 200."""
        method = "GET" if body is None else "POST"
        async with self.session.request(method, f"{self.url}/_emu/{name}", json=body) as response:
            content = await response.json()
            assert response.status == 200, content
            return content

    async def fault(self, action: Any, *, times: int | None = 1, **match: Any) -> None:
        await self.control("faults", {"match": match, "times": times, "action": action})

    def people(self, count: int, **profile: Any) -> list[User]:
        """New active users user000@acme.example and so on."""
        return [
            self.directory.create_user(
                {"login": f"user{n:03}@acme.example", "firstName": f"Given{n}", "lastName": f"Family{n}", **profile}
            )
            for n in range(count)
        ]

    def days_pass(self, days: float) -> None:
        """Move the clock; the token does not fall idle, as other work uses it."""
        self.clock.advance(days * 86_400)
        self.directory.access.add_api_token(TOKEN)

    def events(self, *, after: int = 0) -> list[str]:
        """The types of the System Log's events behind a number."""
        return [event.event_type for event in self.directory.log.after(after)]


@asynccontextmanager
async def org(options: Options | None = None, *, clock: Clock | None = None) -> AsyncIterator[Org]:
    """An empty organisation whose clock stands still at START."""
    directory = OktaDirectory(clock=clock or Clock(START), options=options)
    directory.access.add_api_token(TOKEN)
    emulator = okta_app(directory)
    with serve({"okta": emulator}) as served:
        async with aiohttp.ClientSession() as session:
            yield Org(directory=directory, emulator=emulator, url=served["okta"], session=session)
