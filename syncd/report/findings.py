"""What `syncd check` found: ticks and crosses with remedies, or JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from syncd.check import Checked
from syncd.core.model import Json
from syncd.report.steps import say


def print_findings(console: Console, checked: Iterable[Checked]) -> None:
    """One line a finding, under its source, target or job."""
    for one in checked:
        say(console, Text.assemble((f"{one.kind} {one.name}", "bold")))
        for finding in one.findings:
            warns = finding.ok and finding.what == "warning"
            mark, style = ("!", "yellow") if warns else ("✓", "green") if finding.ok else ("✗", "bold red")
            detail = f": {finding.detail}" if finding.detail else ""
            say(console, Text.assemble((f"  {mark} ", style), f"{finding.what}{detail}"))
            if finding.remedy:
                say(console, Text(f"      {finding.remedy}", style="yellow"))


def findings_data(checked: Iterable[Checked]) -> list[dict[str, Json]]:
    """The same as data."""
    return [
        {"kind": one.kind, "name": one.name, "ok": one.ok, "findings": [asdict(finding) for finding in one.findings]}
        for one in checked
    ]
