"""`syncd run` as a real process, and what a service manager and a monitoring see of it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.system.processes import Site, end

PATIENCE_S = 30.0
SCHEDULE = 'schedule = "1h"'
#: every metric that is promised, with its labels
METRICS = {
    "syncd_cycle_seconds_count": {"job"},
    "syncd_cycles_total": {"job", "result"},
    "syncd_last_success_timestamp_seconds": {"job"},
    "syncd_changes_total": {"job", "action", "status"},
    "syncd_held_changes": {"job"},
    "syncd_failing_objects": {"job"},
    "syncd_quarantined": {"job"},
    "syncd_requests_total": {"endpoint", "method", "status"},
    "syncd_request_seconds_count": {"endpoint"},
    "syncd_throttled_total": {"endpoint"},
    "syncd_source_age_seconds": {"source"},
    "syncd_links": {"job", "kind", "state"},
}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Service:
    """A daemon under a service manager that is this test."""

    site: Site
    process: subprocess.Popen[str]
    channel: socket.socket  #: what $NOTIFY_SOCKET names
    port: int
    told: list[dict[str, str]] = field(default_factory=list)  #: every datagram, in order

    def until(self, what: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The next datagram of that kind, all up to it remembered."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            self.channel.settimeout(max(0.01, limit - time.monotonic()))
            try:
                message = self.channel.recv(4096).decode()
            except TimeoutError:
                break
            self.told.append(dict(line.split("=", 1) for line in message.split("\n")))
            if what(self.told[-1]):
                return self.told[-1]
        raise AssertionError(f"it was never told; told: {self.told}")

    def until_status(self, beginning: str) -> str:
        return self.until(lambda one: one.get("STATUS", "").startswith(beginning))["STATUS"]

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of a GET at the listener."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def samples(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """What a scrape gives: (name, labels) → value."""
        status, text = self.get("/metrics")
        assert status == 200
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def configure(self, change: Callable[[str], str]) -> None:
        """Write the configuration anew, without a word to the process."""
        config = self.site.folder / "config.toml"
        config.write_text(change(config.read_text()))

    def stop(self) -> tuple[int, str]:
        """(exit code, log) after SIGTERM."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code, _, err = end(self.process)
        return code, err


@contextmanager
def service(site: Site, *, jobs: tuple[str, ...] = ("entra",), **environ: str) -> Iterator[Service]:
    """A daemon for these jobs of the site, hourly after the first cycle at once; it is told to stop at the end."""
    port, address = free_port(), site.folder / "notify"
    config = site.folder / "config.toml"
    text = re.sub(r'schedule = "[^"]*"', SCHEDULE, config.read_text())
    for name in set(re.findall(r"^\[jobs\.([^.\]]+)\]", text, flags=re.M)) - set(jobs):
        text = without_job(text, name)
    if "[metrics]" not in text:
        text += f'\n[metrics]\nlisten = "127.0.0.1:{port}"\n'
    config.write_text(text)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(address))
        process = site.start("--log-format", "json", "run", NOTIFY_SOCKET=str(address), **environ)
        made = Service(site, process, channel, port)
        try:
            yield made
        finally:
            if process.poll() is None:
                process.kill()
                end(process)
            Path(address).unlink()


def without_job(text: str, name: str) -> str:
    """The configuration less all tables of one job."""
    return re.sub(rf"^\[+jobs\.{re.escape(name)}[.\]].*?(?=^\[|\Z)", "", text, flags=re.M | re.S)
