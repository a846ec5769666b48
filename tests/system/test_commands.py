"""The commands of the contract, from a configuration file to exit code and report."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from connectors.sandbox.world import World
from tests.system.conftest import Cli, written


@pytest.mark.parametrize("job", ["entra", "okta"])
def test_dry_run_writes_nothing_and_its_plan_is_the_one_applied(
    world: World, cli: Cli, tmp_path: Path, job: str
) -> None:
    world.write_config(tmp_path)
    dry = cli("--dry-run", "--job", job, "-o", "json")
    assert dry.code == 2
    assert dry.json["dry_run"] is True
    assert dry.json["exit_code"] == 2
    assert written(world) == 0
    done = cli("sync", "--job", job, "-o", "json")
    assert done.code == 0
    assert done.job["checksum"] == dry.job["checksum"]
    assert done.job["counts"] == dry.job["counts"]

    def planned(changes: list[dict[str, object]]) -> list[dict[str, object]]:
        return [{key: value for key, value in change.items() if key != "status"} for change in changes]

    assert planned(done.changes) == planned(dry.changes)
    assert {change["status"] for change in dry.changes} == {"planned"}
    assert {change["status"] for change in done.changes} == {"done"}
    assert len(dry.changes) > 10


@pytest.mark.parametrize("job", ["entra", "okta"])
def test_second_cycle_writes_nothing(world: World, cli: Cli, tmp_path: Path, job: str) -> None:
    world.write_config(tmp_path)
    assert cli("sync", "--job", job).code == 0
    before = written(world)
    for arguments in (["sync", "--job", job], ["sync", "--full", "--job", job], ["--dry-run", "--job", job]):
        assert cli(*arguments).code == 0
    assert written(world) == before


def test_planned_requests_are_those_that_the_target_gets(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    dry = cli("--dry-run", "--job", "entra", "-o", "json")
    planned = [request for change in dry.changes for request in change["requests"]]
    assert cli("sync", "--job", "entra", "--plan", dry.job["checksum"][:19]).code == 0
    entries = httpx.get(world.url("scim") + "/_emu/requests?since=0").json()
    entries = entries["requests"] if isinstance(entries, dict) else entries
    sent = [entry for entry in entries if entry["method"] != "GET" and "/_emu" not in entry["path"]]
    assert len(planned) == len(sent) == sum(world.scim.writes.values())
    by_method = {m: sorted(r["path"].split("/")[1] for r in planned if r["method"] == m) for m in ("POST", "PATCH")}
    assert by_method == {
        m: sorted(e["path"].removeprefix("/scim/").split("/")[0] for e in sent if e["method"] == m)
        for m in ("POST", "PATCH")
    }


def test_sync_with_another_checksum_writes_nothing(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    ran = cli("sync", "--job", "entra", "--plan", "00000000")
    assert ran.code == 1
    assert "Nothing was written" in ran.err
    assert "syncd --dry-run --job entra" in ran.err
    assert written(world) == 0
    assert cli("sync", "--job", "entra").code == 0


def test_report_has_every_field_of_the_contract(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    report = cli("--dry-run", "--job", "entra", "-o", "json").json
    assert {"syncd", "dry_run", "exit_code", "jobs"} <= report.keys()
    job = report["jobs"][0]
    assert {
        "job", "cycle", "source", "target", "checksum", "complete", "started", "seconds", "read", "counts", "changes",
        "warnings", "drift",
    } <= job.keys()  # fmt: skip
    assert list(job["counts"]) == [
        "create", "adopt", "update", "reactivate", "add_members", "remove_members", "deactivate", "delete", "skip",
        "held", "failed",
    ]  # fmt: skip
    assert job["read"].keys() == {"users", "groups", "assignments", "requests"}
    change = job["changes"][0]
    assert change.keys() == {
        "action", "kind", "source_id", "target_id", "name", "why", "modified", "requests", "held", "status", "error",
    }  # fmt: skip
    assert change["target_id"] is None
    assert change["requests"][0]["method"] == "POST"
    assert {"attribute", "old", "new"} == change["modified"][0].keys()
    members = next(change for change in job["changes"] if change["action"] == "add_members")
    assert all(id_.startswith("new:contoso:") for id_ in members["modified"][0]["new"])


def test_explain_and_provision_tell_the_five_steps(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    name = cli("--dry-run", "--job", "entra", "-o", "json").changes[0]["name"]
    told = cli("explain", name.upper(), "--job", "entra", "-o", "json")
    assert told.code == 0
    assert [step["step"] for step in told.job["steps"]] == [
        "connection",
        "import",
        "scope",
        "match",
        "action",
        *["action"] * (len(told.job["steps"]) - 5),
    ]
    assert written(world) == 0
    assert cli("provision", name, "--job", "entra", "--dry-run").code == 2
    assert written(world) == 0
    assert cli("provision", name, "--job", "entra").code == 0
    assert [user.attributes["userName"] for user in world.scim.users()] == [name]
    again = cli("provision", name, "--job", "entra", "-o", "json")
    assert again.code == 0
    assert sum(world.scim.writes.values()) == 1
    assert cli("sync", "--job", "entra").code == 0
    assert len({user.attributes["userName"] for user in world.scim.users()}) == len(list(world.scim.users()))


def test_a_group_on_demand_comes_with_the_members_that_are_there(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    assert cli("sync", "--job", "okta").code == 0
    group = next(iter(world.scim_okta.groups())).attributes["displayName"]
    ran = cli("provision", str(group), "--group", "--job", "okta", "-o", "json")
    assert ran.code == 0
    assert all(job["steps"][-1]["detail"].startswith("nothing to do") for job in ran.json["jobs"])
    assert not any(job["changes"] for job in ran.json["jobs"])


def test_a_name_that_nobody_has_is_an_error_with_a_next_step(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    ran = cli("explain", "nobody@contoso.example", "--job", "entra")
    assert ran.code == 1
    told = cli("provision", "nobody@contoso.example", "--job", "entra", "-o", "json")
    assert told.code == 1
    assert told.json["error"].keys() == {"message", "where", "remedy"}
    assert written(world) == 0


def test_status_and_log_tell_what_happened(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    never = cli("status", "-o", "json").json["jobs"]
    assert [row["last_cycle"] for row in never] == [None, None]
    assert cli("sync", "--job", "entra").code == 0
    (row,) = cli("status", "--job", "entra", "-o", "json").json["jobs"]
    assert row.keys() >= {
        "job", "last_cycle", "next_cycle", "counts", "held", "failing", "quarantine", "paused", "steady_since",
    }  # fmt: skip
    assert row["last_cycle"]["result"] == "ok"
    assert row["links"]["users"]["active"] == len(list(world.scim.users()))
    lines = [json.loads(line) for line in cli("log", "--job", "entra", "-o", "json").out.splitlines()]
    assert len(lines) == row["counts"]["create"] + row["counts"]["update"] + 1
    assert lines[0].keys() == {
        "time", "job", "cycle", "change", "action", "status", "kind", "source_id", "target_id", "name", "steps",
        "modified", "error",
    }  # fmt: skip
    one = lines[0]["name"]
    assert {
        line["name"] for line in (json.loads(x) for x in cli("log", "--user", one, "-o", "json").out.splitlines())
    } == {one}
    assert cli("log", "--status", "failure", "-o", "json").out == ""
    assert cli("log", "--since", "soon").code == 64
    assert "jane" not in cli("log", "-o", "csv").out


def test_check_ticks_every_source_and_target(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    ran = cli("check", "-o", "json")
    assert ran.code == 0, ran.out
    assert {(one["kind"], one["name"]) for one in ran.json["checked"]} >= {
        ("source", "contoso"), ("source", "acme"), ("target", "sandbox"), ("target", "sandbox-okta"),
    }  # fmt: skip
    assert written(world) == 0
    (tmp_path / "scim.token").write_text("wrong")
    ran = cli("check")
    assert ran.code == 1
    assert "✗" in ran.out
    for arguments in (["check"], ["sync", "--job", "entra"], ["provision", "x", "--job", "entra"]):
        ran = cli(*arguments, "-o", "json")
        assert (ran.code, ran.json["exit_code"]) == (1, 1)
        assert ran.json["error"].keys() == {"message", "where", "remedy"}


def test_db_commands_make_and_judge_the_schema(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    assert cli("db", "check").code == 1
    assert cli("db", "upgrade").code == 0
    assert cli("db", "upgrade").code == 0
    assert cli("db", "check").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["sync", "--nope"],
        ["sync", "-o", "xml"],
        ["sync", "--plan", "12"],
        ["sync", "--job", "nope"],
        ["--dry-run", "sync"],
        ["approve", "entra"],
        ["approve", "entra", "12345678", "--for", "ever"],
        ["sandbox", "--users", "0"],
        [],
    ],
)
def test_wrong_usage_is_64_with_one_line(world: World, cli: Cli, tmp_path: Path, arguments: list[str]) -> None:
    world.write_config(tmp_path)
    ran = cli(*arguments)
    assert ran.code == 64
    assert "Traceback" not in ran.err
    assert written(world) == 0


def test_json_errors_have_message_where_and_remedy(cli: Cli) -> None:
    ran = cli("--dry-run", "-o", "json")
    assert ran.code == 64
    assert ran.json["exit_code"] == 64
    assert ran.json["error"].keys() == {"message", "where", "remedy"}
    assert ran.json["error"]["where"]


def test_config_schema_is_json_schema(cli: Cli) -> None:
    ran = cli("config", "schema")
    assert ran.code == 0
    assert ran.json["properties"].keys() == {"state", "sources", "targets", "jobs", "log", "notify", "metrics"}


def test_eval_tries_an_expression_and_a_batch(cli: Cli, tmp_path: Path) -> None:
    ran = cli("eval", 'Join(" ", [givenName], [surname])', "--with", '{"givenName": "Ada", "surname": "Lovelace"}')
    assert (ran.code, ran.out) == (0, "Ada Lovelace\n")
    bad = cli("eval", "Frob([a])", "-o", "json")
    assert bad.code == 4
    assert bad.json["error"]["column"] == 1
    batch = tmp_path / "batch"
    batch.write_text('{"expression": "[a]", "attributes": {"a": ["x", "y"]}}\n{"expression": "(", "attributes": {}}\n')
    ran = cli("eval", "--batch", str(batch))
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert ran.code == 4
    assert first == {"result": ["x", "y"], "absent": False, "error": None}
    assert second["error"]["column"] >= 1


def test_a_batch_that_is_no_text_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "batch").write_bytes(b'{"expression": "[a]", "attributes": {"a": "\xf6"}}\n')
    ran = cli("eval", "--batch", "batch")
    assert ran.code == 64
    assert "batch: the file is no UTF-8 text" in ran.err
    assert ran.err.count("\n") == 1


def test_an_argument_that_is_no_text_is_one_line(cli: Cli) -> None:
    ran = cli("provision", "\udcff")
    assert (ran.code, ran.err) == (64, "syncd: '\\udcff' is no text in utf-8\n")
