"""When a job runs: every so often, or by the five fields of cron."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from syncd.config.duration import parse_duration
from syncd.config.faults import kind_of, shown
from syncd.config.section import Wrong

_FORM = "write a duration such as 30s, 5m or 1h, or five fields of cron such as */5 * * * *"
_LONGEST = 200
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Either `every` is set, or `crons` holds one or two expressions of which any one starts the job.

    `crons` are in APScheduler's dialect (`CronTrigger.from_crontab`), which counts the days of the week from Monday
    and joins day of month and day of week with AND. crontab(5) counts from Sunday and joins them with OR, and that is
    what config.toml means: days are rewritten by name, and two restricted day fields become two expressions.
    """

    text: str  #: as written
    every: timedelta | None = None
    crons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


def parse_schedule(text: str) -> Schedule:
    """Raises ValueError, whose text says what is wrong, for what is neither a duration nor a cron expression."""
    if (span := parse_duration(text)) is not None:
        if not span:
            raise ValueError("it must be longer than nothing")
        return Schedule(text=text, every=span)
    fields = text.split()
    if len(fields) != 5 or len(text) > _LONGEST:
        raise ValueError(_FORM)
    # A question mark stands for any day in some crons (Quartz).
    minute, hour, day, month, weekday = (fields[0], fields[1], *("*" if each == "?" else each for each in fields[2:]))
    crons: tuple[str, ...]
    if weekday == "*":
        crons = (" ".join((minute, hour, day, month, "*")),)
    elif day == "*":
        crons = (" ".join((minute, hour, "*", month, _weekdays(weekday))),)
    else:
        crons = (
            " ".join((minute, hour, day, month, "*")),
            " ".join((minute, hour, "*", month, _weekdays(weekday))),
        )
    for cron in crons:
        _verify(cron)
    return Schedule(text=text, crons=crons)


def _weekdays(text: str) -> str:
    """Days of the week by name: crontab(5) has 0 and 7 for Sunday, ranges and steps in that order."""
    chosen: set[int] = set()
    for item in text.lower().split(","):
        span, _, step = item.partition("/")
        first, dash, last = span.partition("-")
        start, end = (0, 6) if span == "*" else (_day(first), _day(last) if dash else _day(first))
        if step and not dash and span != "*":
            end = 6
        if dash and end == 0 < start:
            end = 7
        if end < start or (step and not (step.isdecimal() and int(step) > 0)):
            raise ValueError(f"{shown(item)} is no day of the week; write 0 to 7 or sun to sat, such as 1-5")
        chosen |= {day % 7 for day in range(start, end + 1, int(step) if step else 1)}
    return ",".join(_DAYS[day] for day in sorted(chosen))


def _day(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdecimal() and int(text) <= 7:
        return int(text)
    raise ValueError(f"{shown(text)} is no day of the week; write 0 to 7 or sun to sat, such as 1-5")


def _verify(cron: str) -> None:
    # Only a cron schedule pays for this import.
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    try:
        trigger = CronTrigger.from_crontab(cron, timezone=UTC)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{error}") from None
    # A leap year in front of it, so that 29 February counts.
    if trigger.get_next_fire_time(None, datetime(2027, 12, 31, tzinfo=UTC)) is None:
        raise ValueError("that day never comes")


def _schedule(value: Any) -> Schedule:
    if not isinstance(value, str):
        raise Wrong(kind_of(value), _FORM).error()
    try:
        return parse_schedule(value)
    except ValueError as error:
        reason = str(error)
        raise Wrong(shown(value), reason if reason == _FORM else f"{reason}; {_FORM}").error() from None


ScheduleText = Annotated[
    Schedule,
    PlainValidator(_schedule),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["30s", "40m", "1h", "*/5 * * * *"]}),
]
