"""Two charts as inline SVG: this run's changes by action, and the last cycles that changed something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from state.log import CycleTally
from syncd.report.html.element import Element, el

#: which colour an action has: given, changed, taken
FAMILY: Mapping[str, str] = {
    "create": "given",
    "adopt": "given",
    "reactivate": "given",
    "add_members": "given",
    "update": "changed",
    "remove_members": "taken",
    "deactivate": "taken",
    "delete": "taken",
    "staged_delete": "taken",
    "held": "held",
    "failed": "failed",
}
_LEGEND = (
    ("given", "created, adopted, added"),
    ("changed", "updated"),
    ("taken", "deactivated, deleted, removed"),
    ("failed", "failed"),
)
_WIDTH, _ROW = 520, 26
_LABELS, _NUMBERS = 142, 66
_LEFT = 62
_HEIGHT, _BASE = 150, 128
_DATE = 160  #: the width of a date, on a narrow screen too


def by_action(counts: Mapping[str, int]) -> Element | None:
    """Horizontal bars, one for each action that there is; None where there is none."""
    bars = [(word, count) for word, count in counts.items() if count and word != "skip"]
    if not bars:
        return None
    most = max(count for _, count in bars)
    room = _WIDTH - _LABELS - _NUMBERS
    drawn = []
    for number, (word, count) in enumerate(bars):
        top = number * _ROW
        width = max(room * count / most, 2)
        label = word.replace("_", " ")
        drawn += [
            el("text", label, x=_LABELS - 10, y=top + 17, text_anchor="end", class_="label"),
            el("rect", x=_LABELS, y=top + 4, width=_short(width), height=_ROW - 8, rx=3, class_=FAMILY[word]),
            el("text", f"{count:,}", x=_short(_LABELS + width + 8), y=top + 17, class_="number"),
        ]
    said = "Changes by kind: " + ", ".join(f"{count:,} {word.replace('_', ' ')}" for word, count in bars)
    return _svg(said, drawn, height=len(bars) * _ROW)


def last_cycles(cycles: Sequence[CycleTally]) -> Element | None:
    """Stacked columns, the newest cycle rightmost; None where there is none."""
    if not cycles:
        return None
    stacks = [_stack(one) for one in cycles]
    most = max(sum(stack.values()) for stack in stacks)
    step = min((_WIDTH - _LEFT - 4) / len(cycles), 48)
    drawn = [
        el("line", x1=_LEFT, x2=_WIDTH, y1=_BASE + 0.5, y2=_BASE + 0.5, class_="axis"),
        el("line", x1=_LEFT, x2=_WIDTH, y1=16.5, y2=16.5, class_="grid"),
        el("text", f"{most:,}", x=_LEFT - 6, y=20, text_anchor="end", class_="label"),
        el("text", "0", x=_LEFT - 6, y=_BASE + 4, text_anchor="end", class_="label"),
    ]
    for number, (one, stack) in enumerate(zip(cycles, stacks, strict=True)):
        left, bottom = _LEFT + 4 + number * step, float(_BASE)
        parts: list[Element] = []
        for family, _ in _LEGEND:
            height = (_BASE - 16) * stack[family] / most
            if height:
                bottom -= height
                parts.append(
                    el("rect", x=_short(left), y=_short(bottom), width=_short(step * 0.72), height=_short(height), class_=family)
                )  # fmt: skip
        told = ", ".join(f"{stack[family]:,} {words}" for family, words in _LEGEND if stack[family])
        drawn.append(el("g", el("title", f"{one.time:%Y-%m-%d %H:%M} UTC: {told}"), parts))
    drawn += _dates([one.time for one in cycles], first=_LEFT + 4, last=_LEFT + 4 + len(cycles) * step)
    return _svg(f"Changes of the last {len(cycles)} cycles that changed something", drawn, height=_HEIGHT)


def _dates(times: Sequence[datetime], *, first: float, last: float) -> list[Element]:
    """Under the first and under the last column; in one where they would run into each other."""
    said = [f"{time:%Y-%m-%d %H:%M}" for time in (times[0], times[-1])]
    places = [(first, "start", said[0]), (last, "end", said[1])]
    if last - first < 2 * _DATE:
        places = [(first, "start", " → ".join(dict.fromkeys(said)))]
    return [el("text", text, x=_short(x), y=_HEIGHT - 4, text_anchor=at, class_="label") for x, at, text in places]


def legend(cycles: Sequence[CycleTally]) -> Element:
    """What the colours of these cycles mean, in words."""
    seen = {family for one in cycles for family, count in _stack(one).items() if count}
    said = [el("span", el("i", class_=family), words) for family, words in _LEGEND if family in seen]
    return el("p", said, class_="legend")


def _stack(one: CycleTally) -> dict[str, int]:
    stack = {family: 0 for family, _ in _LEGEND}
    for (action, status), count in one.counts.items():
        if status == "failure":
            stack["failed"] += count
        elif status == "success":
            stack[FAMILY.get(action, "changed")] += count
    return stack


def _svg(said: str, drawn: Sequence[Element], *, height: int) -> Element:
    return el("svg", drawn, viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=said, class_="chart")


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
