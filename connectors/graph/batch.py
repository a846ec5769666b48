"""Reads that go twenty in one request, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.graph.fault import printable
from connectors.graph.transport import AGAIN, WAIT, Round, retry_after
from syncd.core.model import Json

#: Requests in one batch, at most (Microsoft Graph documentation, "Combine multiple HTTP requests using JSON batching").
SIZE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The answer to one of the requests; a refusal is an answer too."""

    status: int
    body: Json


async def read_batch(calls: Round, links: Sequence[str]) -> list[Part]:
    """The answers to any number of paths below the root, in their order.

    Answers come in any order and are told apart by id. What was throttled (429) or failed in passing (5xx) is sent
    again alone, after the longest Retry-After among them. Raises Incomplete where that does not end, and for a batch
    whose answers are not those asked for; AccessDenied and Fault are of the batch as a whole.
    """
    answers: list[Part] = []
    for at in range(0, len(links), SIZE):
        answers += await _one(calls, links[at : at + SIZE])
    return answers


async def _one(calls: Round, links: Sequence[str]) -> list[Part]:
    done: dict[str, Part] = {}
    asking = {str(number): link for number, link in enumerate(links)}
    why = ""
    for attempt in range(calls.transport.limits.attempts):
        requests = [{"id": key, "method": "GET", "url": link} for key, link in asking.items()]
        waits: list[float] = []
        for key, part, wait_s in _read(calls, await calls.post("/$batch", {"requests": requests}), asking):
            if part.status in WAIT | AGAIN:
                why = f"{part.status} for {len(waits) + 1} of {len(links)} requests in a batch"
                waits.append(-1.0 if wait_s is None else wait_s)
            else:
                done[key] = part
                del asking[key]
        if not asking:
            return [done[str(number)] for number in range(len(links))]
        if attempt + 1 < calls.transport.limits.attempts:
            asked = max(waits)
            await calls.pause(attempt, None if asked < 0 else asked, why)
    raise calls.incomplete(f"{why}; gave up after {calls.transport.limits.attempts} attempts")


def _read(calls: Round, body: Json, asking: dict[str, str]) -> list[tuple[str, Part, float | None]]:
    """Key, answer and wanted wait of each part; every one that was asked for, once."""
    found: dict[str, tuple[str, Part, float | None]] = {}
    try:
        for one in body["responses"]:
            headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
            part = Part(status=int(one["status"]), body=one.get("body"))
            found[str(one["id"])] = str(one["id"]), part, retry_after(headers, calls.transport.now())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise calls.incomplete("an answer that is no batch") from error
    if found.keys() != asking.keys():
        other = ", ".join(sorted(found.keys() ^ asking.keys()))
        raise calls.incomplete(f"a batch whose answers are not those asked for: {printable(other, 80)}")
    return list(found.values())
