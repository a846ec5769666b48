"""The whole page: style and script stand in it, and a policy that lets nothing else in and nothing out."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from state.store import Store
from syncd import __version__
from syncd.report.amount import amount
from syncd.report.html.attention import attention, drift, next_command
from syncd.report.html.changes import changes, groups
from syncd.report.html.chart import FAMILY, by_action, last_cycles, legend
from syncd.report.html.element import Element, el
from syncd.report.names import Names
from syncd.report.result import COUNTED, JobResult

CYCLES = 24
_FIRST_HELD = ("held", "failed", *(word for word in COUNTED if word not in ("held", "failed")))
_LABELS: Mapping[str, str] = {"skip": "already right", "add_members": "members in", "remove_members": "members out"}


def html_report(results: Sequence[JobResult], store: Store) -> Iterator[str]:
    """The document, piece by piece: it may be long. Values that are redacted stay so."""
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    dry = any(result.dry for result in results)
    title = f"syncd: {'dry run' if dry else 'sync'} of {', '.join(result.job for result in results)}"
    yield '<!DOCTYPE html>\n<html lang="en">\n'
    yield el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", Element(style)),
    )
    yield "\n<body>\n"
    if len(results) > 1:
        links = [el("a", result.job, href=f"#job-{number}") for number, result in enumerate(results)]
        yield el("nav", links, aria_label="Jobs")
    for number, result in enumerate(results):
        yield _job(result, store, number)
        yield "\n"
    yield el(
        "footer", f"syncd {__version__}. This page loads nothing and sends nothing; it names people: mind who gets it."
    )
    yield el("script", Element(script))
    yield "\n</body>\n</html>\n"


def _job(result: JobResult, store: Store, number: int) -> Element:
    rows = list(result.rows(store))
    names = Names(result, store)
    going = [row for row in rows if row.status in ("planned", "done", "skipped")]
    left = [row for row in rows if row.status in ("held", "failed")]
    nothing = el("p", "Nothing to do: the target is as wished.", class_="quiet")
    return el(
        "main",
        _head(result),
        el("div", [_tile(word, result.counts[word]) for word in _FIRST_HELD], class_="tiles"),
        attention(result, rows),
        next_command(result),
        _charts(result, store),
        changes([*left, *going], names) or (nothing if result.error is None else None),
        groups([row for row in rows if row.status in ("planned", "done")], names),
        drift(result, names),
        id=f"job-{number}",
    )


def _head(result: JobResult) -> Element:
    read = result.read
    facts = {
        "Cycle": f"{result.cycle}, {result.seconds:.1f} s, {result.started:%Y-%m-%d %H:%M} UTC",
        "Read": ", ".join(amount(read[f"{word}s"], word) for word in ("user", "group", "assignment"))
        + f" in {amount(read['requests'], 'request')}",
        **({"Seats": result.seats} if result.seats else {}),
        **({"Checksum": result.checksum} if result.checksum else {}),
    }
    what = "dry run" if result.dry else "sync"
    return el(
        "header",
        el("h1", result.job, " ", el("span", what, class_=f"pill {'dry' if result.dry else 'wet'}")),
        el("p", f"{result.source} → {result.target}", class_="route"),
        el("dl", [el("div", el("dt", term), el("dd", said)) for term, said in facts.items()], class_="facts"),
    )


def _tile(word: str, count: int) -> Element:
    label = _LABELS.get(word, word.replace("_", " "))
    family = FAMILY.get(word, "right")
    return el("div", el("b", f"{count:,}"), el("span", label), class_=f"tile {family if count else 'none'}")


def _charts(result: JobResult, store: Store) -> Element | None:
    cycles = store.log.cycles(result.job, count=CYCLES)
    now, before = by_action(result.counts), last_cycles(cycles)
    figures = [
        el("figure", el("figcaption", "Changes by kind"), now) if now else None,
        el("figure", el("figcaption", "Last cycles that changed something"), before, legend(cycles))
        if before
        else None,
    ]
    return el("div", figures, class_="figures") if any(figures) else None


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
