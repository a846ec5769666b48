"""A command on a pseudo-terminal, as somebody who sits before it sees it."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """One running command; `raw` is all that it wrote so far."""

    def __init__(self, *arguments: str, cwd: Path, **environment: str) -> None:
        self._master, slave = pty.openpty()
        kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "CI")}
        environment = {**kept, "TERM": "xterm-256color", "COLUMNS": "140", "PYTHONPATH": str(ROOT), **environment}
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", sys.executable, "-m", "syncd", *arguments],
            cwd=cwd, env=environment, stdin=slave, stdout=slave, stderr=slave,
        )  # fmt: skip
        os.close(slave)
        self.raw = ""
        self._seen = 0

    @property
    def shown(self) -> str:
        """What it wrote, without colours and cursor movements."""
        return _CODES.sub("", self.raw).replace("\r\n", "\n")

    def expect(self, text: str, *, seconds: float = 30) -> None:
        """Read on until this was shown, behind what was expected before."""
        end = time.monotonic() + seconds
        while (place := self.shown.find(text, self._seen)) < 0:
            assert time.monotonic() < end, f"no {text!r} in:\n{self.shown}"
            if not self._read():
                assert text in self.shown[self._seen :], f"ended without {text!r}:\n{self.shown}"
        self._seen = place + len(text)

    def answer(self, prompt: str, line: str) -> None:
        """Wait for a question, and type."""
        self.expect(prompt)
        os.write(self._master, f"{line}\n".encode())

    def answer_hidden(self, prompt: str, line: str) -> None:
        """The same for a secret, once the terminal has ceased to show what is typed."""
        self.expect(prompt)
        end = time.monotonic() + 30
        while termios.tcgetattr(self._master)[3] & termios.ECHO:
            assert time.monotonic() < end, f"{prompt!r} shows what is typed"
            time.sleep(0.01)
        os.write(self._master, f"{line}\n".encode())

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        limit = time.monotonic() + 60
        while self._read():
            assert time.monotonic() < limit, f"it does not end:\n{self.shown}"
        return self.process.wait(timeout=30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)
        os.close(self._master)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 1)[0]:
            return self.process.poll() is None
        try:
            got = os.read(self._master, 65536)
        except OSError:  # Linux says so when the other side is closed
            return False
        self.raw += got.decode(errors="replace")
        return bool(got)


@contextlib.contextmanager
def terminal(*arguments: str, cwd: Path, **environment: str) -> Iterator[Terminal]:
    """A command at work on a terminal of its own, which ends with the body."""
    opened = Terminal(*arguments, cwd=cwd, **environment)
    try:
        yield opened
    finally:
        opened.close()
