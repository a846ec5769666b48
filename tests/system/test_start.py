"""A wrong configuration refuses to start: exit 64 before any request, the key and the right word named, no secret shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import Cli
from tests.system.house import House, house

SECRET = "hunter2-and-more"  #: what no message may repeat


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house("graph", tmp_path_factory.mktemp("house"), people=2, begun=False) as made:
        yield made


SCHEDULE = 'schedule = "1m"'


def clause(text: str) -> tuple[str, str]:
    """A filter with this one clause."""
    return SCHEDULE, f"{SCHEDULE}\n[jobs.job.users]\nfilters = [[{{ {text} }}]]"


def rows(*texts: str) -> tuple[str, str]:
    """A mapping of these rows."""
    return SCHEDULE, "\n[[jobs.job.users.mappings]]\n".join([SCHEDULE, *texts])


#: what is wrong: ((what is replaced, by what), words that the message must have)
WRONG: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    "an unknown key": ((SCHEDULE, 'schedul = "1m"'), ("jobs.job.schedul", "schedule")),
    "an unknown key of a target": (('kind = "scim"', 'kind = "scim"\ndialekt = "entra"'), ("dialekt", "dialect")),
    "an unknown table": (("[jobs.job]", "[job.job]"), ("job", "jobs")),
    "an unknown profile": (('kind = "scim"', 'kind = "scim"\nprofile = "testmuu"'), ("testmuu", "testmu")),
    "an unknown operator": (
        clause('attribute = "department", operator = "EQUAL", value = "x"'),
        ("EQUAL", "EQUALS", "filters"),
    ),
    "an operator that nobody knows what it compares": (
        clause('attribute = "department", operator = "&", value = "x"'),
        ("&", "filters"),
    ),
    "a clause without its value": (clause('attribute = "department", operator = "EQUALS"'), ("value", "EQUALS")),
    "an attribute that the source cannot have": (
        clause('attribute = "departmnt", operator = "EQUALS", value = "x"'),
        ("departmnt", "department"),
    ),
    "a function that does not exist": (
        rows('target = "userName"\nexpression = "tolower([mail])"'),
        ("tolower", "ToLower"),
    ),
    "a target attribute mapped twice": (
        rows('target = "userName"\nsource = "mail"', 'target = "username"\nsource = "userPrincipalName"'),
        ("twice", "userName"),
    ),
    "a percentage over a hundred": (
        (SCHEDULE, f"{SCHEDULE}\n[jobs.job.guards]\ndeletions = {{ percent = 101 }}"),
        ("percent", "101"),
    ),
    "a source that is not there": (('source = "company"', 'source = "compny"'), ("compny", "company")),
    "a secret in two ways": (('token = { file = "', f'token = {{ env = "{SECRET}", file = "'), ("token",)),
    "a secret in clear": (('token = { file = "', f'headers = {{ X = "1" }}\ntoken = "{SECRET}" #'), ("token", "env")),
    "two ways to sign in": (
        ('kind = "scim"', 'kind = "scim"\nbasic = { username = "u", password = { env = "SYNCD_TEST_PASSWORD" } }'),
        ("token", "basic"),
    ),
    "plain http to another host": (('url = "http://127.0.0.1', 'url = "http://192.0.2.1'), ("url", "https")),
    "an environment variable that is not set": (
        ("token = { file = ", 'token = { env = "SYNCD_TEST_NOT_SET" } # '),
        ("SYNCD_TEST_NOT_SET",),
    ),
    "a secret file that is not there": (("target.token", "targt.token"), ("targt.token",)),
    "no jobs": (("[jobs.job]", "[jobs]\n#"), ("jobs",)),
    "no TOML": (("[jobs.job]", "[jobs.job"), ()),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_unknown_key_filter_or_double_secret_refuses_to_start(
    here: House, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    (what, by), words = WRONG[wrong]
    monkeypatch.setenv("SYNCD_TEST_PASSWORD", SECRET)
    text = here.config.read_text(encoding="utf-8")
    assert what in text
    at = text.rindex(what)
    rest = "" if wrong == "no jobs" else text[at + len(what) :]
    (tmp_path / "config.toml").write_text(text[:at] + by + rest, encoding="utf-8")
    asked = here.source.journal.total, here.service.journal.total
    for arguments in (["sync"], ["--dry-run"], ["check"], ["status"], ["run"]):
        ran = cli(*arguments)
        assert ran.code == 64, (arguments, ran)
        assert "Traceback" not in ran.err
        missing = [word for word in words if word not in ran.err]
        assert not missing, ran.err
        assert SECRET not in ran.err + ran.out
    told = cli("--dry-run", "-o", "json")
    assert told.json["exit_code"] == 64
    assert told.json["error"]["message"]
    assert told.json["error"]["remedy"]
    assert SECRET not in told.out + told.err
    assert (here.source.journal.total, here.service.journal.total) == asked
    assert not (tmp_path / "state.db").exists()


def test_the_same_file_without_a_fault_starts(here: House, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(here.config.read_text(encoding="utf-8"), encoding="utf-8")
    assert cli("check").code == 0
    assert cli("--dry-run").code == 2


def test_without_any_file_the_places_that_were_tried_are_named(cli: Cli) -> None:
    ran = cli("sync")
    assert ran.code == 64
    assert "config.toml" in ran.err


def test_a_configuration_named_by_the_environment_is_used(
    here: House, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCD_CONFIG", os.fspath(here.config))
    assert cli("status").code == 0


def with_profile(here: House, folder: Path, text: str) -> None:
    """The configuration, with a profile file of the user's own beside it."""
    (folder / "house.toml").write_text(text, encoding="utf-8")
    config = here.config.read_text(encoding="utf-8").replace('kind = "scim"', 'kind = "scim"\nprofile = "house.toml"')
    (folder / "config.toml").write_text(config, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('dialekt = "entra"', "unknown key dialekt; did you mean dialect?"),
        ('[users]\nmatch = ["user name"]', "users.match: 'user name' is no attribute path"),
        ('paging = "curser"', "paging is 'curser', but must be 'cursor'"),
        ('[[users.mappings.graph]]\ntarget = "title"\nexpression = "tolower([mail])"', "ToLower"),
        ('[[users.mappings.graph]]\ntarget = "title"\nsource = "jobTitel"', "jobTitle"),
        ("title = ", "no valid TOML"),
    ],
)
def test_a_fault_in_a_profile_of_ones_own_is_one_line_at_the_start(
    here: House, cli: Cli, tmp_path: Path, text: str, words: str
) -> None:
    with_profile(here, tmp_path, text)
    asked = here.service.journal.total
    for arguments in (["sync"], ["--dry-run"], ["check"], ["run"]):
        ran = cli(*arguments)
        assert ran.code == 64, (arguments, ran)
        assert words in " ".join(ran.err.split())
        assert "Traceback" not in ran.err
    assert here.service.journal.total == asked


def test_a_profile_of_ones_own_is_in_force_and_what_is_known_is_told_with_its_date(
    here: House, cli: Cli, tmp_path: Path
) -> None:
    with_profile(here, tmp_path, 'title = "House"\nmember_chunk = 7\n[users]\nmatch = ["userName"]\n')
    assert cli("check").code == 0
    assert cli("--dry-run").code == 2
    (row,) = cli("status", "-o", "json").json["jobs"]
    assert "it was asked for its discovery" in row["learned"]
    assert row["learned_at"].endswith("Z")
    shown = cli("status").out
    assert "product, as of " in shown
    assert "it was asked for its discovery" in shown


def test_all_faults_in_a_profile_of_ones_own_are_told_a_line_each(here: House, cli: Cli, tmp_path: Path) -> None:
    """Those of its form first; then those of its mapping rows, of which each is looked at for itself."""
    with_profile(here, tmp_path, 'dialekt = "entra"\npatch = 1\n[users]\ndelete = "kills"')
    ran = cli("sync")
    assert ran.code == 64
    lines = ran.err.splitlines()
    assert len(lines) == 3
    for line, words in zip(lines, ("unknown key dialekt", "patch is 1", "users.delete is 'kills'"), strict=True):
        assert words in line
        assert line.endswith("then run: syncd check")
    rows = [
        ("graph", 'target = "title"\nexpression = "tolower([mail])"'),
        ("graph", 'target = "nickName"\nsource = "jobTitel"'),
        ("any", 'target = "displayName"\nexpression = "Join("'),
    ]
    with_profile(here, tmp_path, "\n".join(f"[[users.mappings.{origin}]]\n{row}" for origin, row in rows))
    ran = cli("sync")
    assert ran.code == 64
    places = ("users.mappings.any[0]", "users.mappings.graph[0]", "users.mappings.graph[1]")
    lines = ran.err.splitlines()
    assert len(lines) == 3
    for line, place in zip(lines, places, strict=True):
        assert place in line
        assert line.endswith("then run: syncd check")
