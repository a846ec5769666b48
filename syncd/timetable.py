"""When cycles begin: APScheduler's trigger for a configured schedule."""

from __future__ import annotations

import random

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from syncd.config.schedule import Schedule

#: a share of the interval by which cycles are spread, so that many daemons do not ask at the same second
JITTER = 0.05


def trigger(schedule: Schedule) -> BaseTrigger:
    """APScheduler's trigger for a configured schedule, in UTC, spread a little."""
    if schedule.every is not None:
        seconds = schedule.every.total_seconds()
        return IntervalTrigger(seconds=max(1, int(seconds)), jitter=seconds * JITTER * random.random(), timezone="UTC")  # noqa: S311 - no secret
    crons = [CronTrigger.from_crontab(text, timezone="UTC") for text in schedule.crons]
    return crons[0] if len(crons) == 1 else OrTrigger(crons)
