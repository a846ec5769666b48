"""The documentation is true: each configuration in it loads, each command in it is one, each link leads somewhere."""

from __future__ import annotations

import html
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from connectors.sandbox.world import World
from syncd.cli.program import program
from syncd.config import load
from syncd.demo import MAPPINGS, a_day
from tests.system.conftest import Cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_BLOCK = re.compile(r"(?ms)^( *)```(\w+)\n(.*?)^\1```$")
#: what a fragment needs around it to be a configuration
_WHOLE = {
    "sources": {
        "contoso": {"kind": "graph", "tenant_id": "11111111-2222-3333-4444-555555555555", "client_id": "22222222-3333-4444-5555-666666666666", "client_secret": {"env": "X"}, "service_principal_id": "33333333-4444-5555-6666-777777777777"},
        "acme": {"kind": "okta", "org_url": "https://acme.okta.com", "token": {"env": "X"}, "app_id": "0oa1234567890abcdefg"},
    },
    "targets": {"testmu": {"kind": "scim", "url": "https://scim.example.com", "token": {"env": "X"}, "profile": "testmu"}},
    "jobs": {"testmu": {"source": "contoso", "target": "testmu", "schedule": "5m"}},
}  # fmt: skip


def blocks(language: str) -> list[Any]:
    """The fenced blocks of a language, each with its page and line."""
    blocks = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found[2] == language:
                where = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}"
                blocks.append(pytest.param(re.sub(rf"(?m)^{found[1]}", "", found[3]), id=where))
    return blocks


def merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict) and "kind" not in over:
        return {key: merged(base.get(key), over[key]) if key in over else base[key] for key in {**base, **over}}
    return over


def written(value: Any) -> str:
    """One value as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key!r} = {written(each)}".replace("'", '"', 2) for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\u{ord(c):04X}" if c in '"\\' or ord(c) < 32 else c for c in value) + '"'
    return repr(value)


@pytest.mark.parametrize("text", blocks("toml"))
def test_each_configuration_in_the_pages_loads(text: str, tmp_path: Path) -> None:
    said = tomllib.loads(text)
    pem = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"
    for name, content in (("one.secret", "secret"), ("one.pem", pem)):
        (tmp_path / name).write_text(content)
    files = set(re.findall(r'(?:file|credential) = "([^"]+)"', text))
    names = {name: "one.pem" if name.endswith(".pem") else "one.secret" for name in files}
    if "jobs" not in said or "sources" not in said:  # a fragment; a job's own names stand for the usual ones
        said = merged(_WHOLE, said)
        for job in said["jobs"].values():
            job.setdefault("source", "acme" if re.search(r"\b(app)?user\.", text) else "contoso")
            job.setdefault("target", "testmu")
            job.setdefault("schedule", "5m")
            rows = job.get("users", {}).get("mappings")
            if rows and not any(row["target"] == "userName" for row in rows):
                rows.append({"target": "userName", "constant": "somebody"})
    said["state"] = merged({"url": f"sqlite:///{tmp_path}/state.db"}, said.get("state", {}))
    whole = "\n".join(f"{key} = {written(value)}" for key, value in said.items())
    for name, file in names.items():
        whole = re.sub(rf'"(file|credential)" = "{re.escape(name)}"', f'"file" = "{file}"', whole)
    config = tmp_path / "config.toml"
    config.write_text(whole, encoding="utf-8")
    environ = dict.fromkeys(("X", *re.findall(r'env = "([^"]+)"', text)), "secret")
    load(config, environ=environ)


def commands(text: str) -> Iterator[list[str]]:
    """The syncd commands of a shell block, in order."""
    for line in text.replace("\\\n", " ").splitlines():
        if not re.search(r"(^|&&|\||;|\bsudo)\s*syncd\s", line):
            continue
        for part in re.split(r"&&|\|\||\||;", line):
            words = shlex.split(re.sub(r"\$\([^)]*\)", "x", part), comments=True)
            if words[:1] == ["sudo"]:
                words = words[1:]
            if words[:1] == ["syncd"]:
                end = next((n for n, word in enumerate(words) if word.startswith((">", "<", "2>"))), len(words))
                yield words[1:end]


@pytest.mark.parametrize("text", blocks("sh"))
def test_each_command_in_the_pages_is_one(text: str) -> None:
    for words in commands(text):
        refuses(words)


def test_each_command_within_a_line_is_one() -> None:
    found = [
        (page.name, command)
        for page in PAGES
        for command in re.findall(r"`(syncd [^`\n]+)`", page.read_text(encoding="utf-8"))
        if "…" not in command and "|" not in command and "[" not in command
    ]
    assert len(found) > 40
    for page, command in found:
        for words in commands(command):
            # A verb that is only named has no arguments.
            assert fault(words) in ("", "MissingParameter"), f"{page}: {command}"


def fault(words: list[str]) -> str:
    """The kind of wrong usage; empty: none."""
    try:
        refuses(words)
    except typer.Exit:  # --version and the like
        return ""
    except Exception as error:
        return type(error).__name__
    return ""


def refuses(words: list[str]) -> None:
    """Parse a command line down to the verb, without carrying it out; raises for wrong usage."""
    command: Any = typer.main.get_command(program())
    context = command.make_context("syncd", list(words), resilient_parsing=False)
    while hasattr(command, "commands"):
        rest = [*context._protected_args, *context.args]
        if not rest:
            assert command.invoke_without_command or context.params.get("dry_run"), words
            return
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def test_a_wrong_command_would_be_noticed() -> None:
    for words in (["frobnicate"], ["sync", "--nope"], ["approve", "x"], ["db", "copy"]):
        with pytest.raises(Exception, match=r"No such|Missing|no such|nope"):
            refuses(words)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_each_yaml_in_the_pages_is_yaml(text: str) -> None:
    assert yaml.safe_load(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_within_the_pages_leads_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_each_page_is_reached_from_the_readme_by_links() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            ahead += [
                at for link in LINK.findall(page.read_text("utf-8")) if (at := (page.parent / link).resolve()) in PAGES
            ]
    assert {page for page in PAGES if not page.name.endswith(".head.md")} == reached


def test_what_readers_look_for_first_stands_first() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    places = [
        text.index(part)
        for part in ("It is for administrators", "docs/images/dry-run.svg", "make demo", "ten minutes", "## Links")
    ]
    assert places == sorted(places)


def test_the_picture_shows_the_report_as_it_is(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path, extra=MAPPINGS)
    assert cli("sync", "--job", "entra").code == 0
    a_day(world)
    svg = (ROOT / "docs" / "images" / "dry-run.svg").read_text(encoding="utf-8")
    drawn = html.unescape(re.sub(r"<[^>]+>", "", svg)).replace("\xa0", " ")
    changing = re.compile(r"\d|→|^ *[~…]|@")  # another size of the sandbox has other people
    for line in cli("--dry-run", "--job", "entra").out.splitlines():
        if line.strip() and not changing.search(line):
            assert line.strip() in drawn, line
    for line in ("+ user ada.lovelace@contoso.example   assigned directly; no account", "To apply exactly this plan:"):
        assert line in drawn
