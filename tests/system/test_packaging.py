"""What is built from the tree installs, runs and goes away again: the wheel, `make install`, and the Debian package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
PARTS = ("syncd", "connectors", "state", "systemd", "docs")
SITE = sysconfig.get_path("purelib")
PATIENCE_S = 120

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg is not installed")
pytestmark = needs_make


def run(*command: str, cwd: Path = HERE, **environ: str) -> subprocess.CompletedProcess[str]:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # dpkg insists on what is there
    given = {"HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8", **environ, "PATH": path}
    kept = {key: value for key, value in os.environ.items() if key.startswith(("UV_", "PIP_", "SSL_"))}
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=kept | given
    )


@dataclass(frozen=True)
class Tree:
    """A copy of the tree, and the wheel that was built from it."""

    folder: Path
    wheel: Path

    def make(self, *arguments: str) -> None:
        options = (f"PYTHON={sys.executable}", f"SITE={SITE}", f"PACKAGE={self.wheel}")
        ran = run("make", *options, *arguments, cwd=self.folder)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    folder = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        shutil.copytree(HERE / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for path in HERE.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    uv = Path(sys.executable).with_name("uv")
    ran = run("make", "wheel", f"BUILD={uv} build --quiet --wheel --out-dir dist", cwd=folder)
    if ran.returncode and re.search(r"Failed to fetch|No solution found|offline", ran.stderr):
        pytest.skip("setuptools cannot be had here to build with")
    assert ran.returncode == 0, ran.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    return Tree(folder, wheel)


@pytest.fixture(scope="module")
def package(tree: Tree) -> Path:
    tree.make("deb")
    (made,) = (tree.folder / "dist").glob("*.deb")
    return made


def test_the_wheel_has_the_product_and_its_data_and_nothing_else(tree: Tree) -> None:
    with zipfile.ZipFile(tree.wheel) as opened:
        names = opened.namelist()
        entry = opened.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"syncd", "connectors", "state"}
    for wanted in (
        "syncd/cli/program.py",
        "syncd/config/config.schema.json",
        "connectors/scim/profiles/testmu.toml",
        "state/migrations/script.py.mako",
    ):
        assert wanted in names
    assert "syncd = syncd.cli:main" in entry
    modules = {str(path.relative_to(HERE)) for part in PARTS[:3] for path in (HERE / part).rglob("*.py")}
    assert modules <= set(names)


def test_what_is_installed_runs_by_itself_and_is_gone_after_uninstalling(tree: Tree, tmp_path: Path) -> None:
    root = tmp_path / "root"
    tree.make("install", f"DESTDIR={root}")
    python = str(root / "opt/syncd/bin/python")

    def syncd(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run(python, "-I", "-m", "syncd", *arguments, cwd=tmp_path)

    where = run(python, "-I", "-c", "import syncd; print(syncd.__file__)", cwd=tmp_path).stdout
    assert where.startswith(str(root)), "it must not be the tree that runs"
    assert syncd("--version").stdout.startswith("syncd ")
    started = syncd("init", "--target", "testmu")
    assert (started.returncode, "testmu" in started.stdout) == (0, True)
    (tmp_path / "config.toml").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "token").write_text("t")
    upgraded = syncd("db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert syncd("status").returncode == 0
    share = root / "usr/local"
    assert str((share / "bin/syncd").readlink()) == "/opt/syncd/bin/syncd"
    assert (root / "opt/syncd/bin/syncd").read_text().startswith("#!/opt/syncd/bin/python\n")
    for path in (
        "bash-completion/completions/syncd",
        "zsh/site-functions/_syncd",
        "fish/vendor_completions.d/syncd.fish",
    ):
        assert "_SYNCD_COMPLETE" in (share / "share" / path).read_text()
    assert not [page for page in (share / "share/doc/syncd").iterdir() if page.name.endswith(".head.md")]
    assert "LoadCredential" in (share / "lib/systemd/system/syncd.service").read_text()
    (root / "etc/syncd/config.toml").write_text("# kept")
    tree.make("uninstall", f"DESTDIR={root}")
    left = [str(path.relative_to(root)) for path in root.rglob("*")]
    assert sorted(left) == ["etc", "etc/syncd", "etc/syncd/config.toml"]


@needs_dpkg
def test_the_debian_package_has_what_it_should_where_it_should(package: Path) -> None:
    info = run("dpkg-deb", "--field", str(package)).stdout
    minor = sys.version_info[1]
    assert re.search(rf"^Depends: python3 \(>= 3\.{minor}\), python3 \(<< 3\.{minor + 1}~\)", info, re.M), info
    assert re.search(r"^Version: \d+\.\d+\.\d+$", info, re.M)
    assert "@" not in info.replace("maintainers@", "")
    rows = [line.split(None, 5) for line in run("dpkg-deb", "--contents", str(package)).stdout.splitlines()]
    assert {row[1] for row in rows} == {"root/root"}
    names = {row[5].split(" -> ")[0].rstrip("/") for row in rows}
    for wanted in (
        "./opt/syncd/bin/syncd",
        "./usr/bin/syncd",
        "./usr/lib/systemd/system/syncd.service",
        "./usr/lib/systemd/system/syncd-sync.timer",
        "./usr/share/man/man1/syncd.1",
        "./usr/share/bash-completion/completions/syncd",
        "./usr/share/doc/syncd/config.example.toml",
        "./etc/syncd",
    ):
        assert wanted in names
    assert not [name for name in names if "/tests/" in name and "syncd/lib" not in name]
    assert not [row for row in rows if row[0].startswith("-") and row[0][5] == "w"], "nobody but root may write"


@needs_dpkg
def test_the_debian_package_installs_into_a_root_and_is_removed_and_purged(package: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "var/lib/dpkg/updates").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()

    def dpkg(*arguments: str) -> None:
        ran = run("dpkg", f"--root={root}", "--force-not-root,depends,script-chrootless", "--log=/dev/null", *arguments)
        assert ran.returncode == 0, ran.stderr

    dpkg("--install", str(package))
    ran = run(str(root / "opt/syncd/bin/python"), "-I", "-m", "syncd", "--version", cwd=tmp_path)
    assert ran.stdout.startswith("syncd "), ran.stderr
    files = [path for path in (root / "opt/syncd").rglob("*") if path.is_file() and not path.is_symlink()]
    building = str(package.parents[1]).encode()
    assert not [path for path in files if building in path.read_bytes()], "a path of the building machine is in it"
    (root / "etc/syncd/config.toml").write_text("# ours")
    (root / "var/lib/syncd").mkdir(parents=True)
    dpkg("--remove", "syncd")
    assert not (root / "opt/syncd").exists()
    assert not (root / "usr/bin/syncd").is_symlink()
    assert (root / "etc/syncd/config.toml").exists()
    assert (root / "var/lib/syncd").exists()
    dpkg("--purge", "syncd")
    assert not (root / "etc/syncd").exists()
    assert not (root / "var/lib/syncd").exists()


def test_the_manual_has_every_command_and_no_fault(tmp_path: Path) -> None:
    page = tmp_path / "syncd.1"
    made = run(sys.executable, "-m", "syncd.cli.manual")
    page.write_text(made.stdout)
    listed = run(sys.executable, "-m", "syncd", "--help", COLUMNS="200", NO_COLOR="1").stdout
    commands = re.findall(r"^│ ([a-z]+) {2,}", listed, re.M)
    assert {"sync", "run", "explain", "approve", "restart"} <= set(commands)
    for command in commands:
        assert re.search(rf'^\.SS "syncd {command}', made.stdout, re.M), command
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed: the page was not set")
    ran = run(groff, "-man", "-Tutf8", "-ww", str(page))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "changes are held by a guard" in ran.stdout


CONFIG = """
[state]
url = "sqlite:///{folder}/state.db"
[sources.contoso]
kind = "graph"
endpoint = "http://127.0.0.1:9/v1.0"
access_token = {{ file = "{folder}/token" }}
service_principal_id = "c0000000-0000-4000-8000-000000000001"
[targets.wiki]
kind = "scim"
url = "http://127.0.0.1:9/scim"
token = {{ file = "{folder}/token" }}
[jobs.wiki]
source = "contoso"
target = "wiki"
schedule = "1h"
"""
