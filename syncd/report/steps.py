"""Short answers for people: the five steps, the jobs' status, what is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from syncd.core.model import Json

if TYPE_CHECKING:
    from syncd.provision import Trace

_MARKS = {"ok": ("✓", "green"), "failed": ("✗", "bold red"), "skipped": ("-", "yellow")}


def print_steps(console: Console, traces: Iterable[Trace]) -> None:
    """The five steps of each job, and the requests that they lead to."""
    for trace in traces:
        say(console, Text.assemble((trace.job, "bold"), f"  {trace.name}"))
        for step in trace.steps:
            mark, style = _MARKS[step.status]
            say(console, Text.assemble((f"  {mark} ", style), (f"{step.step:<11}", "bold"), step.detail))
            for row in step.data.get("mapping", ()) if step.step == "import" else ():
                say(console, Text(f"      {row_words(row)}", style="dim" if row["error"] is None else "red"))
            for row in step.data.get("before", ()) if step.step == "action" else ():
                say(
                    console,
                    Text(f"      {row['time']} {row['action']} {row['status']}: {past_words(row)}", style="dim"),
                )
        for change in trace.changes:
            for request in change["requests"]:
                say(console, Text(f"      {request['method']} {request['path']} {request['body'] or ''}", style="dim"))


def past_words(row: Mapping[str, Json]) -> str:
    """Why an earlier change was made, and what it wrote or what went wrong."""
    said = row["error"] or ", ".join(row["attributes"])
    return "; ".join(part for part in (row["why"], said) if part)


def row_words(row: Mapping[str, Json]) -> str:
    """One row of a mapping: target, what gives the value, what that read, and what came of it."""
    read = ", ".join(f"{name}: {value!r}" for name, value in row["reads"].items())
    gives = [f"{row['gives']!r}"] if row["gives"] is not None or row["remark"] is None else []
    result = row["error"] or ", ".join([*gives, *([row["remark"]] if row["remark"] else [])])
    return f"{row['target']} ← {row['from']}" + (f" with {read}" if read else "") + f" = {result}"


def print_status(console: Console, rows: Sequence[Mapping[str, Json]]) -> None:
    """One line a job."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("job", "last cycle", "result", "next cycle", "users", "groups", "held", "failing", "steady since"):
        table.add_column(title, overflow="fold")
    for row in rows:
        last = row["last_cycle"] or {}
        state = "paused" if row["paused"] else "quarantine" if row["quarantine"] else last.get("result", "never ran")
        table.add_row(
            row["job"],
            _moment(last.get("started")),
            "working" if row["working"] else state,
            _moment(row["next_cycle"]),
            f"{row['links']['users']['active']:,}",
            f"{row['links']['groups']['active']:,}",
            str(row["held"]),
            str(row["failing"]),
            _moment(row["steady_since"]),
        )
    console.print(table)
    for row in rows:
        if (row["last_cycle"] or {}).get("error"):
            say(console, Text(f"{row['job']}: {row['last_cycle']['error']}", style="red"))
    for target, row in {row["target"]: row for row in rows if row["learned_at"]}.items():
        say(console, Text(f"{target}, as of {_moment(row['learned_at'])}:", style="dim"))
        for learned in row["learned"]:
            say(console, Text(f"  {learned}", style="dim"))


def print_held(console: Console, rows: Sequence[Mapping[str, Json]]) -> None:
    """Held changes under their sentence, and the command that lets go those that an approval can."""
    for row in rows:
        if not row["changes"]:
            say(console, f"{row['job']}: nothing is held")
            continue
        sentence = None
        for change in row["changes"]:
            if change["held"] != sentence:
                sentence = change["held"]
                say(console, Text(f"{row['job']}: {sentence}", style="bold magenta"))
            say(console, f"  {change['action']} {change['kind']} {change['name']}   {change['why']}")
        digits, all_, freed = row["checksum"].removeprefix("sha256:")[:12], len(row["changes"]), row["approvable"]
        say(console, f"  checksum {row['checksum']}")
        if freed:
            which = "exactly these" if freed == all_ else f"the {freed:,} over a limit"
            say(console, f"  To let {which} go: syncd approve {row['job']} {digits}")
        if freed < all_:
            conflicts = f"  Conflicts ({all_ - freed:,}) are cleared up at the target or in the configuration"
            say(console, f"{conflicts}, not by an approval")


def _moment(text: str | None) -> str:
    return "-" if not text else text[:19].replace("T", " ")


def say(console: Console, line: Text | str) -> None:
    """One line, never wrapped or cut, and without control characters of foreign names."""
    shown = line if isinstance(line, Text) else Text(line)
    console.print(shown, soft_wrap=True)
