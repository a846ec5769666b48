"""`syncd log`: the provisioning log, filtered and printed."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson
from rich.console import Console
from rich.text import Text

from state.log import LogEntry
from syncd.config.duration import parse_duration
from syncd.core.errors import SyncdError
from syncd.core.model import Json
from syncd.report.steps import say
from syncd.runtime import Runtime

_STYLES = {"success": "green", "failure": "bold red", "warning": "yellow", "skipped": "dim"}


@dataclass(kw_only=True, eq=False)
class NoSuchTime(SyncdError):
    """{text!r} is no time and no duration. Write for example: syncd log --since 24h, or --since 2026-01-31T08:00:00Z"""

    text: str


def entries(
    runtime: Runtime, jobs: Iterable[str], *, user: str | None, status: str | None, since: str | None
) -> Iterator[LogEntry]:
    """Log entries, oldest first. Raises UnknownJob, NoSuchTime."""
    wanted = list(jobs)
    if wanted:
        runtime.job_names(wanted)
    start = moment(since, now=runtime.clock.now()) if since else None
    return runtime.store.log.entries(jobs=wanted, user=user, status=status, since=start)


def follow(
    runtime: Runtime,
    jobs: Iterable[str],
    *,
    user: str | None,
    status: str | None,
    since: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[LogEntry]:
    """Log entries, and then those that come, looked for every second, until it is interrupted."""
    wanted = list(jobs)
    if wanted:
        runtime.job_names(wanted)
    start = moment(since, now=runtime.clock.now()) if since else None
    after = 0
    while True:
        for number, entry in runtime.store.log.numbered(
            jobs=wanted, user=user, status=status, since=start, after=after
        ):
            after = number
            yield entry
        sleep(1.0)


def moment(text: str, *, now: datetime) -> datetime:
    """A time from ISO 8601 (UTC unless it says otherwise), or a duration before now. Raises NoSuchTime."""
    if (span := parse_duration(text)) is not None:
        return now - span
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NoSuchTime(text=text) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def data(entry: LogEntry) -> dict[str, Json]:
    """The contract's object for one entry."""
    return {**asdict(entry), "time": entry.time.isoformat().replace("+00:00", "Z")}


def print_entries(console: Console, found: Iterable[LogEntry], output: str) -> None:
    """json: one object a line · csv: with a header · text: one line each, attributes below."""
    if output == "json":
        for entry in found:
            sys.stdout.write(orjson.dumps(data(entry)).decode() + "\n")
            sys.stdout.flush()
        return
    if output == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow([*LogEntry.__slots__])
        for entry in found:
            row = data(entry)
            writer.writerow(
                [row[k] if isinstance(row[k], str) or row[k] is None else orjson.dumps(row[k]).decode() for k in row]
            )
        return
    for entry in found:
        said = entry.error["message"] if entry.error else ", ".join(str(m["attribute"]) for m in entry.modified)
        line = Text(f"{entry.time:%Y-%m-%d %H:%M:%S} {entry.job} ")
        line.append(f"{entry.status:<8}", style=_STYLES.get(entry.status, ""))
        line.append(f"{entry.action} {entry.kind} {entry.name}   {said}")
        say(console, line)
