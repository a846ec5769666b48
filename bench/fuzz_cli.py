"""Random command lines against a small company: each must end with a documented exit code and without a traceback.

    python bench/fuzz_cli.py [N] [SEED]

Commands, options and values are drawn from the real command tree; half of the values are nonsense. Commands that go on until
they are stopped are left out, and so is what writes into the shell's own files. Prints how many ended how; exit status 1 if one
ended otherwise.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from syncd.cli.options import OPTIONS
from syncd.cli.program import main, program
from tests.system.house import House, house

CODES = frozenset({0, 1, 2, 3, 4, 64, 130})
SERVES = frozenset({"run", "sandbox", "demo"})
LEFT_OUT = frozenset({"follow", "install_completion", "show_completion"})
SLOW_S = 30.0  #: of processor time, the services' included
NONSENSE = (
    "", " ", "-", "--", "---", "nobody", "0", "-1", "99999999999999999999", "1e309", "nan", "\n", "\x1b[31m", "a\tb", "\u202eevil", "Zoë",
    "'; DROP TABLE links; --", "%s%n{0}$(id)`id`", "/", "..", "../../etc/passwd", "/nonexistent/x.toml", "sha256:", "sha256:" + "0" * 64,
    "24h", "-5m", "2026-13-45", "2026-01-01T00:00:00Z", "json", "csv", "html", "yaml", "a" * 5000, "[mail]", 'Join("-", [mail])', "Trim([",
    "user", "group", "*", "\udcff", "=", "x=y", "true", "0x10", "https://example.invalid/x",
    "batch.bin", "folder", "folder/in/it", "/dev/null", "/proc/self/mem",
)  # fmt: skip


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its path."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        if name not in SERVES:
            yield from commands(inner, (*path, name))


def value(chance: random.Random, known: Sequence[str]) -> str:
    return chance.choice(known) if chance.random() < 0.5 else chance.choice(NONSENSE)


def line(chance: random.Random, tree: Sequence[tuple[tuple[str, ...], Any]], known: Sequence[str]) -> list[str]:
    path, command = chance.choice(tree)
    words: list[str] = []
    options = [p for p in command.params if p.param_type_name == "option" and p.name not in LEFT_OUT]
    for option in chance.sample(options, k=min(len(options), chance.choice((0, 0, 1, 1, 2, 4)))):
        words.append(chance.choice(option.opts))
        if not option.is_flag and chance.random() < 0.95:
            words.append(value(chance, known))
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words += [value(chance, known) for _ in arguments if chance.random() < 0.9]
    if chance.random() < 0.1:
        words.insert(chance.randrange(len(words) + 1), chance.choice((*NONSENSE, "--help", "--dry-run", "-v")))
    return [*path, *words]


def attempt(words: list[str]) -> tuple[str, bool]:
    """How it ended, and whether that is as it should be."""
    told, said = io.StringIO(), io.StringIO()
    vars(OPTIONS).clear()  # a process of its own begins with the defaults
    begun = time.process_time()
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(said):
            main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        wrong = code not in CODES or "Traceback" in said.getvalue() or time.process_time() - begun > SLOW_S
        return f"exit {end.code}", not wrong
    except BaseException:
        return traceback.format_exc(), False
    return "no exit", False


def fuzz(here: House, count: int, seed: int) -> Counter[str]:
    chance = random.Random(seed)
    tree = list(commands(typer.main.get_command(program())))
    known = ["job", "product", "company", "ada", here.company.login("ada"), here.company.team_name("sales"), "text"]
    ends = Counter[str]()
    for number in range(count):
        words = line(chance, tree, known)
        if chance.random() < 0.95:
            words = ["-c", str(here.config), *words]
        how, right = attempt(words)
        ends[how if right else "WRONG"] += 1
        if not right:
            print(f"{number}: {words!r}\n{how}", flush=True)
    return ends


def run(arguments: Sequence[str]) -> int:
    count, seed = (int(arguments[0]) if arguments else 2000), (int(arguments[1]) if len(arguments) > 1 else 1)
    with TemporaryDirectory() as folder, house("graph", Path(folder), people=5) as here:
        os.chdir(folder)
        Path("batch.bin").write_bytes(bytes(range(256)))
        Path("folder").mkdir()
        sys.stdin = io.TextIOWrapper(io.BytesIO())  # nobody answers
        begun = time.monotonic()
        ends = fuzz(here, count, seed)
        print(f"{count} command lines in {time.monotonic() - begun:.0f} s: {dict(ends)}")
    return 1 if ends["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
