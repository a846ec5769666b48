"""`syncd check`: whether each source and target answers, lets us in, and can do what the jobs ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.errors import SourceError, TargetError
from syncd.core.errors import SyncdError
from syncd.core.expression import compile_expression
from syncd.core.mapping import AttributeMapping, ObjectMapping
from syncd.core.model import Finding, Kind
from syncd.runtime import Runtime
from syncd.target_facts import facts_data


@dataclass(kw_only=True, slots=True)
class Checked:
    """The findings about one source, target or job."""

    kind: str  #: source, target, job
    name: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)


async def check(runtime: Runtime, jobs: Iterable[str] = ()) -> list[Checked]:
    """All sources and targets of these jobs, each once, and the jobs themselves. Never raises for what it finds."""
    names = runtime.job_names(jobs)
    said = [runtime.settings.jobs[name] for name in names]
    results: list[Checked] = []
    for source_name in dict.fromkeys(job.source for job in said):
        checked = Checked(kind="source", name=source_name)
        results.append(checked)
        runtime.progress.begin(f"checking {source_name}")
        try:
            async with runtime.source(source_name) as source:
                checked.findings += await source.check()
        except SourceError as error:
            checked.findings.append(_refusal("opens", error))
        runtime.progress.end(f"checking {source_name}")
    for target_name in dict.fromkeys(job.target for job in said):
        checked = Checked(kind="target", name=target_name)
        results.append(checked)
        runtime.progress.begin(f"checking {target_name}")
        try:
            # Opened with its writing methods, it still only reads here.
            async with runtime.target(target_name, write=False) as target:
                found = await target.check()
                checked.findings += found
                if all(finding.ok for finding in found):  # also where nothing is new: the date is
                    runtime.store.remember_facts(target_name, facts_data(target.facts))
        except TargetError as error:
            checked.findings.append(_refusal("opens", error))
        runtime.progress.end(f"checking {target_name}")
    for name in names:
        checked = Checked(kind="job", name=name)
        results.append(checked)
        try:
            job = runtime.job(name)
            for kind, rules in job.kinds.items():
                rows = len(rules.mapping.rows) + rules.mapping.writes_members
                detail = f"matched by {', '.join(rules.mapping.match)}"
                checked.findings.append(Finding(ok=True, what=f"{rows} mapping rows for {kind}s", detail=detail))
                if kind == "user" and not any(row.path == "active" for row in rules.mapping.rows):
                    text = "no row writes active: nobody will ever be deactivated"
                    remedy = 'Add a row active ← Switch([IsSoftDeleted], , "False", "True", "True", "False").'
                    checked.findings.append(Finding(ok=True, what="warning", detail=text, remedy=remedy))
                checked.findings += _announced(kind, rules.mapping)
                checked.findings += [_clocked(kind, row) for row in rules.mapping.rows if _follows_clock(row)]
        except SyncdError as error:
            checked.findings.append(_refusal("compiles", error))
    return results


def _refusal(what: str, error: SyncdError) -> Finding:
    """An error's message ends with the next step."""
    said, _, remedy = str(error).rpartition(". ")
    return Finding(ok=False, what=what, detail=said or remedy, remedy=remedy if said else "")


def _announced(kind: Kind, mapping: ObjectMapping) -> Iterator[Finding]:
    """What the mapping and the target's own /Schemas disagree about."""
    for path in mapping.read_only:
        text = f"the target says that nobody writes {path} of {kind}s: its row is left out"
        yield Finding(ok=True, what="warning", detail=text, remedy="Take the row out of the mapping.")
    for path in mapping.unmapped:
        text = f"the target says that it requires {path} of {kind}s, and no row writes it"
        yield Finding(ok=True, what="warning", detail=text, remedy="Add a row, if creations are refused for it.")


def _follows_clock(row: AttributeMapping) -> bool:
    """Whether the row's value moves with the time. What is drawn at random stays the same for the same object."""
    text = row.spec.expression
    return text is not None and row.spec.apply == "always" and compile_expression(text).uses_clock


def _clocked(kind: Kind, row: AttributeMapping) -> Finding:
    return Finding(
        ok=True,
        what="warning",
        detail=f"{row.path} of {kind}s has another value at another time: an update of everybody who is looked at",
        remedy='Give the row apply = "on-create", or take Now() out of its expression.',
    )
