"""What a person has to look at first: errors, held and failed changes, warnings, and drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from state.journal import Row
from syncd.core.model import Json
from syncd.report.html.element import Element, el
from syncd.report.names import Names
from syncd.report.result import JobResult

MOST = 500
MOST_MEMBERS = 20  #: of one group that drifted


def attention(result: JobResult, rows: Sequence[Row]) -> list[Element]:
    """The boxes above everything else; none where all is well."""
    boxes = []
    if result.error is not None:
        boxes.append(el("div", el("h3", "Error"), el("p", str(result.error)), class_="box failed"))
    if not result.complete:
        said = "The source could not be read to its end: nothing is removed because of this read."
        boxes.append(el("div", el("h3", "Incomplete"), el("p", said), class_="box warning"))
    held = [row for row in rows if row.status == "held"]
    if held:
        boxes.append(_held(result, held))
    failed = [row for row in rows if row.status == "failed"]
    if failed:
        boxes.append(_failed(result, failed))
    if result.warnings:
        said_ = [el("li", str(warning["message"])) for warning in result.warnings[:MOST]]
        title = f"{len(result.warnings):,} warning{'s' if len(result.warnings) != 1 else ''}"
        boxes.append(el("div", el("h3", title), el("ul", said_, _more(len(result.warnings))), class_="box warning"))
    return boxes


def _held(result: JobResult, held: Sequence[Row]) -> Element:
    sentences: dict[str, list[Row]] = {}
    for row in held:
        sentences.setdefault(row.change.held or "", []).append(row)
    parts: list[Element] = []
    for sentence, rows in sentences.items():
        lines = [el("li", _what(row), el("small", row.change.why)) for row in rows[:MOST]]
        parts += [el("p", el("b", sentence)), el("ul", lines, _more(len(rows)))]
    digits = (result.checksum or "").removeprefix("sha256:")[:12]
    commands = [_command("Look:", f"syncd held --job {result.job}")]
    if any(row.guarded for row in held):
        commands.append(_command("Let exactly these go:", f"syncd approve {result.job} {digits}"))
    return el("div", el("h3", f"{len(held):,} held"), parts, commands, class_="box held")


def _failed(result: JobResult, failed: Sequence[Row]) -> Element:
    lines = []
    for row in failed[:MOST]:
        error = row.error or {}
        status = f" {error['http_status']}" if error.get("http_status") else ""
        said = [f"{error.get('code')}{status}: {error.get('message')}", error.get("remedy")]
        if error.get("next_try"):
            said.append(f"next try {error['next_try'][:19].replace('T', ' ')} UTC")
        lines.append(el("li", _what(row), [el("small", str(one)) for one in said if one]))
    again = _command("Make them due now:", f"syncd retry {result.job}")
    return el(
        "div", el("h3", f"{len(failed):,} failed"), el("ul", lines, _more(len(failed))), again, class_="box failed"
    )


def drift(result: JobResult, names: Names) -> Element | None:
    """What somebody else changed at the target since we wrote it."""
    if not result.drift:
        return None
    rows = [
        el(
            "tr",
            el("td", el("b", str(row["name"])), el("small", str(row["kind"]))),
            el("td", str(row["attribute"])),
            el(
                "td",
                el("del", _value(row, "wrote", names)),
                el("span", " → ", class_="arrow"),
                el("ins", _value(row, "seen", names)),
            ),
            el("td", str(row["action"])),
        )
        for row in result.drift[:MOST]
    ]
    head = el("tr", [el("th", title, scope="col") for title in ("Who", "Attribute", "Wrote → now", "Action")])
    table = el("table", el("thead", head), el("tbody", rows))
    said = "Changed at the target since it was written."
    return el("section", el("h3", f"Drift ({len(result.drift):,})"), el("p", said, class_="note"), el("div", table, class_="wide"), _more(len(result.drift), "p"))  # fmt: skip


def next_command(result: JobResult) -> Element | None:
    """How to carry out exactly this plan."""
    if not (result.dry and result.planned):
        return None
    digits = (result.checksum or "").removeprefix("sha256:")[:12]
    return _command("To apply exactly this plan:", f"syncd sync --job {result.job} --plan {digits}")


def _what(row: Row) -> Element:
    return el("span", f"{row.change.action.word.replace('_', ' ')} {row.change.kind} ", el("b", row.change.name))


def _command(what: str, command: str) -> Element:
    return el("p", what, " ", el("code", command), class_="command")


def _more(count: int, tag: str = "li") -> Element | None:
    return el(tag, f"… and {count - MOST:,} more; all of them: -o json", class_="note") if count > MOST else None


def _value(row: Mapping[str, Json], side: str, names: Names) -> str:
    value = row[side]
    if row["attribute"] != "members" or value is None:
        return _plain(value)
    more = f" and {len(value) - MOST_MEMBERS:,} more" if len(value) > MOST_MEMBERS else ""
    return ", ".join(names.of(value[:MOST_MEMBERS])) + more


def _plain(value: object) -> str:
    return "(nothing)" if value is None else value if isinstance(value, str) else repr(value)
