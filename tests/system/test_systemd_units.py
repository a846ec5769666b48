"""The units as systemd itself reads them: valid, hardened, and each loosened directive explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("syncd.service", "syncd-sync.service")
MOST_EXPOSED = 1.2

analyze = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(
    analyze is None, reason="systemd-analyze is not installed (Debian: apt install systemd)"
)


def ask(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    assert analyze is not None
    command = [analyze, *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environ},
    )


def directives(unit: str) -> list[tuple[str, str]]:
    lines = (UNITS / unit).read_text(encoding="utf-8").splitlines()
    return [(line.split("=", 1)[0], line.split("=", 1)[1]) for line in lines if re.match(r"\w+=", line)]


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_hardly_exposed(unit: str) -> None:
    ran = ask("security", "--offline=true", "--no-pager", str(UNITS / unit))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", ran.stdout)
    assert found is not None, ran.stdout + ran.stderr
    assert float(found[1]) <= MOST_EXPOSED, ran.stdout


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """The program that they start stands elsewhere on a machine where syncd is not installed; all else is the files."""
    names = sorted(path.name for path in UNITS.iterdir() if path.is_file())
    assert names == ["syncd-sync.service", "syncd-sync.timer", "syncd.service"]
    for name in names:
        text = (UNITS / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/syncd/bin/syncd", "/bin/true"), encoding="utf-8")
    for name in names:
        ran = ask("verify", "--man=no", str(tmp_path / name))
        assert (ran.returncode, ran.stderr) == (0, ""), name


def test_both_services_are_hardened_alike() -> None:
    def hardening(unit: str) -> list[tuple[str, str]]:
        text = (UNITS / unit).read_text(encoding="utf-8")
        text = text[text.index("# --- who and where") :]
        return [one for one in directives(unit) if one[0] + "=" + one[1] in text and one[0] != "WantedBy"]

    assert hardening(SERVICES[0]) == hardening(SERVICES[1])
    assert len(hardening(SERVICES[0])) > 30


@pytest.mark.parametrize("unit", SERVICES)
def test_what_is_not_locked_away_is_explained(unit: str) -> None:
    text = (UNITS / unit).read_text(encoding="utf-8")
    explained = " ".join(line[1:] for line in text.splitlines() if line.startswith("#"))
    for directive in (
        "PrivateNetwork",
        "IPAddressDeny",
        "ProcSubset",
        "RootDirectory",
        "AF_UNIX",
        "AF_INET",
        "DeviceAllow",
    ):
        assert directive in explained, directive


def test_the_service_manager_hears_restarts_and_reloads() -> None:
    said = dict(directives("syncd.service"))
    assert said["Type"] == "notify"
    assert said["Restart"] == "on-failure"
    assert said["RestartPreventExitStatus"] == "64"
    assert said["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert said["WatchdogSec"]
    assert dict(directives("syncd-sync.service"))["SuccessExitStatus"] == "3 4"
