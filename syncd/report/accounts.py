"""The accounts of a target as `syncd discover` prints them, each as soon as it is known."""

from __future__ import annotations

import csv
import sys
from collections.abc import AsyncIterator, Container
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.text import Text

from syncd import __version__
from syncd.core.errors import SyncdError
from syncd.discover import STANDINGS, Account, Discovery
from syncd.report.json import failure
from syncd.report.steps import say

_STYLES = {"linked": "green", "matched": "yellow", "local": "dim"}


async def print_accounts(
    console: Console, accounts: AsyncIterator[Account], discovery: Discovery, output: str, only: Container[str]
) -> SyncdError | None:
    """Text, one JSON object with all of them, or CSV. Gives the error where the list broke off.

    In text and JSON the counts come last, when they are known; with CSV they go to standard error.
    """
    printer = {"json": _json, "csv": _csv}.get(output)
    shown = (account async for account in accounts if account.standing in only)
    if printer is not None:
        return await printer(shown, discovery)
    return await _text(console, shown, discovery)


async def _text(console: Console, accounts: AsyncIterator[Account], discovery: Discovery) -> SyncdError | None:
    try:
        async for account in accounts:
            line = Text()
            line.append(f"{account.standing:<8}", style=_STYLES[account.standing])
            line.append(f"{account.name}  {account.target_id}" + ("  inactive" if account.active is False else ""))
            if account.standing == "linked":
                line.append(f"  {account.job}: {account.source_id}", style="dim")
            elif account.standing == "matched":
                line.append(f"  {account.job}: {account.source_name} by {account.by}; {account.why}", style="dim")
            say(console, line)
    except SyncdError as error:
        return error
    for sentence in _counted(discovery):
        say(console, Text(sentence, style="bold"))
    return None


async def _json(accounts: AsyncIterator[Account], discovery: Discovery) -> SyncdError | None:
    out = sys.stdout.write
    out(f'{{"syncd": "{__version__}", "target": {orjson.dumps(discovery.target).decode()}, "accounts": [')
    broken: SyncdError | None = None
    first = True
    try:
        async for account in accounts:
            out(("\n" if first else ",\n") + orjson.dumps(asdict(account)).decode())
            first = False
    except SyncdError as error:
        broken = error
    tail = {"counts": discovery.data, "never_read": discovery.unread, "exit_code": 0}
    if broken is not None:
        tail |= {**failure(1, str(broken), type(broken).__name__, "syncd check"), "counts": None}
    out("\n], " + orjson.dumps({key: value for key, value in tail.items() if key != "syncd"}).decode()[1:] + "\n")
    return broken


async def _csv(accounts: AsyncIterator[Account], discovery: Discovery) -> SyncdError | None:
    writer = csv.writer(sys.stdout)
    writer.writerow(Account.__slots__)
    try:
        async for account in accounts:
            writer.writerow([_cell(value) for value in asdict(account).values()])
    except SyncdError as error:
        return error
    for sentence in _counted(discovery):
        sys.stderr.write(f"syncd: {sentence}\n")
    return None


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: names come from people."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _counted(discovery: Discovery) -> list[str]:
    counts = ", ".join(f"{discovery.counts[standing]:,} {standing}" for standing in STANDINGS)
    said = [f"{discovery.counts.total():,} accounts at {discovery.target}: {counts}"]
    if discovery.gone:
        said.append(f"{discovery.gone:,} linked accounts are not in its list; the next full cycle matches them anew")
    said += [
        f"source {name} was never read, so nothing of it matches. To read it: syncd --dry-run"
        for name in discovery.unread
    ]
    return said
