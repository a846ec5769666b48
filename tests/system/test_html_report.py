"""`-o html`: one file that shows what the JSON report shows, in a real browser, whatever names a directory has."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from connectors.sandbox.world import World
from state.log import CycleTally, LogEntry, write_log
from state.store import Store
from syncd.demo import a_day
from syncd.report.html.chart import last_cycles
from syncd.report.html.element import el
from tests.system.conftest import Cli, written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = '<script>document.title="taken"</script><img src=x onerror=alert(1)>"\'&\u202e\x07'
browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


class _Page(HTMLParser):
    """What the elements of a page are, and what text they hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def opened(page: Path, folder: Path, *arguments: str, find: str = "") -> subprocess.CompletedProcess[str]:
    """A page in headless Chromium, with a profile of its own; its console goes to standard error."""
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --hide-scrollbars --window-size=1280,1600 --enable-logging=stderr"
    )
    command = [str(CHROMIUM), *flags.split(), f"--user-data-dir={folder / 'profile'}", *arguments]
    url = page.as_uri() + (f"#find={find}" if find else "")
    return subprocess.run([*command, url], capture_output=True, text=True, timeout=60, check=True)


@pytest.fixture
def page(world: World, cli: Cli, tmp_path: Path) -> Path:
    """The report of the day after: something of everything, removals held, and a hostile name."""
    world.write_config(tmp_path, extra="\n[jobs.entra.guards]\ndeletions = { count = 0 }\n")
    assert cli("sync", "--job", "entra").code == 0
    a_day(world)
    joiner = world.graph.create_user(
        userPrincipalName="eve@contoso.example", displayName=HOSTILE, mail="eve@contoso.example", accountEnabled=True
    )
    world.graph.assign(joiner)
    before = written(world)
    ran = cli("--dry-run", "--job", "entra", "-o", "html")
    assert ran.code == 3
    assert written(world) == before
    path = tmp_path / "report.html"
    path.write_text(ran.out, encoding="utf-8")
    return path


def test_the_page_shows_the_facts_of_the_json_report(page: Path, cli: Cli) -> None:
    shown = _Page(page.read_text(encoding="utf-8"))
    told = cli("--dry-run", "--job", "entra", "-o", "json").job
    assert told["checksum"] in shown.text
    assert len(told["changes"]) > 5
    for change in told["changes"]:
        assert change["name"] in shown.text
        assert change["why"] in shown.text
    (held,) = [change for change in told["changes"] if change["held"]]
    assert held["held"] in shown.text
    assert f"syncd approve entra {told['checksum'].removeprefix('sha256:')[:12]}" in shown.text
    assert "Last cycles that changed something" in shown.text
    # Held first, then what to do, then the table; members by name.
    places = [shown.text.index(word) for word in ("1 held", "To apply exactly this plan", "ActionWho", "Groups")]
    assert places == sorted(places)
    assert "+ ada.lovelace@contoso.example" in shown.text
    assert "new:contoso:" not in shown.text


def test_the_page_loads_nothing_and_runs_nothing_of_its_data(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = _Page(text)
    assert shown.tags.count("script") == 1
    assert "img" not in shown.tags
    names = {name for name, _ in shown.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "style", "srcdoc"}
    assert all(value.startswith("#") for name, value in shown.attributes if name == "href" and value)
    assert "default-src 'none'" in next(value or "" for name, value in shown.attributes if name == "content")
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "\\u202e\\x07" in shown.text


@pytest.mark.parametrize("value", [HOSTILE, "\ud800", "</title>", "a\0b", "\u2066x\u2069"])
def test_text_stays_text_in_an_element_and_in_an_attribute(value: str) -> None:
    shown = _Page(el("p", value, data_name=value))
    assert shown.tags == ["p"]
    assert [name for name, _ in shown.attributes] == ["data-name"]
    assert el("p", value).encode()


@browser
def test_a_search_leaves_the_rows_that_have_all_its_words(page: Path, tmp_path: Path) -> None:
    def rows(find: str) -> tuple[int, int, str]:
        body = opened(page, tmp_path, "--dump-dom", find=find).stdout.partition('<table class="changes">')[2]
        assert body
        body = body.partition("</table>")[0].partition("<tbody>")[2]
        found = re.findall(r"<tr[^>]*>", body)
        return len(found), sum("hidden" in tag for tag in found), body

    count, hidden, _ = rows("")
    assert (count > 5, hidden) == (True, 0)
    _, hidden, body = rows("LOVELACE%20create")
    assert hidden == count - 1
    assert re.search(r"<tr data-action=\"create\">(?:(?!</tr>).)*ada\.lovelace", body)
    assert rows("nobodyatall")[1] == count


@browser
def test_the_page_is_drawn_without_a_word_on_the_console(page: Path, tmp_path: Path) -> None:
    for scheme in (0, 1):
        picture = tmp_path / f"{scheme}.png"
        ran = opened(page, tmp_path, f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}")
        assert "CONSOLE" not in ran.stderr
        assert picture.stat().st_size > 50_000
    assert (tmp_path / "0.png").read_bytes() != (tmp_path / "1.png").read_bytes()
    titled = re.search("<title>(.*?)</title>", opened(page, tmp_path, "--dump-dom").stdout)
    assert titled is not None
    assert titled[1] == "syncd: dry run of entra"


def test_a_job_that_cannot_read_its_source_has_its_error_on_top(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    (tmp_path / "graph.token").write_text("wrong")
    ran = cli("--dry-run", "--job", "entra", "-o", "html")
    assert ran.code == 1
    shown = _Page(ran.out)
    assert "Error" in shown.text
    assert ran.err.strip().splitlines()[-1].removeprefix("syncd: ")[:60] in shown.text


def test_an_idle_cycle_says_that_nothing_is_to_be_done(world: World, cli: Cli, tmp_path: Path) -> None:
    world.write_config(tmp_path)
    assert cli("sync", "--job", "okta").code == 0
    ran = cli("--dry-run", "--job", "okta", "-o", "html")
    assert ran.code == 0
    assert "Nothing to do: the target is as wished." in _Page(ran.out).text


def test_the_last_cycles_come_from_the_log_oldest_first(store: Store) -> None:
    def entry(cycle: str, action: str, status: str, minute: int) -> LogEntry:
        return LogEntry(
            time=datetime(2026, 1, 1, 12, minute, tzinfo=UTC),
            job="j" if cycle != "other" else "k",
            cycle=cycle,
            change=f"{cycle}:{minute}",
            action=action,
            status=status,
            kind="user",
            source_id="1",
            target_id=None,
            name="n",
            steps=[],
            modified=[],
        )

    assert store.log.cycles("j", count=2) == []
    with store.engine.begin() as c:
        write_log(c, [entry("a", "create", "success", 1), entry("b", "create", "success", 2)])
        write_log(c, [entry("other", "delete", "success", 3), entry("b", "create", "success", 4)])
        write_log(c, [entry("b", "update", "failure", 5), entry("quiet", "update", "skipped", 6)])
        write_log(c, [entry("c", "delete", "success", 7)])
    last = store.log.cycles("j", count=2)
    assert [(one.cycle, one.time.minute) for one in last] == [("b", 2), ("c", 7)]
    assert last[0].counts == {("create", "success"): 2, ("update", "failure"): 1}


@pytest.mark.parametrize(
    ("cycles", "dates"),
    [
        (1, ["2026-01-01 12:00"]),
        (3, ["2026-01-01 12:00 → 2026-01-01 12:02"]),
        (12, ["2026-01-01 12:00", "2026-01-01 12:11"]),
    ],
)
def test_the_dates_of_the_first_and_the_last_cycle_never_run_into_each_other(cycles: int, dates: list[str]) -> None:
    drawn = last_cycles(
        [
            CycleTally(cycle=str(n), time=datetime(2026, 1, 1, 12, n, tzinfo=UTC), counts={("create", "success"): 5})
            for n in range(cycles)
        ]
    )
    assert drawn is not None
    assert re.findall(r">(2026[^<]*)</text>", str(drawn)) == dates
