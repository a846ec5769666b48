"""`syncd sandbox` serves what its printed configuration says, and `syncd demo` ends well: as processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.system.conftest import Cli

PATIENCE_S = 90


def test_the_printed_configuration_works_as_printed(cli: Cli, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "syncd", "sandbox", "--users", "20"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        try:
            said = process.stderr.readline()
            assert said.startswith("syncd: the sandbox answers"), said
            written = Path(process.stdout.readline().removeprefix("# ").strip()).read_text()
            printed = "".join(process.stdout.readline() for _ in written.splitlines())
            assert printed == written
            elsewhere = tmp_path / "elsewhere.toml"
            elsewhere.write_text(printed)
            assert cli("-c", str(elsewhere), "--dry-run").code == 2
            assert cli("-c", str(elsewhere), "sync").code == 0
            assert cli("-c", str(elsewhere), "sync").code == 0
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
            process.stdout.read()


def test_demo_ends_with_a_sync_that_writes_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "syncd", "demo"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    assert "the last sync wrote nothing: yes" in ran.stdout
    assert "each dry run's plan was the plan applied: yes" in ran.stdout
