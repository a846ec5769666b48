"""How many requests are in flight at once: fewer as soon as Okta finds it too many."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Lanes:
    """Room for `width` requests at a time. Okta's concurrency limit answers 429 with a limit of 0: then `narrow`."""

    def __init__(self, width: int) -> None:
        self.width = max(1, width)
        self._busy = 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A lane of one's own, as soon as there is one."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._busy < self.width)
            self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            async with self._changed:
                self._changed.notify_all()

    def narrow(self) -> None:
        """Half as many from now on, at least one."""
        self.width = max(1, self.width // 2)
