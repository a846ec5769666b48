"""What `syncd check` found: ticks and crosses with remedies, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from syncd.check import Checked
from syncd.core.model import Finding, Json
from syncd.report.steps import say

#: who speaks stands above the findings already
_SPEAKERS = ("Graph", "Okta")


def print_findings(console: Console, checked: Sequence[Checked]) -> bool:
    """One line a finding, under its source, target or job, and a sum with what to do next. True if all is well."""
    for one in checked:
        say(console, Text(f"{one.kind} {one.name}", style="bold"))
        for finding in one.findings:
            _print(console, finding, one.name)
    findings = [finding for one in checked for finding in one.findings]
    wrong = sum(not finding.ok for finding in findings)
    warned = sum(_warns(finding) for finding in findings)
    if wrong:
        said = f"{wrong} of {len(findings)} checks failed. Do what stands below each ✗, then: syncd check"
        say(console, Text(f"\n{said}", style="bold red"))
    else:
        warning = f", {warned} with a warning" if warned else ""
        say(console, Text(f"\nAll {len(findings)} checks passed{warning}. Next: syncd --dry-run", style="bold green"))
    return not wrong


def _print(console: Console, finding: Finding, name: str) -> None:
    mark, style = ("!", "yellow") if _warns(finding) else ("✓", "green") if finding.ok else ("✗", "bold red")
    what = finding.what
    for speaker in (*_SPEAKERS, name):
        what = what.removeprefix(f"{speaker}: ")
    line = Text.assemble((f"  {mark} ", style), what)
    if finding.detail:
        line.append(f": {finding.detail}", style="" if not finding.ok or _warns(finding) else "dim")
    say(console, line)
    if finding.remedy:
        say(console, Text(f"    → {finding.remedy}", style="yellow"))


def _warns(finding: Finding) -> bool:
    return finding.ok and finding.what == "warning"


def findings_data(checked: Iterable[Checked]) -> list[dict[str, Json]]:
    """The same as data."""
    return [
        {"kind": one.kind, "name": one.name, "ok": one.ok, "findings": [asdict(finding) for finding in one.findings]}
        for one in checked
    ]
