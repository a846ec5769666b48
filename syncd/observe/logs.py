"""structlog, set up once: names of events and fields for machines, one readable line on a terminal.

Fields hold ids, logins and attribute names, no other values, and no secrets.
"""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import structlog

from syncd.core.secret import Secret
from syncd.observe.journal import JournalPrinter, JournalRenderer, under_journal

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["auto", "json", "console"]
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
#: field names whose values are never shown, whoever passes them
_HIDDEN = ("token", "secret", "password", "authorization", "private_key", "assertion")


class Event(StrEnum):
    """The names of all events, in the order of a run."""

    CYCLE_STARTED = "cycle.started"
    SOURCE_READ = "source.read"
    SOURCE_EMPTY = "source.empty"
    SOURCE_INCOMPLETE = "source.incomplete"
    CHANGE_SETTLED = "change.settled"
    TARGET_UNREAD = "target.unread"
    PLAN_MADE = "plan.made"
    OBJECT_SKIPPED = "object.skipped"
    GUARD_HELD = "guard.held"
    APPROVAL_USED = "approval.used"
    CHANGE_DONE = "change.done"
    CHANGE_FAILED = "change.failed"
    CHANGE_PUT_OFF = "change.put_off"
    PROVISIONED = "object.provisioned"
    QUARANTINED = "job.quarantined"
    HEALED = "job.healed"
    NOT_NOTIFIED = "notification.failed"
    CYCLE_FINISHED = "cycle.finished"
    CYCLE_FAILED = "cycle.failed"
    DAEMON_STARTED = "daemon.started"
    LISTENING = "daemon.listening"
    CONFIG_RELOADED = "config.reloaded"
    CONFIG_REFUSED = "config.refused"
    DAEMON_STOPPING = "daemon.stopping"
    DAEMON_STOPPED = "daemon.stopped"


log: structlog.stdlib.BoundLogger = structlog.get_logger()


def _hide(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    for key, value in fields.items():
        if isinstance(value, Secret) or any(word in key.lower() for word in _HIDDEN):
            fields[key] = "***"
    return fields


def set_up_logs(level: str = "info", format_: LogFormat = "auto", *, color: bool | None = None) -> None:
    """Logs go to standard error, unless told otherwise: readable on a terminal, with their fields into the journal where
    that is what standard error leads to, else one line of JSON each."""
    terminal = sys.stderr.isatty()
    journal = format_ == "auto" and under_journal()
    as_json = format_ == "json" or (format_ == "auto" and not terminal)
    shared: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, _hide]
    last: list[Processor]
    if journal:
        last = [structlog.processors.format_exc_info, JournalRenderer()]
    elif as_json:
        last = [
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ]
    else:
        last = [
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=terminal if color is None else color and terminal),
        ]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        # Whatever stands for standard error at that time: above a progress bar, a line must not run into it.
        logger_factory=JournalPrinter if journal else lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # These log each URL at INFO, and ours carry logins in filter=.
    for name in (
        "httpx",
        "httpcore",
        "azure",
        "msal",
        "okta-sdk-python",
        "aiohttp",
        "apscheduler",
        "alembic",
        "apprise",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
