"""The table of all changes, old → new for each attribute, and the groups with who comes and who goes."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from state.journal import Row
from syncd.core.change import NEW, Action
from syncd.core.model import Json
from syncd.log_entry import modified
from syncd.report.html.chart import FAMILY
from syncd.report.html.element import Element, el
from syncd.report.names import Names, member_ids

#: rows, and members of a group, that the page shows; the JSON report has them all
MOST_ROWS = 5_000
MOST_MEMBERS = 200
_LONGEST = 300


def changes(rows: Sequence[Row], names: Names) -> Element | None:
    """The searchable table in the order of the plan, which is by action; None where nothing changes."""
    if not rows:
        return None
    shown = rows[:MOST_ROWS]
    words = dict.fromkeys(row.change.action.word for row in shown)
    chips = [
        el("button", word.replace("_", " "), type="button", data_action=word, aria_pressed="false") for word in words
    ]
    more = len(rows) - len(shown)
    return el(
        "section",
        el("h3", "Changes"),
        el(
            "div",
            el("input", type="search", placeholder="Search names, attributes, values, reasons…", aria_label="Search changes"),
            el("div", chips, class_="chips", role="group", aria_label="Only these actions") if len(words) > 1 else None,
            el("output", f"{len(shown):,} changes", aria_live="polite"),
            class_="toolbar",
        ),
        el(
            "div",
            el(
                "table",
                el("thead", el("tr", [el("th", title, scope="col") for title in ("Action", "Who", "What", "Why")])),
                el("tbody", [_row(row, names) for row in shown]),
                class_="changes",
            ),
            class_="wide",
        ),
        el("p", f"… and {more:,} more; all of them: -o json", class_="note") if more else None,
    )  # fmt: skip


def _row(row: Row, names: Names) -> Element:
    change, word = row.change, row.change.action.word
    status = None if row.status in ("planned", "done") else el("span", row.status, class_=f"pill {row.status}")
    left = (row.error or {}).get("message") if row.status == "skipped" else None
    return el(
        "tr",
        el("td", el("span", word.replace("_", " "), class_=f"pill {FAMILY[word]}"), status),
        el("td", el("b", change.name), el("small", f"{change.kind} {change.source_id}")),
        el("td", _edits(row, names)),
        el("td", change.why, el("small", str(left)) if left else None),
        data_action=word,
    )


def _edits(row: Row, names: Names) -> Element | None:
    change = row.change
    if change.action.of_members:
        added, gone = member_ids(row, added=True), member_ids(row, added=False)
        return el("span", _delta(len(added), len(gone)), " members")
    new = change.action is Action.CREATE
    lines = []
    for edit in modified(change):
        values = [el("ins", _value(edit["new"], names))]
        if not new:
            values = [el("del", _value(edit["old"], names)), el("span", " → ", class_="arrow"), *values]
        lines.append(el("div", el("dt", edit["attribute"]), el("dd", values)))
    if not lines:
        return None
    listed = el("dl", lines)
    # What a new account is given is long and much alike: it opens on demand.
    return el("details", el("summary", f"{len(lines)} attributes"), listed) if new else listed


def _value(value: Json, names: Names) -> Element | str:
    if value is None:
        return el("i", "(nothing)")
    if isinstance(value, str):
        said = names.of([value])[0] if value.startswith(NEW) else value
    else:
        said = orjson.dumps(value).decode()
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"


def groups(rows: Sequence[Row], names: Names) -> Element | None:
    """Each group whose members change, with who they are; None where there is none."""
    deltas: dict[str, tuple[str, list[str], list[str]]] = {}
    for row in rows:
        if row.change.action.of_members:
            _, added, gone = deltas.setdefault(row.change.source_id, (row.change.name, [], []))
            added += names.of(member_ids(row, added=True))
            gone += names.of(member_ids(row, added=False))
    if not deltas:
        return None
    shown = sorted(deltas.values(), key=lambda one: one[0].casefold())[:MOST_ROWS]
    return el("section", el("h3", "Groups"), [_group(*one) for one in shown])


def _group(name: str, added: Sequence[str], gone: Sequence[str]) -> Element:
    lists = []
    for members, mark, class_ in ((added, "+", "in"), (gone, "−", "out")):
        more = len(members) - MOST_MEMBERS
        lists += [el("li", f"{mark} {one}", class_=class_) for one in sorted(members, key=str.casefold)[:MOST_MEMBERS]]
        lists += [el("li", f"… and {more:,} more", class_="note")] if more > 0 else []
    heading = el("summary", el("b", name), " ", _delta(len(added), len(gone)))
    return el("details", heading, el("ul", lists, class_="members"), class_="group", open=len(added) + len(gone) <= 3)


def _delta(added: int, gone: int) -> list[Element]:
    return [
        *([el("span", f"+{added:,}", class_="in")] if added else []),
        *([el("span", f"−{gone:,}", class_="out")] if gone else []),
    ]
