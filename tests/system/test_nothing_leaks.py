"""Whatever a full run writes (output, logs, reports, state DB, scrape, crash) has no secret and no redacted value in it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import connectors.sandbox.world
from connectors.sandbox.emulator import Emulator
from connectors.sandbox.graph.access import EVERYTHING
from tests.system.conftest import Cli
from tests.system.processes import Site, end
from tests.system.service import service

#: every secret of the configuration, and what only a redacting expression makes
SECRETS = {
    "graph": "graph-tok-9f3Kq7",
    "okta": "okta-tok-Vb30yT",
    "scim": "scim-tok-77aXw2",
    "header": "header-val-Zz41p",
    "notify": "notify-cred-q8Lm",
    "redacted": "Hush-5b2",
}
EXTRA = f"""
[jobs.entra.users]
match = ["userName"]
[[jobs.entra.users.mappings]]
target = "userName"
source = "userPrincipalName"
[[jobs.entra.users.mappings]]
target = "active"
expression = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
[[jobs.entra.users.mappings]]
target = "nickName"
expression = 'Redact(Append("{SECRETS["redacted"]}-", [mailNickname]))'
[log]
level = "debug"
[notify]
urls = [ {{ env = "SYNCD_TEST_NOTIFY" }} ]
"""


def configure(site: Site) -> None:
    """Secrets of our own in place of the sandbox's, and a header that is one."""
    graph, folder = emulator_of(site, "graph"), site.folder
    site.world.okta.access.add_api_token(SECRETS["okta"])
    (folder / "okta.token").write_text(SECRETS["okta"])
    graph.control.service.access.grant(SECRETS["graph"], EVERYTHING)  # type: ignore[attr-defined]
    (folder / "graph.token").write_text(SECRETS["graph"])
    (folder / "header").write_text(SECRETS["header"])
    config = folder / "config.toml"
    text = config.read_text().replace(
        "[targets.sandbox]\n", '[targets.sandbox]\nheaders = { X-Key = { file = "header" } }\n'
    )
    config.write_text(text + EXTRA)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connectors.sandbox.world, "SCIM_TOKEN", SECRETS["scim"])
        patch.setattr(connectors.sandbox.world, "_TOKENS", {"graph": "x", "okta": "y", "scim": SECRETS["scim"]})
        patch.setenv("SYNCD_TEST_NOTIFY", f"json://u:{SECRETS['notify']}@127.0.0.1:9/")
        with Site(tmp_path_factory.mktemp("site"), users=12) as made:
            configure(made)
            yield made


def leaks(text: str | bytes) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    return [name for name, secret in SECRETS.items() if secret.encode() in raw]


def emulator_of(site: Site, service_: str) -> Emulator:
    app = site.wires[service_].app if service_ in site.wires else site.world.apps[service_]
    assert isinstance(app, Emulator)
    return app


def echo(site: Site, service_: str, status: int, **match: Any) -> None:
    """That service repeats all it was sent in its refusals, as some do."""
    sent = {"graph": ("graph",), "okta": ("okta",), "scim": ("scim", "header")}[service_]
    said = f"{' '.join(SECRETS[name] for name in sent)} is not liked"
    body = {"detail": said, "error": {"code": "BadRequest", "message": said}, "errorCode": "E1", "errorSummary": said}
    emulator_of(site, service_).faults.add({"match": match, "times": None, "action": {"status": status, "body": body}})


def test_commands_reports_and_logs_show_no_secret(site: Site, cli: Cli) -> None:
    def run(*arguments: str) -> str:
        ran = cli("-c", str(site.folder / "config.toml"), "-v", *arguments)
        return ran.out + ran.err

    person = next(one.person.login_name for one in site.world.graph.users if one.id in site.staff)
    echo(site, "scim", 400, method="POST", nth=3, every=100)
    told = [
        run("--dry-run", "--job", "entra", "-o", "json"),
        run("--dry-run", "--job", "entra"),
        run("sync", "--job", "entra", "-o", "json"),
    ]
    assert site.world.scim.writes["POST user"] > 3
    assert any(
        str(one.attributes.get("nickName", "")).startswith(SECRETS["redacted"]) for one in site.world.scim.users()
    )
    emulator_of(site, "scim").faults.clear()
    told += [run("sync", "--job", "entra"), run("check", "-o", "json"), run("discover", "sandbox", "-o", "json")]
    told += [run("explain", person, "-o", "json"), run("provision", person, "--dry-run"), run("log", "-o", "json")]
    told += [run("log", "-o", "csv"), run("held", "-o", "json"), run("status", "-o", "json")]
    assert "nickName" in told[0]
    assert "is not liked" in "".join(told), "the services' own words are shown, less the secrets"
    assert [leaks(one) for one in told] == [[]] * len(told)
    assert all(len(one) > 20 for one in told)


def test_a_tenant_that_repeats_the_token_in_its_refusal_does_not_make_it_known(site: Site, cli: Cli) -> None:
    config = str(site.folder / "config.toml")
    echo(site, "graph", 403)
    told = [cli("-c", config, "-v", "sync", "--job", "entra", "-o", "json"), cli("-c", config, "status")]
    emulator_of(site, "graph").faults.clear()
    assert [ran.code for ran in told] == [1, 0]
    assert all("is not liked" in ran.out for ran in told)
    assert [leaks(ran.out + ran.err) for ran in told] == [[], []]


def test_an_organisation_that_repeats_the_token_in_its_refusal_does_not_make_it_known(site: Site, cli: Cli) -> None:
    echo(site, "okta", 400)
    ran = cli("-c", str(site.folder / "config.toml"), "-v", "sync", "--job", "okta", "-o", "json")
    emulator_of(site, "okta").faults.clear()
    assert ran.code == 1
    assert "is not liked" in ran.out
    assert leaks(ran.out + ran.err) == []


def test_the_state_db_holds_no_secret_and_no_redacted_value(site: Site, cli: Cli) -> None:
    cli("-c", str(site.folder / "config.toml"), "sync", "--full", "--job", "entra")
    files = [path for path in site.folder.iterdir() if path.name.startswith("state.db")]
    content = b"".join(path.read_bytes() for path in files)
    assert len(content) > 50_000
    assert next(iter(site.world.scim.users())).name.encode() in content, "else this looked in the wrong place"
    assert leaks(content) == []


def test_a_daemon_that_crashes_shows_no_secret(site: Site, tmp_path: Path) -> None:
    """The fault handler prints every stack, the listener all metrics, the log all events."""
    with service(site, PYTHONFAULTHANDLER="1", PYTHONASYNCIODEBUG="1") as made:
        made.until_status("Idle; next cycle")
        scrape, ready = made.get("/metrics")[1], made.get("/readyz")[1]
        environ = Path(f"/proc/{made.process.pid}/cmdline").read_bytes()
        made.process.send_signal(signal.SIGABRT)
        code, out, err = end(made.process)
    assert code == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in err
    assert '"cycle.finished"' in err
    assert [leaks(one) for one in (scrape, ready, environ, out, err)] == [[]] * 5


def test_a_broken_configuration_shows_no_secret(site: Site, cli: Cli, tmp_path: Path) -> None:
    text = (site.folder / "config.toml").read_text()
    for name, broken in (
        ("clear", text.replace("token = { file", f'token = "{SECRETS["scim"]}" # ')),
        ("cut", text[: text.index("[notify]")] + f'[notify\nurls = ["{SECRETS["notify"]}'),
        ("url", text.replace("http://127.0.0.1", f"http://u:{SECRETS['header']}@127.0.0.1")),
    ):
        path = tmp_path / f"{name}.toml"
        path.write_text(broken)
        for form in ("text", "json"):
            ran = cli("-c", os.fspath(path), "check", "-o", form)
            assert ran.code == 64, name
            assert leaks(ran.out + ran.err) == [], name
