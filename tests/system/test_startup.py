"""Commands that only look load none of what takes long to load; what they load is asked of real processes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from state.revision import newest_revision
from state.store import Store
from syncd.cli.program import VERBS, program
from tests.system.processes import HERE, SMALLEST

#: each takes a tenth of a second to several
HEAVY = {
    "aiohttp", "alembic", "apprise", "apscheduler", "azure", "httpx", "kiota_http", "mimesis", "msal", "msgraph",
    "msgraph_core", "okta", "prometheus_client", "psycopg", "regex", "starlette", "structlog", "uvicorn", "uvloop", "yarl",
}  # fmt: skip
#: ours that a look at the state DB does without, where config.toml has no expression and no pattern
WORKING = {"connectors.scim.dialects", "state.journal", "state.mirror", "syncd.core.expression"}
#: smaller, and easily drawn in by something else
NOT_EVEN = {"asyncio", "connectors", "email", "importlib.metadata", "socket", "sqlalchemy", "ssl"}
CONFIG = f"""
[state]
url = "sqlite:///state.db"
{SMALLEST}schedule = "1h"
"""
CODE = """
import json, sys
from syncd.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    sys.stderr.write("\\n" + json.dumps([ended.code, sorted(sys.modules)]))
"""


def loaded(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """(exit code, modules) of a command in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    code, names = json.loads(ran.stderr.splitlines()[-1])
    return code, set(names)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    (made / "config.toml").write_text(CONFIG)
    (made / "token").write_text("t")
    Store.open(f"sqlite:///{made}/state.db").close()
    return made


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["sync", "--help"], ["config", "schema"], ["status"], ["status", "-o", "json"]],
    ids=" ".join,
)
def test_a_command_that_only_looks_loads_no_client_and_no_server(folder: Path, arguments: list[str]) -> None:
    code, names = loaded(folder, *arguments)
    assert code == 0
    assert {name.split(".")[0] for name in names} & HEAVY == set()
    assert names & WORKING == set()
    assert NOT_EVEN & names == set()
    if arguments[0] != "status":
        assert "syncd.config" not in names
    if arguments[0] in ("--help", "--version"):  # behind a verb, the options before it are read by pydantic
        assert "pydantic" not in names


def test_a_verb_is_called_without_the_files_of_all_others(folder: Path) -> None:
    code, names = loaded(folder, "status")
    assert code == 0
    files = {f"syncd.cli.{file}" for file in VERBS}
    assert names & files == {"syncd.cli.looking"}
    code, names = loaded(folder, "-c", "config.toml", "status")
    assert code == 0
    assert names & files == files, "behind an option, which may take a verb's name as its value"


@pytest.mark.parametrize("verb", [None, *(verb for verbs in VERBS.values() for verb in verbs)])
def test_each_verb_is_where_it_is_looked_for(verb: str | None) -> None:
    made = typer.main.get_command(program(verb))
    own = [verbs for verbs in VERBS.values() if verb in verbs] or VERBS.values()
    assert set(made.commands) == {each for verbs in own for each in verbs}  # type: ignore[attr-defined]  # a group


def test_what_is_called_heavy_is_what_the_daemon_and_the_sources_load() -> None:
    """Else the list would grow old, and the test above pass whatever is loaded."""
    code = "import sys, syncd.daemon, connectors.graph.wire, connectors.okta.sdk; print(*{n.split('.')[0] for n in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, timeout=60, check=True)
    names = set(ran.stdout.split())
    assert {"aiohttp", "apscheduler", "azure", "httpx", "msgraph", "okta", "prometheus_client"} <= names
    assert {"regex", "structlog", "yarl"} <= names


def test_ours_that_a_look_does_without_exist() -> None:
    for name in WORKING:
        assert importlib.util.find_spec(name) is not None


def test_the_newest_schema_is_known_without_alembic(tmp_path: Path) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(HERE / "state" / "migrations"))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()
