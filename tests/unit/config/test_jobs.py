"""Schedules, durations and what this version does not do yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger

from syncd.config.duration import parse_duration
from syncd.config.schedule import parse_schedule

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
DURATION = "write a whole number and s, m, h, d or w, such as 30s, 5m, 1h or 30d"
FORM = "write a duration such as 30s, 5m or 1h, or five fields of cron such as */5 * * * *"
DAY = "write 0 to 7 or sun to sat, such as 1-5"


def job(text: str) -> str:
    return f'[jobs.wiki]\nsource = "contoso"\ntarget = "wiki"\n{text}\n'


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("1h", timedelta(hours=1)),
        ("24 h", timedelta(days=1)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(days=14)),
        ("3650d", timedelta(days=3650)),
        ("3651d", None),
        ("999999999w", None),
        ("1.5h", None),
        ("5 minutes", None),
        ("-5m", None),
        ("5M", None),
        ("٣m", None),
        ("", None),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text, span):
    assert parse_duration(text) == span


def test_durations_are_read(workshop):
    wiki = workshop.load(
        job=job('schedule = "5m"\nfull_every = "12h"\n[jobs.wiki.users]\ndelete_after = "30d"'),
        more='[log]\nretention = "2w"',
    )
    assert wiki.jobs["wiki"].schedule.every == timedelta(minutes=5)
    assert wiki.jobs["wiki"].full_every == timedelta(hours=12)
    assert wiki.jobs["wiki"].users.delete_after == timedelta(days=30)
    assert wiki.log.retention == timedelta(days=14)


@pytest.mark.parametrize(("text", "span"), [("never", None), ("0d", timedelta(0))])
def test_a_deactivated_account_may_be_kept_for_ever_or_not_at_all(workshop, text, span):
    settings = workshop.load(job=job(f'[jobs.wiki.users]\ndelete_after = "{text}"'))
    assert settings.jobs["wiki"].users.delete_after == span


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('full_every = "0s"', f'jobs.wiki.full_every: "0s"; it must be longer than nothing; {DURATION}'),
        ("full_every = 24", f"jobs.wiki.full_every: a whole number; {DURATION}"),
        ('full_every = "daily"', f'jobs.wiki.full_every: "daily"; {DURATION}'),
        ('[jobs.wiki.users]\ndelete_after = "nevr"', f'jobs.wiki.users.delete_after: "nevr"; {DURATION}, or never'),
        ("[jobs.wiki.users]\ndelete_after = 30", f"jobs.wiki.users.delete_after: a whole number; {DURATION}, or never"),
        ('schedule = "0m"', f'jobs.wiki.schedule: "0m"; it must be longer than nothing; {FORM}'),
        ("schedule = 40", f"jobs.wiki.schedule: a whole number; {FORM}"),
        ('schedule = "@daily"', f'jobs.wiki.schedule: "@daily"; {FORM}'),
        ('schedule = "* * * *"', f'jobs.wiki.schedule: "* * * *"; {FORM}'),
        (
            'schedule = "60 * * * *"',
            (
                "jobs.wiki.schedule: \"60 * * * *\"; Error validating expression '60': the last value (60) is higher than the "
                f"maximum value (59); {FORM}"
            ),
        ),
        ('schedule = "* * * * 8"', f'jobs.wiki.schedule: "* * * * 8"; "8" is no day of the week; {DAY}; {FORM}'),
        (
            'schedule = "* * * * fri-mon"',
            f'jobs.wiki.schedule: "* * * * fri-mon"; "fri-mon" is no day of the week; {DAY}; {FORM}',
        ),
        ('schedule = "0 0 31 2 *"', f'jobs.wiki.schedule: "0 0 31 2 *"; that day never comes; {FORM}'),
    ],
)
def test_a_time_that_cannot_be_is_refused(faults: Faults, text, line):
    assert faults(job=job(text)) == [f"{line}. {END}"]


@pytest.mark.parametrize(
    ("text", "crons"),
    [
        ("*/5 * * * *", ("*/5 * * * *",)),
        ("0 9 * * 1-5", ("0 9 * * mon,tue,wed,thu,fri",)),
        ("0 9 * * 0", ("0 9 * * sun",)),
        ("0 9 * * 7", ("0 9 * * sun",)),
        ("0 9 * * 5-7", ("0 9 * * sun,fri,sat",)),
        ("0 9 * * FRI-SUN", ("0 9 * * sun,fri,sat",)),
        ("0 9 * * */2", ("0 9 * * sun,tue,thu,sat",)),
        ("0 9 ? * 1", ("0 9 * * mon",)),
        ("30 2 29 2 *", ("30 2 29 2 *",)),
        ("0 0 13 * 5", ("0 0 13 * *", "0 0 * * fri")),
    ],
)
def test_cron_means_what_crontab_says(text, crons):
    assert parse_schedule(text).crons == crons


def test_sunday_is_sunday_to_the_scheduler():
    (cron,) = parse_schedule("0 9 * * 0").crons
    after = CronTrigger.from_crontab(cron, timezone=UTC).get_next_fire_time(None, datetime(2026, 1, 1, tzinfo=UTC))
    assert after == datetime(2026, 1, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ('[metrics]\nlisten = "9464"', 'metrics.listen: "9464"; write an address and a port, such as 127.0.0.1:9464 '),
        ('[metrics]\nlisten = "127.0.0.1:0"', 'metrics.listen: "127.0.0.1:0"; write an address and a port, '),
        ('[metrics]\nlisten = "evil:1"', 'metrics.listen: "evil:1"; write an address and a port, '),
        ("[metrics]\nlisten = 9464", "metrics.listen: a whole number; write an address and a port, "),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_refused(faults: Faults, more, line):
    (only,) = faults(more=more)
    assert only.startswith(line)


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "[::1]:9464", "localhost:9464", "0.0.0.0:80"])
def test_an_address_to_listen_on_is_taken_as_written(workshop, address):
    assert workshop.load(more=f'[metrics]\nlisten = "{address}"\n').metrics.listen == address


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ('[notify]\nurls = ["slack://hunter2"]', "notify.urls[0]: a secret in clear (text, not shown here); write "),
        ('[notify]\non = ["helt"]', 'notify.on[0]: "helt"; the nearest word is held. '),
    ],
)
def test_notifications_are_checked(faults: Faults, more, line):
    (only,) = faults(more=more)
    assert only.startswith(line)


@pytest.mark.parametrize("drift", ["report", "ignore"])
def test_the_other_ways_with_drift_are_available(workshop, drift):
    assert workshop.load(job=job(f'drift = "{drift}"')).jobs["wiki"].drift == drift


def test_empty_tables_are_harmless(workshop):
    settings = workshop.load(more="[notify]\n[metrics]\n")
    assert (settings.notify.urls, settings.metrics.listen) == ((), None)


@pytest.mark.parametrize("word", ["report", "repair", "ignore"])
def test_each_way_with_drift_is_available(workshop, word):
    job = f'[jobs.wiki]\nsource = "contoso"\ntarget = "wiki"\ndrift = "{word}"\n'
    assert workshop.load(job=job).jobs["wiki"].drift == word
