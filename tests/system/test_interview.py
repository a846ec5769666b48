"""`syncd init` on a terminal: asks, tests the connections, writes, and tells the next command."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.sandbox.world import World
from tests.system.conftest import Cli, written
from tests.system.terminal import Terminal, terminal


def okta(shown: Terminal, world: World, folder: Path, *, token: str | None = None) -> None:
    """Answer the questions for the sandbox's Okta and its SCIM service."""
    world.write_config(folder)
    shown.answer("Number [1]", "2")
    shown.answer("Number [1]", "1")
    shown.answer("Number [1]", "")
    shown.answer("URL of the organisation", world.url("okta"))
    shown.answer_hidden("API token", token or (folder / "okta.token").read_text().strip())
    shown.answer("ID of the application", world.app_id)
    shown.answer("SCIM URL", f"{world.url('scim_okta')}/scim")
    shown.answer_hidden("SCIM token", (folder / "scim.token").read_text().strip())
    shown.answer("Where the state is kept [sqlite:///state.db]", "")


def test_the_answers_become_a_configuration_that_plans(world: World, cli: Cli, tmp_path: Path) -> None:
    sandbox, folder = tmp_path / "sandbox", tmp_path / "mine"
    sandbox.mkdir()
    folder.mkdir()
    with terminal("init", cwd=folder) as shown:
        okta(shown, world, sandbox)
        shown.expect("✓ users can be read")
        shown.expect("checks passed")
        assert not [*folder.iterdir()], "nothing is written before the last question"
        shown.answer("Write config.toml? [Y/n]", "")
        shown.expect("Next: syncd --dry-run")
        assert shown.end() == 0
    token = (sandbox / "okta.token").read_text().strip()
    assert token not in shown.raw
    assert (folder / "okta.token").read_text().strip() == token
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "config.toml": 0o600, "okta.token": 0o600, "app.token": 0o600,
    }  # fmt: skip
    text = (folder / "config.toml").read_text().strip()
    assert token not in text
    assert "<" not in text.replace("<…>", "")
    assert tomllib.loads(text)["sources"]["okta"]["app_id"] == world.app_id
    ran = cli("-c", str(folder / "config.toml"), "--dry-run", "-o", "json")
    assert ran.code == 2, ran.err
    assert ran.job["counts"]["create"] > 10
    assert written(world) == 0


def test_what_is_there_is_replaced_only_with_a_yes(world: World, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("mine")
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    with terminal("init", cwd=tmp_path) as shown:
        okta(shown, world, sandbox)
        shown.answer("Write config.toml? [Y/n]", "y")
        shown.answer("There already: config.toml. Replace? [y/N]", "")
        shown.expect("Nothing was written. To begin again: syncd init")
        assert shown.end() == 1
    assert (tmp_path / "config.toml").read_text().strip() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"config.toml", "sandbox"}


def test_a_refused_token_is_told_with_its_remedy_and_written_only_if_wished(world: World, tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    with terminal("-c", "other.toml", "init", cwd=tmp_path) as shown:
        okta(shown, world, sandbox, token="00wrong")
        shown.expect("✗")
        shown.expect("checks failed")
        shown.answer("Write other.toml all the same? [y/N]", "y")
        shown.expect("Next: syncd -c other.toml check")
        assert shown.end() == 0
    assert "00wrong" not in shown.raw
    assert (tmp_path / "okta.token").read_text().strip() == "00wrong"


def test_an_impossible_answer_is_named_and_may_be_given_again(tmp_path: Path) -> None:
    with terminal("init", cwd=tmp_path) as shown:
        shown.answer("Number [1]", "7")
        shown.expect("A number from 1 to 2, please.")
        shown.answer("Number [1]", "2")
        shown.answer("Number [1]", "")
        shown.answer("Number [1]", "")
        shown.answer("URL of the organisation", "http://acme.okta.com")
        shown.answer_hidden("API token", "00abc")
        shown.answer("ID of the application", "0oa1")
        shown.answer("SCIM URL", "https://scim.example.com")
        shown.answer_hidden("SCIM token", "secret")
        shown.answer("Where the state is kept", "")
        shown.expect("config.toml: sources.okta.org_url: ")
        shown.answer("Go through the questions again? [Y/n]", "y")
        shown.answer("Number [1]", "")
        shown.answer("[http://acme.okta.com]", "http://acme.okta.com")
        shown.expect("Enter keeps the one typed before")
        shown.press("\x03")
        assert shown.end() == 130
    assert not [*tmp_path.iterdir()]
    assert "/syncd-init-" not in shown.raw


@pytest.mark.parametrize("arguments", [("--source", "graph"), ("--target", "testmu")])
def test_with_an_option_it_prints_also_on_a_terminal(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with terminal("init", *arguments, cwd=tmp_path) as shown:
        assert shown.end() == 0
    assert "[sources.entra]" in shown.shown


def test_a_place_that_cannot_be_written_is_one_line(world: World, tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    with terminal("-c", "nowhere/config.toml", "init", cwd=tmp_path) as shown:
        okta(shown, world, sandbox)
        shown.answer("Write nowhere/config.toml? [Y/n]", "y")
        shown.expect("it cannot be written (No such file or directory)")
        assert shown.end() == 1
    assert "Traceback" not in shown.raw


def test_okta_by_the_key_of_a_service_app_is_asked_for_and_tried(world: World, tmp_path: Path) -> None:
    sandbox, folder = tmp_path / "sandbox", tmp_path / "mine"
    sandbox.mkdir()
    folder.mkdir()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    world.okta.access.add_service("0oaservice0000000001", public, key_id="k1")
    plain = serialization.NoEncryption()
    (folder / "app.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    world.write_config(sandbox)
    with terminal("init", cwd=folder) as shown:
        shown.answer("Number [1]", "2")
        shown.answer("Number [1]", "1")
        shown.expect("How does syncd sign in to Okta?")
        shown.answer("Number [1]", "2")
        shown.answer("URL of the organisation", world.url("okta"))
        shown.answer("Client ID of the API service app", "0oaservice0000000001")
        shown.answer("File with its private key (PEM, or a JSON Web Key) [okta.pem]", "app.pem")
        shown.answer("Key ID (kid), where the app has several keys [none]", "k1")
        shown.answer("ID of the application", world.app_id)
        shown.answer("SCIM URL", f"{world.url('scim_okta')}/scim")
        shown.answer_hidden("SCIM token", (sandbox / "scim.token").read_text().strip())
        shown.answer("Where the state is kept [sqlite:///state.db]", "")
        shown.expect("✓ users can be read")
        shown.expect("checks passed")
        shown.answer("Write config.toml? [Y/n]", "")
        shown.expect("Next: syncd --dry-run")
        assert shown.end() == 0
    source = tomllib.loads((folder / "config.toml").read_text())["sources"]["okta"]
    assert source["private_key"] == {"file": str(folder / "app.pem")}
    assert (source["client_id"], source["key_id"]) == ("0oaservice0000000001", "k1")
    assert "token" not in source
    assert {path.name for path in folder.iterdir()} == {"config.toml", "app.pem", "app.token"}


def test_entra_has_its_ways_and_clouds_and_what_was_chosen_is_kept(tmp_path: Path) -> None:
    with terminal("init", cwd=tmp_path) as shown:
        shown.answer("Number [1]", "1")
        shown.answer("Number [1]", "1")
        for round_ in ("1", "2"):
            default = {"1": "Number [1]", "2": "Number [2]"}[round_]
            shown.expect("How does syncd sign in to Entra?")
            shown.expect("4  the workload identity of this Kubernetes pod")
            shown.answer(default, "2" if round_ == "1" else "")
            shown.expect("Which cloud?")
            shown.answer(default, "2" if round_ == "1" else "")
            shown.answer("Directory (tenant) ID", "11111111-2222-3333-4444-555555555555" if round_ == "1" else "")
            shown.answer("Application (client) ID", "22222222-3333-4444-5555-666666666666" if round_ == "1" else "")
            shown.answer("File with its certificate and private key (PEM) [entra.pem]", "")
            shown.answer("Object ID of the ent", "33333333-4444-5555-6666-777777777777" if round_ == "1" else "")
            shown.answer("SCIM URL", "https://scim.example.com" if round_ == "1" else "")
            shown.answer_hidden("SCIM token", "secret")
            shown.answer("Where the state is kept", "")
            shown.expect(f'certificate: file "{tmp_path}/entra.pem" does not exist')
            shown.answer("Go through the questions again? [Y/n]", "y" if round_ == "1" else "n")
        assert shown.end() == 1
    assert not [*tmp_path.iterdir()]
