"""`syncd init` on a terminal: asks for what a first configuration needs, tries it out, and writes it.

Nothing is written before the last question is answered with yes. Secrets go into files of their own beside config.toml,
which only their owner can read; they are not shown while they are typed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from connectors.scim.built_in import built_in
from connectors.scim.profiles import load_profile
from syncd.config import ConfigError, load
from syncd.core.vocabulary import SourceKind
from syncd.sign_in import AFTER, BEFORE, CLOUDS, WAYS, Question, SignIn
from syncd.starter import Starter, starter
from syncd.toml_text import toml

NONE = "none"  #: what is answered where there is nothing to say


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


class Interview:
    """One conversation. `run` gives the command to go on with, or None if nothing was written."""

    def __init__(self, person: Person, config: Path) -> None:
        self._person, self._config = person, config
        self._said: dict[tuple[str, str], str] = {}
        self._chosen: dict[str, int] = {}

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
        """The place of the one chosen; asked again, the one chosen before is the default."""
        self._person.say(f"\n{question}")
        for number, option in enumerate(options, 1):
            self._person.say(f"  {number}  {option}")
        while True:
            answer = self._person.ask("Number", default=str(self._chosen.get(question, 0) + 1))
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                self._chosen[question] = int(answer) - 1
                return self._chosen[question]
            self._person.say(f"A number from 1 to {len(options)}, please.")

    def _filled(self, made: Starter) -> tuple[str, Mapping[str, str]]:
        """The configuration, and the secrets by file name."""
        kind, target = made.source_kind, f"targets.{made.name}"
        ways = WAYS[kind]
        who = "Entra" if kind == "graph" else "Okta"
        way = ways[self._choice(f"How does syncd sign in to {who}?", [one.title for one in ways])]
        text, secrets = _with_way(made, way), {}
        if kind == "graph" and (cloud := self._choice("Which cloud?", list(CLOUDS.values()))):
            text = _fill(text, (f"sources.{made.source_name}", "cloud"), toml(list(CLOUDS)[cloud]))
        token = f"{made.name}.token"
        questions = (
            *BEFORE[kind],
            *way.questions,
            *AFTER[kind],
            Question(section=target, key="url", words=f"SCIM URL, as {made.title} shows it", default=made.profile.url),
            Question(section=target, key="token", words="SCIM token", answer="secret", secret_file=token),
            Question(section="state", key="url", words="Where the state is kept", default="sqlite:///state.db"),
        )
        self._person.say()
        for question in questions:
            place, said = (question.section, question.key), self._answer(question)
            match question.answer:
                case "secret":
                    secrets[question.secret_file] = said
                case "file":  # as it is meant where it is typed
                    text = _fill(text, place, toml({"file": str(Path(said).expanduser().absolute())}))
                case _ if question.optional and said == NONE:
                    text = _without(text, place)
                case _:
                    text = _fill(text, place, toml(said))
        steps = "#   1. Replace each <…>, and put each secret where it is looked for.\n"
        done = "#   1. Done: the secrets stand in files beside this one.\n"
        return text.replace(", to be filled in.", ".", 1).replace(steps, done, 1), secrets

    def _answer(self, question: Question) -> str:
        place = (question.section, question.key)
        known = self._said.get(place)
        if question.answer == "secret":
            again = " (Enter keeps the one typed before)" if known else ""
            said = self._person.ask(f"{question.words}, not shown{again}", default=known, hidden=True)
        else:
            default = NONE if question.optional else question.default
            said = self._person.ask(question.words, default=known or default)
        self._said[place] = said.strip()
        return self._said[place]

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


def _with_way(made: Starter, way: SignIn) -> str:
    """A fresh configuration with one way of signing in."""
    text, section = made.text, f"sources.{made.source_name}"
    for key in WAYS[made.source_kind][0].keys - way.keys:
        text = _without(text, (section, key))
    return _fill(text, (section, way.switch), toml(True)) if way.switch else text


def _without(text: str, place: tuple[str, str]) -> str:
    """The text with a key of a section out of force; gone, where it is to be filled in."""
    section, key = place
    head, mark, tail = text.partition(f"\n[{section}]")
    tail = re.sub(rf"(?m)^{key} = .*<.*\n", "", tail, count=1)
    return head + mark + re.sub(rf"(?m)^{key} = ", f"#{key} = ", tail, count=1)


def _fill(text: str, place: tuple[str, str], value: str) -> str:
    """The text with another value for a key of a section, which is there, in force or not."""
    section, key = place
    head, mark, tail = text.partition(f"\n[{section}]")
    filled, count = re.subn(rf"(?m)^#?{key} = .*$", lambda _: f"{key} = {value}", tail, count=1)
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
