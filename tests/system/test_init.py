"""`syncd init` from the command line: a configuration on standard output, what was lost on standard error."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from connectors.sandbox.world import World
from syncd.config import load
from tests.system.conftest import Cli

SCHEMAS = Path(__file__).parents[1] / "unit" / "starter" / "schemas"


def on_the_sandbox(text: str, world: World, folder: Path) -> str:
    """A printed configuration with its placeholders filled in for the sandbox."""
    world.write_config(folder)
    text = text.replace("sqlite:////var/lib/syncd/state.db", "sqlite:///state.db")
    text = re.sub(r"(?m)^(tenant_id|client_id) = .*$", "", text)
    text = re.sub(
        r"(?m)^client_secret = .*$",
        f'endpoint = "{world.url("graph")}/v1.0"\naccess_token = {{ file = "graph.token" }}',
        text,
    )
    text = re.sub(
        r"(?m)^service_principal_id = .*$", f'service_principal_id = "{world.tenant.service_principal_id}"', text
    )
    text = re.sub(r'(?m)^url = "<.*$', f'url = "{world.url("scim")}/scim"', text)
    return text.replace('"app.token"', '"scim.token"')


def test_init_prints_a_configuration_for_entra_and_the_generic_profile(cli: Cli) -> None:
    ran = cli("init")
    assert (ran.code, ran.err) == (0, "")
    assert 'kind = "graph"' in ran.out
    assert 'profile = "generic"' in ran.out
    assert ran.out.startswith("# Microsoft Entra ID → SCIM 2.0: ")


def test_init_and_check_work_hand_in_hand(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(cli("init", "--source", "okta", "--target", "testmu").out, encoding="utf-8")
    ran = cli("check")
    assert ran.code == 64
    assert "sources.okta.org_url: a placeholder (<…>) in a URL" in ran.err
    assert "sources.okta.app_id: " in ran.err
    assert "okta.token" in ran.err


def test_a_filled_in_configuration_plans_on_the_sandbox(world: World, cli: Cli, tmp_path: Path) -> None:
    text = on_the_sandbox(cli("init").out, world, tmp_path)
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert cli("check").code == 0
    ran = cli("--dry-run", "-o", "json")
    assert ran.code == 2
    assert ran.job["job"] == "app"
    assert ran.job["counts"]["create"] > 10
    assert ran.job["counts"]["failed"] == 0


def test_the_imported_default_schema_gives_the_plan_of_the_defaults(world: World, cli: Cli, tmp_path: Path) -> None:
    plans = []
    for arguments in ([], ["--from-entra-schema", str(SCHEMAS / "default.json")]):
        text = on_the_sandbox(cli("init", *arguments).out, world, tmp_path)
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        plans.append(cli("--dry-run", "-o", "json").job["checksum"])
    assert plans[0] == plans[1]


def test_what_an_import_loses_is_on_standard_error_and_on_top(cli: Cli, tmp_path: Path) -> None:
    ran = cli("init", "--from-entra-schema", str(SCHEMAS / "unsupported.json"), "--target", "testmu")
    assert ran.code == 0
    lines = ran.err.splitlines()
    assert len(lines) > 25
    assert all(line.startswith("syncd: ") for line in lines)
    head = ran.out.partition("[state]")[0].splitlines()
    assert [line.removeprefix("#   ") for line in head if line.startswith("#   ")][4:] == [
        line.removeprefix("syncd: ") for line in lines
    ]
    assert "Hunter2" not in ran.out + ran.err


def test_an_import_without_losses_is_silent(cli: Cli, tmp_path: Path) -> None:
    ran = cli("init", "--from-entra-schema", str(SCHEMAS / "testmu.json"), "--target", "testmu", "--source", "graph")
    assert (ran.code, ran.err) == (0, "")
    assert "enabled = false" in ran.out
    assert "# Not carried over as it was: nothing" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "testmuu"], "the nearest is testmu"),
        (["--target", "nowhere.toml"], "the file does not exist"),
        (["--source", "ldap"], "'ldap' is not one of 'graph', 'okta'"),
        (["--from-entra-schema", "missing.json"], "missing.json: the file cannot be read (No such file or directory)"),
        (["--from-entra-schema", "empty.json"], "empty.json: it is no JSON"),
        (["--from-entra-schema", "deep.json"], "deep.json: it is no JSON: depth limit exceeded"),
        (["--from-entra-schema", "list.json"], "list.json: it is no synchronization schema"),
        (["--from-entra-schema", "list.json", "--source", "okta"], "leave --source out, or make it graph"),
    ],
)
def test_wrong_usage_is_64_with_one_line(cli: Cli, tmp_path: Path, arguments: list[str], message: str) -> None:
    for name, text in (("empty.json", ""), ("deep.json", "[" * 5000), ("list.json", "[]")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = cli("init", *arguments)
    assert ran.code == 64
    assert ran.out == ""
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_an_import_reads_standard_input(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (SCHEMAS / "default.json").open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        ran = cli("init", "--from-entra-schema", "-")
    assert ran.code == 0
    assert "# Mappings, filters and actions are those of standard input." in ran.out


def test_check_warns_of_a_value_that_moves_with_the_clock(world: World, cli: Cli, tmp_path: Path) -> None:
    rows = """
[[jobs.entra.users.mappings]]
target = "userName"
source = "userPrincipalName"
[[jobs.entra.users.mappings]]
target = "active"
expression = "Not([IsSoftDeleted])"
[[jobs.entra.users.mappings]]
target = "title"
expression = 'FormatDateTime(Now(), , "M/d/yyyy h:mm:ss tt", "yyyy")'
[[jobs.entra.users.mappings]]
target = "nickName"
expression = 'FormatDateTime(Now(), , "M/d/yyyy h:mm:ss tt", "yyyy")'
apply = "on-create"
[[jobs.entra.users.mappings]]
target = "externalId"
expression = "Guid()"
"""
    load(world.write_config(tmp_path, extra=rows))
    ran = cli("check", "--job", "entra", "-o", "json")
    assert ran.code == 0
    found = [finding for one in ran.json["checked"] for finding in one["findings"] if finding["what"] == "warning"]
    assert [finding["detail"].split()[0] for finding in found] == ["title"]
    assert 'apply = "on-create"' in found[0]["remedy"]
    assert "title of users" in cli("check", "--job", "entra").out
    assert json.loads(cli("check", "--job", "okta", "-o", "json").out)["exit_code"] == 0
