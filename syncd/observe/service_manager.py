"""What systemd is told of this process: sd_notify(3), datagrams to the socket that $NOTIFY_SOCKET names.

Without such a socket everything here does nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping


class ServiceManager:
    """Tells the service manager when the daemon is ready, reloads, stops, what it does, and that it lives.

    An address that begins with "@" is in Linux's abstract namespace. A message that cannot be delivered is dropped: no
    cycle fails because its manager does not listen.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        self.watchdog_s = _watchdog_s(environ)  #: how long it may hear nothing before it restarts us; None: for ever

    def ready(self) -> None:
        """Started up, or done with a reload."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """A reload begins; its time is told, as Type=notify-reload wants it."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell("STATUS=" + " ".join(text.split()))

    def alive(self) -> None:
        """The watchdog's food."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto("\n".join(lines).encode(), self._address)


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """$WATCHDOG_USEC in seconds, if it is meant for this process: sd_watchdog_enabled(3)."""
    try:
        period, pid = int(environ["WATCHDOG_USEC"]), int(environ.get("WATCHDOG_PID", os.getpid()))
    except (KeyError, ValueError):
        return None
    return period / 1_000_000 if period > 0 and pid == os.getpid() else None
