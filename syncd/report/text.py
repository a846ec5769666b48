"""The report for people: counts first, held and failed next, then the changes by action. Coloured on a terminal only."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from state.journal import Row
from state.store import Store
from syncd.core.change import NEW, Action, Change
from syncd.core.model import Json
from syncd.log_entry import modified
from syncd.report.amount import amount
from syncd.report.names import Names
from syncd.report.result import JobResult, weight

_STYLES = {
    "create": "green",
    "adopt": "cyan",
    "reactivate": "green",
    "update": "yellow",
    "add_members": "green",
    "remove_members": "magenta",
    "deactivate": "red",
    "delete": "bold red",
}
_SIGNS = {
    "create": "+",
    "adopt": "=",
    "reactivate": "^",
    "update": "~",
    "add_members": "+",
    "remove_members": "-",
    "deactivate": "v",
    "delete": "x",
}
#: rows of one action that are shown; the JSON report has them all
SHOWN = 25
_VALUE_WIDTH = 60
_NAME_WIDTH = 52
_ATTRIBUTE_WIDTH = 34
_CONTROL = {c: f"\\x{c:02x}" for c in (*range(32), 127)}


def print_report(console: Console, results: Iterable[JobResult], store: Store, *, shown: int = SHOWN) -> None:
    """Every job's report, one after the other; of each action at most `shown` rows."""
    for result in results:
        _Report(console, result, store, shown).print()


def _line(console: Console, line: Text | str) -> None:
    # Lines are never cut or wrapped: what a pipe gets is what was said.
    console.print(line if isinstance(line, Text) else Text(line), soft_wrap=True)


def _clean(text: str) -> str:
    """Names come from directories: no control character of theirs reaches a terminal."""
    return text.translate(_CONTROL)


def _who(change: Change, *, action: bool = False) -> str:
    who = f"{change.kind} {_clean(change.name)}"
    return f"{change.action.word} {who}" if action else who


def _value(value: Json) -> str:
    text = "(nothing)" if value is None else _clean(value if isinstance(value, str) else repr(value))
    return text if len(text) <= _VALUE_WIDTH else text[: _VALUE_WIDTH - 1] + "…"


def _padded(text: str, width: int) -> str:
    """In a column: by the cells that it takes on a terminal, where some letters take two."""
    return text + " " * max(width - cell_len(text), 0)


def _widest(texts: Iterable[str], most: int) -> int:
    """The width of a column; those beyond `most` stick out, rather than push all the others away."""
    return max((width for text in texts if (width := cell_len(text)) <= most), default=0)


class _Report:
    """One job's report on its way to a console."""

    def __init__(self, console: Console, result: JobResult, store: Store, shown: int) -> None:
        self.console, self.result, self.store, self.shown = console, result, store, shown
        self.names = Names(result, store)

    def print(self) -> None:
        console, result = self.console, self.result
        what = "dry run" if result.dry else "sync"
        title = Text.assemble(
            (result.job, "bold"), f"  {result.source} → {result.target}   {what}, {result.cycle} cycle"
        )
        _line(console, title)
        read = result.read
        _line(
            console,
            f"  read      {amount(read['users'], 'user')}, {amount(read['groups'], 'group')}, "
            f"{amount(read['assignments'], 'assignment')} in {amount(read['requests'], 'request')}"
            + ("" if result.complete else "   INCOMPLETE: nothing is removed because of this read"),
        )
        _line(console, self.counts())
        if result.seats:
            _line(console, f"  seats     {result.seats}")
        if result.checksum:
            _line(console, f"  checksum  {result.checksum}")
        if result.error:
            _line(console, Text(f"  error     {_clean(str(result.error))}", style="bold red"))
        self.attention()
        found = 0
        for action in dict.fromkeys(a.word for a in Action):
            found += self.section(action)
        if result.dry and not found and not result.error:
            _line(console, "\n  Nothing to do: the target is as wished.")
        for warning in result.warnings[: self.shown]:
            _line(console, Text(f"\n  warning   {_clean(str(warning['message']))}", style="yellow"))
        if len(result.warnings) > self.shown:
            _line(console, f"  … and {len(result.warnings) - self.shown:,} more warnings (all of them: -o json)")
        self.drift()
        self.next_commands()
        _line(console, "")

    def counts(self) -> Text:
        result = self.result
        line = Text("  " + ("to do     " if result.dry else "done      "))
        parts = []
        for word, count in result.counts.items():
            if count:
                style = {"held": "bold magenta", "failed": "bold red", "skip": "dim"}.get(word, _STYLES.get(word, ""))
                label = "already right" if word == "skip" else word.replace("_", " ")
                parts.append(Text(f"{count:,} {label}", style=style))
        line.append_text(Text(", ").join(parts) if parts else Text("nothing"))
        return line.append(f"   ({result.seconds:.1f} s)", style="dim")

    def attention(self) -> None:
        """Held rows under their sentence, and failed ones with the target's words."""
        console, result = self.console, self.result
        sentences: dict[str, list[Change]] = {}
        failed: list[Row] = []
        for row in self.result.rows(self.store):
            if row.status == "held":
                sentences.setdefault(row.change.held or "", []).append(row.change)
            elif row.status == "failed":
                failed.append(row)
        for sentence, changes in sentences.items():
            _line(console, Text(f"\n  HELD      {_clean(sentence)}", style="bold magenta"))
            few = changes[: self.shown]
            width = _widest((_who(change, action=True) for change in few), _NAME_WIDTH)
            for change in few:
                _line(console, f"    {_padded(_who(change, action=True), width)}   {_clean(change.why)}")
            self.more(len(changes))
        for row in failed[: self.shown]:
            error = row.error or {}
            status = f" {error['http_status']}" if error.get("http_status") else ""
            _line(
                console,
                Text(f"\n  FAILED    {row.change.action.word} {row.change.kind} {_clean(row.change.name)}", "bold red"),
            )
            _line(console, f"    {error.get('code')}{status}: {_clean(str(error.get('message')))}")
            if error.get("remedy"):
                _line(console, f"    {_clean(str(error['remedy']))}")
            if error.get("next_try"):
                _line(
                    console,
                    f"    next try {error['next_try'][:19].replace('T', ' ')} UTC; now: syncd retry {result.job}",
                )
        self.more(len(failed))

    def section(self, action: str) -> int:
        console = self.console
        rows = [
            r
            for r in self.result.rows(self.store)
            if r.change.action.word == action and r.status in ("planned", "done")
        ]
        if not rows:
            return 0
        total = sum(weight(row.change) for row in rows)
        _line(console, Text(f"\n  {action.replace('_', ' ')} ({total:,})", style="bold " + _STYLES[action]))
        width = _widest((_who(row.change) for row in rows[: self.shown]), _NAME_WIDTH)
        for row in rows[: self.shown]:
            change = row.change
            head = Text.assemble((f"    {_SIGNS[action]} {_padded(_who(change), width)}", _STYLES[action]))
            head.append(f"   {_clean(change.why)}", style="dim")
            _line(console, head)
            if change.action not in (Action.CREATE, Action.DELETE):
                edits = modified(change)
                column = _widest((edit["attribute"] for edit in edits), _ATTRIBUTE_WIDTH)
                for edit in edits:
                    _line(console, Text(f"        {self.edit(edit, column)}"))
        self.more(len(rows))
        return len(rows)

    def edit(self, edit: dict[str, Json], width: int) -> str:
        if edit["attribute"] == "members":
            ids = edit["new"] or edit["old"] or []
            return f"members {'+' if edit['new'] else '-'} {self.few(ids)}"
        return f"{_padded(edit['attribute'], width)}  {self.value(edit['old'])} → {self.value(edit['new'])}"

    def value(self, value: Json) -> str:
        """As it is; a reference to an account that is to be made by its name."""
        return _value(self.names.of([value])[0] if isinstance(value, str) and value.startswith(NEW) else value)

    def drift(self) -> None:
        console, result = self.console, self.result
        if result.drift:
            _line(
                console,
                Text(f"\n  drift ({len(result.drift):,}): changed at the target since we wrote it", "bold yellow"),
            )
        for row in result.drift[: self.shown]:
            _line(console, f"    ! {row['kind']} {_clean(row['name'])}   {self.drifted(row)}   ({row['action']})")
        self.more(len(result.drift))

    def drifted(self, row: dict[str, Json]) -> str:
        if row["attribute"] == "members":
            return f"members {'gone' if row['wrote'] else 'joined'}: {self.few(row['wrote'] or row['seen'])}"
        return f"{row['attribute']}: wrote {_value(row['wrote'])}, now {_value(row['seen'])}"

    def few(self, ids: list[str]) -> str:
        more = f" and {len(ids) - 3:,} more" if len(ids) > 3 else ""
        return ", ".join(_clean(name) for name in self.names.of(ids[:3])) + more

    def next_commands(self) -> None:
        """The commands that a person would type next."""
        console, result = self.console, self.result
        digits = (result.checksum or "").removeprefix("sha256:")[:12]
        if result.counts["held"]:
            free = f"    To let exactly these go: syncd approve {result.job} {digits}" if result.approvable else ""
            _line(console, f"\n  Look: syncd held --job {result.job}{free}")
        if result.dry and result.planned:
            _line(console, f"\n  To apply exactly this plan: syncd sync --job {result.job} --plan {digits}")

    def more(self, count: int) -> None:
        console = self.console
        if count > self.shown:
            _line(console, f"    … and {count - self.shown:,} more (all of them: -o json)")
