"""`syncd init` on a terminal: asks for what a first configuration needs, tries it out, and writes it.

Nothing is written before the last question is answered with yes. Secrets go into files of their own beside config.toml,
which only their owner can read; they are not shown while they are typed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from connectors.scim.built_in import built_in
from connectors.scim.profiles import load_profile
from syncd.config import ConfigError, load
from syncd.core.vocabulary import SourceKind
from syncd.starter import Starter, starter
from syncd.toml_text import toml


class Person(Protocol):
    """Whoever sits before the terminal."""

    def say(self, text: str = "") -> None:
        """Show a line."""

    def ask(self, question: str, *, default: str | None = None, hidden: bool = False) -> str:
        """The answer, never empty; an empty line stands for the default."""

    def confirm(self, question: str, *, default: bool) -> bool:
        """Yes or no."""

    def check(self, config: Path) -> bool:
        """Test the sources and targets of a configuration, and show what was found. True if all is well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question:
    section: str
    key: str
    words: str
    default: str | None = None
    secret_file: str | None = None  #: the answer is a secret, and stands there


_GRAPH = (
    _Question(section="sources.entra", key="tenant_id", words="Directory (tenant) ID"),
    _Question(section="sources.entra", key="client_id", words="Application (client) ID of syncd's app registration"),
    _Question(section="sources.entra", key="client_secret", words="Its client secret", secret_file="entra.secret"),  # noqa: S106 - a file's name
    _Question(
        section="sources.entra",
        key="service_principal_id",
        words="Object ID of the enterprise application whose assignments count",
    ),
)
_OKTA = (
    _Question(section="sources.okta", key="org_url", words="URL of the organisation (https://example.okta.com)"),
    _Question(section="sources.okta", key="token", words="API token of a read-only administrator", secret_file="okta.token"),  # noqa: S106 - a file's name
    _Question(section="sources.okta", key="app_id", words="ID of the application whose assignments count (0oa…)"),
)  # fmt: skip


class Interview:
    """One conversation. `run` gives the command to go on with, or None if nothing was written."""

    def __init__(self, person: Person, config: Path) -> None:
        self._person, self._config = person, config
        self._said: dict[tuple[str, str], str] = {}

    def run(self) -> str | None:
        """Ask, test, write. Raises OSError where the files cannot be written."""
        person = self._person
        person.say("A first configuration of syncd. Nothing is written before the end; Ctrl-C leaves.")
        kind: SourceKind = "graph" if self._choice("Where do people come from?", ("Microsoft Entra ID", "Okta")) == 0 else "okta"  # fmt: skip
        profiles = sorted(built_in(), key=lambda name: (name != "generic", name))
        titles = [f"{name:<10} {load_profile(name).title}" for name in profiles]
        made = starter(kind, profiles[self._choice("Where do they go?", titles)])
        while True:
            text, secrets = self._filled(made)
            try:
                well = self._tried(text, secrets)
            except ConfigError as error:
                person.say(f"\n{error}")
                if not person.confirm("Go through the questions again?", default=True):
                    return None
            else:
                break
        if not person.confirm(f"Write {self._config}?" if well else f"Write {self._config} all the same?", default=well):  # fmt: skip
            return None
        files = {self._config: text, **{self._config.parent / name: secret for name, secret in secrets.items()}}
        there = [path for path in files if path.exists()]
        names = ", ".join(str(path) for path in there)
        if there and not person.confirm(f"There already: {names}. Replace?", default=False):
            return None
        for path, content in files.items():
            _write(path, content)
        person.say(f"Written, for your eyes alone: {', '.join(str(path) for path in files)}")
        option = "" if self._config.name == "config.toml" and self._config.parent == Path() else f"-c {self._config} "
        return f"syncd {option}{'--dry-run' if well else 'check'}"

    # --- questions --------------------------------------------------------------------------------------------------

    def _choice(self, question: str, options: Sequence[str]) -> int:
        self._person.say(f"\n{question}")
        for number, option in enumerate(options, 1):
            self._person.say(f"  {number}  {option}")
        while True:
            answer = self._person.ask("Number", default="1")
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            self._person.say(f"A number from 1 to {len(options)}, please.")

    def _filled(self, made: Starter) -> tuple[str, Mapping[str, str]]:
        """The configuration, and the secrets by file name."""
        target = f"targets.{made.name}"
        questions = (
            *(_GRAPH if made.source_kind == "graph" else _OKTA),
            _Question(section=target, key="url", words=f"SCIM URL, as {made.title} shows it", default=made.profile.url),
            _Question(section=target, key="token", words="SCIM token", secret_file=f"{made.name}.token"),
            _Question(section="state", key="url", words="Where the state is kept", default="sqlite:///state.db"),
        )
        text, secrets = made.text, {}
        self._person.say()
        for question in questions:
            place = (question.section, question.key)
            known = self._said.get(place)
            if question.secret_file is None:
                said = self._person.ask(question.words, default=known or question.default).strip()
                text = _fill(text, place, toml(said))
            else:
                again = " (Enter keeps the one typed before)" if known else ""
                said = self._person.ask(f"{question.words}, not shown{again}", default=known, hidden=True).strip()
                secrets[question.secret_file] = said
            self._said[place] = said
        steps = "#   1. Replace each <…>, and put each secret where it is looked for.\n"
        done = "#   1. Done: the secrets stand in files beside this one.\n"
        return text.replace(", to be filled in.", ".", 1).replace(steps, done, 1), secrets

    def _tried(self, text: str, secrets: Mapping[str, str]) -> bool:
        """Whether source and target answer; tried in a folder of its own, which then goes. Raises ConfigError."""
        with tempfile.TemporaryDirectory(prefix="syncd-init-") as name:
            folder = Path(name)
            for file, secret in secrets.items():
                _write(folder / file, secret)
            config = folder / self._config.name
            _write(config, text)
            try:
                load(config)
            except ConfigError as error:  # by the name that the file is to have
                raise ConfigError(faults=tuple(replace(one, file=str(self._config)) for one in error.faults)) from None
            self._person.say("\nTesting the connections; nothing is written there …\n")
            # The state of the test is not the one to come.
            _write(config, _fill(text, ("state", "url"), toml(f"sqlite:///{folder / 'trial.db'}")))
            return self._person.check(config)


def _fill(text: str, place: tuple[str, str], value: str) -> str:
    """The text with another value for a key of a section, which is there."""
    section, key = place
    head, mark, tail = text.partition(f"\n[{section}]")
    filled, count = re.subn(rf"(?m)^{key} = .*$", lambda _: f"{key} = {value}", tail, count=1)
    if not mark or not count:
        raise ValueError(f"no {key} in [{section}]")
    return head + mark + filled


def _write(path: Path, content: str) -> None:
    """Whole or not at all, and readable for nobody else at any moment."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
