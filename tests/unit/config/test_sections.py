"""Unknown, missing and mistyped keys, references between tables, and all faults at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError

from syncd.config import ConfigError, Fault
from syncd.config.faults import MOST_SHOWN
from syncd.core.secret import Secret

Faults = Callable[..., list[str]]
END = "Correct it, then run: syncd check"
ADD = "Add it, then run: syncd check"
SOURCE_WITHOUT_APPLICATION = """
[sources.contoso]
kind = "graph"
tenant_id = "contoso.com"
client_id = "22222222-3333-4444-5555-666666666666"
client_secret = { env = "GRAPH_SECRET" }
"""
JOB_WITH_BLANK = '[jobs."my job"]\nsource = "contoso"\ntarget = "wiki"\n'


def test_a_short_file_gets_every_default(workshop):
    settings = workshop.load()
    job = settings.jobs["wiki"]
    assert settings.state.url == "sqlite:////var/lib/syncd/state.db"
    assert (job.schedule.every, job.schedule.crons) == (timedelta(minutes=40), ())
    assert job.full_every == timedelta(hours=24)
    assert (job.scope, job.nested_groups, job.drift) == ("assigned", False, "report")
    assert job.users.actions == ("create", "update", "deactivate", "delete")
    assert (job.users.match, job.users.out_of_scope, job.users.delete_after) == (("userName",), "deactivate", None)
    assert (job.users.mappings, job.users.filters) == ((), ())
    assert (job.groups.enabled, job.groups.actions) == (True, ("create", "update", "delete"))
    assert (job.groups.match, job.groups.select) == (("displayName",), None)
    limit = job.guards.deletions
    assert (limit.count, limit.percent, limit.minimum) == (500, 10, 10)
    assert (job.guards.max_active_users, job.guards.protect) == (None, ())
    assert (settings.log.level, settings.log.retention) == ("info", timedelta(days=90))
    assert settings.targets["wiki"].profile == "generic"
    assert settings.targets["wiki"].token == Secret("hunter2-wiki")


def test_settings_are_frozen_and_print_no_secret(workshop):
    settings = workshop.load()
    with pytest.raises(ValidationError):
        settings.state.url = "sqlite:////elsewhere"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("[stat]\nx = 1", f"stat: unknown key; the nearest key is state. {END}"),
        ("[zzz]", f"zzz: unknown key; known: state, sources, targets, jobs, log, notify, metrics. {END}"),
        ("[log]\nlevl = 'info'", f"log.levl: unknown key; the nearest key is level. {END}"),
        (
            "[jobs.wiki.guards]\ndeletions = { percnt = 5 }",
            f"jobs.wiki.guards.deletions.percnt: unknown key; the nearest key is percent. {END}",
        ),
        ('[log]\n"a b" = 1', f'log."a b": unknown key; known: level, retention. {END}'),
        ("[log]\nlevel = 'INFO'", f'log.level: "INFO"; the nearest word is info. {END}'),
        ("[log]\nlevel = 3", f"log.level: a whole number; write one of debug, info, warning, error. {END}"),
        ("[log]\nlevel = 'all'", f'log.level: "all"; write one of debug, info, warning, error. {END}'),
        ("[jobs.wiki.groups]\nenabled = 'yes'", f"jobs.wiki.groups.enabled: text; write true or false. {END}"),
        ("[jobs.wiki.users]\nactions = 'create'", f"jobs.wiki.users.actions: text; it must be a list. {END}"),
        (
            "[jobs.wiki.users]\nactions = ['create', 'updat']",
            f'jobs.wiki.users.actions[1]: "updat"; the nearest word is update. {END}',
        ),
        (
            "[jobs.wiki.groups]\nactions = ['deactivate']",
            f'jobs.wiki.groups.actions[0]: "deactivate"; write one of create, update, delete. {END}',
        ),
        ("[jobs.wiki.guards]\nprotect = [1]", f"jobs.wiki.guards.protect[0]: a whole number; it must be text. {END}"),
        ("[jobs.wiki.guards]\nprotect = ['']", f"jobs.wiki.guards.protect[0]: empty text; it must not be empty. {END}"),
    ],
)
def test_a_key_that_is_not_understood_is_named_with_the_nearest(faults: Faults, more, line):
    assert faults(more=more) == [line]


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ("percent = 120", "deletions.percent: 120; it must be at most 100"),
        ("percent = -0.5", "deletions.percent: -0.5; it must be at least 0"),
        ("percent = nan", "deletions.percent: nan; it must be a finite number"),
        ("percent = '10'", "deletions.percent: text; it must be a number"),
        ("percent = true", "deletions.percent: true or false; it must be a number"),
        ("count = -1", "deletions.count: -1; it must be at least 0"),
        ("count = 1.5", "deletions.count: a number; it must be a whole number"),
        ("minimum = '1'", "deletions.minimum: text; it must be a whole number"),
    ],
)
def test_a_limit_out_of_its_bounds_is_refused(faults: Faults, limits, line):
    assert faults(more=f"[jobs.wiki.guards]\ndeletions = {{ {limits} }}") == [f"jobs.wiki.guards.{line}. {END}"]


def test_limits_that_are_left_out_keep_their_defaults(workshop):
    limit = workshop.load(more="[jobs.wiki.guards]\ndeletions = { percent = 2.5 }").jobs["wiki"].guards.deletions
    assert (limit.count, limit.percent, limit.minimum) == (500, 2.5, 10)


def test_seats_are_at_least_one(faults: Faults):
    assert faults(more="[jobs.wiki.guards]\nmax_active_users = 0") == [
        f"jobs.wiki.guards.max_active_users: 0; it must be at least 1. {END}"
    ]


@pytest.mark.parametrize("job", ["", "[jobs]\n"])
def test_a_file_without_jobs_is_refused(faults: Faults, job):
    assert faults(job=job) == [f"jobs: no jobs; write a table [jobs.NAME] with source and target. {ADD}"]


def test_a_job_names_its_source_and_target(faults: Faults):
    assert faults(job="[jobs.wiki]\n") == [
        f"jobs.wiki.source: missing; The name of a table under [sources]. {ADD}",
        f"jobs.wiki.target: missing; The name of a table under [targets]. {ADD}",
    ]


def test_an_unknown_source_or_target_is_named_with_the_nearest(faults: Faults):
    assert faults(job="[jobs.wiki]\nsource = 'contosso'\ntarget = 'Wiki'\n") == [
        f'jobs.wiki.source: unknown source "contosso"; the nearest source is contoso. {END}',
        f'jobs.wiki.target: unknown target "Wiki"; the nearest target is wiki. {END}',
    ]


def test_a_reference_into_an_empty_file_says_so(faults: Faults):
    assert faults(source="", target="") == [
        f'jobs.wiki.source: unknown source "contoso"; the file has no source. {END}',
        f'jobs.wiki.target: unknown target "wiki"; the file has no target. {END}',
    ]


def test_a_name_with_a_blank_is_refused(faults: Faults):
    lines = faults(job=JOB_WITH_BLANK)
    assert lines == [
        (
            'jobs."my job": "my job"; a name has letters, digits, dots, hyphens and underscores, at most 63, and begins '
            f"with a letter or digit. {END}"
        )
    ]


def test_all_faults_are_shown_one_a_line(faults: Faults):
    lines = faults(
        target='[targets.wiki]\nkind = "scim"\nurl = "http://wiki.example"\ntoken = "hunter2"\nrate = 0\n',
        job="[jobs.wiki]\nsource = 'contoso'\ntarget = 'wik'\nscope = 'al'\nschedule = '5x'\n",
        more="[log]\nretention = 90\n",
    )
    assert [line.split(": ")[0] for line in lines] == [
        "targets.wiki.url",
        "targets.wiki.token",
        "targets.wiki.rate",
        "jobs.wiki.schedule",
        "jobs.wiki.scope",
        "log.retention",
        "jobs.wiki.target",
    ]


def test_a_flood_of_faults_ends_with_their_number():
    each = [Fault(file="c", key=f"k{n}", found="x", right="y") for n in range(MOST_SHOWN + 7)]
    lines = str(ConfigError(faults=each)).split("\n")
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == f"and 7 more. {END}"


def test_an_error_gives_place_message_and_remedy_apart():
    one = Fault(file="/etc/c.toml", key="log.level", found='"x"', right="write info")
    error = ConfigError(faults=[one])
    assert (error.where, error.message, error.remedy) == ("/etc/c.toml: log.level", '"x"; write info', END)
    assert str(error) == f'/etc/c.toml: log.level: "x"; write info. {END}'
    assert ConfigError(faults=[one, one]).message == f"{one}\n{one}"


def test_control_characters_of_the_file_do_not_reach_the_terminal(faults: Faults):
    (line,) = faults(more='[log]\n"a\\u001b[31m\\n" = 1')
    assert line == f'log."a\\u001b[31m\\n": unknown key; known: level, retention. {END}'
    (line,) = faults(more='[log]\nlevel = "a\\u001b\\u009bb"')
    assert line == f'log.level: "a\\u001b\\u009bb"; write one of debug, info, warning, error. {END}'


def test_a_job_of_scope_all_needs_no_application(workshop):
    settings = workshop.load(
        source=SOURCE_WITHOUT_APPLICATION, job='[jobs.wiki]\nsource = "contoso"\ntarget = "wiki"\nscope = "all"\n'
    )
    assert settings.sources["contoso"].service_principal_id is None


def test_a_job_of_scope_assigned_needs_the_application(faults: Faults):
    assert faults(source=SOURCE_WITHOUT_APPLICATION) == [
        (
            'jobs.wiki.scope: source "contoso" names no application; scope "assigned" needs the application whose '
            f"assignments count; give sources.contoso service_principal_id or app_id. {ADD}"
        )
    ]
