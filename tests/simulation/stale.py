"""A service some of whose readers meet a replica that lags: they are given an answer that was true a while ago."""

from __future__ import annotations

import random

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.simulation.loop import VirtualClock

_OK = 200


class Lagging:
    """Stands before a service. With the present chance a GET is answered as it was the last time that it was asked."""

    def __init__(self, service: ASGIApp, draw: random.Random, clock: VirtualClock, *, lag_s: float) -> None:
        self._service, self._draw, self._clock, self._lag_s = service, draw, clock, lag_s
        self._answers: dict[tuple[str, bytes], tuple[float, list[Message]]] = {}
        self.chance = 0.0
        self.told = 0  #: stale answers so far

    def catch_up(self) -> None:
        """The replica knows everything that has happened until now."""
        self._answers.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._service(scope, receive, send)
            return
        key = (scope["path"], scope["query_string"])
        if self.chance and (old := self._answers.get(key)) is not None and self._draw.random() < self.chance:
            since, messages = old
            if self._clock.seconds - since <= self._lag_s:
                self.told += 1
                for message in messages:
                    await send(message)
                return
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)
            await send(message)

        asked = self._clock.seconds
        await self._service(scope, receive, keep)
        if said and said[0].get("status") == _OK:
            self._answers[key] = (asked, said)
