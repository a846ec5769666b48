"""Notifications: once when something begins that waits for a person, and once when it is over.

Events: held (changes wait for an approval), failing (objects fail), quarantine (a job is slowed down), stale (no cycle went
well for long). Sent through Apprise: mail, chat, web hooks. A message that cannot be sent fails no cycle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from state.store import Store
from syncd.core.secret import Secret
from syncd.observe.logs import Event, log


class Notifier:
    """Tells the configured addresses what changed since it last told them; remembers that in the state DB."""

    def __init__(self, store: Store, urls: Sequence[Secret], events: Sequence[str]) -> None:
        self._store, self._urls, self._events = store, urls, events

    async def tell(self, job: str, now: Mapping[str, str]) -> None:
        """`now`: the events that hold at this moment, each with its sentence."""
        wanted = {event: text for event, text in now.items() if event in self._events}
        told = self._store.notified(job)
        begun = {event: text for event, text in wanted.items() if event not in told}
        over = [event for event in told if event not in wanted]
        if not self._urls or not (begun or over):
            return
        lines = [f"{event}: {text}" for event, text in begun.items()] + [f"{event}: it is over" for event in over]
        title = f"syncd: {job}: {', '.join([*begun, *(f'{event} over' for event in over)])}"
        try:
            sent = await asyncio.to_thread(self._send, title, "\n".join(lines))
        except Exception as error:  # a plug-in of a hundred services may raise anything, and no cycle fails by that
            log.warning(Event.NOT_NOTIFIED, job=job, error=type(error).__name__)
            return
        if sent:
            self._store.remember_notified(job, sorted(wanted))
        else:
            log.warning(Event.NOT_NOTIFIED, job=job, events=[*begun, *over])

    def _send(self, title: str, body: str) -> bool:
        """Whether at least one address took it. Addresses hold credentials: nothing of them is logged."""
        import apprise  # noqa: PLC0415 - a second, and most installations need it rarely

        sent = False
        for url in self._urls:
            service = apprise.Apprise()
            sent |= service.add(url.reveal()) and bool(service.notify(body=body, title=title))
        return sent
