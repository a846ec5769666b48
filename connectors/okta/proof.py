"""What became of users whom a list did not show, or of whom the System Log speaks: asked for one by one.

Okta's lists are served from an index that lags behind. A deletion counts when the user is absent from a complete walk,
or the log tells it, *and* Okta says E0000007 for its id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, Oddities
from connectors.okta.users import changing, source_user, user
from syncd.core.model import Json, Removal, SourceUser

#: Looked up in one round; others that are missing stay as they are until a later one takes them.
PROOFS = 200

_PASSED_OVER = object()


@dataclass(kw_only=True, slots=True)
class Proven:
    """What is known now of users that were asked for by id."""

    users: list[SourceUser] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    again: set[str] = field(default_factory=set)  #: could not be told, or will change without a trace


def some(missing: Iterable[str], *, most: int = PROOFS) -> list[str]:
    """All of these ids, or `most` of them drawn by chance, so that each has its turn in some round."""
    ids = sorted(missing)
    return ids if len(ids) <= most else sorted(random.SystemRandom().sample(ids, most))


async def prove(client: OktaClient, oddities: Oddities, ids: Sequence[str], *, hearsay: Collection[str] = ()) -> Proven:
    """Ask for each of these users. Raises Failure where Okta refuses or does not answer.

    `hearsay`: those that only the log speaks of. It tells of users, too, whom an administrator of some groups may not
    see; a refusal (403) of one of them is passed over.
    """
    proven = Proven()
    width = client.settings.concurrency
    for at in range(0, len(ids), width):
        part = ids[at : at + width]
        records = await asyncio.gather(*(_one(client, id_, passed_over=id_ in hearsay) for id_ in part))
        for id_, record in zip(part, records, strict=True):
            if record is _PASSED_OVER:
                continue
            if record is None:
                proven.removals.append(Removal(kind="user", id=id_, state="gone"))
                continue
            try:
                proven.users.append(source_user(record, deactivate_suspended=client.settings.deactivate_suspended))
            except Odd as odd:
                oddities.note("user", id_, str(odd))
                proven.again.add(id_)
            else:
                proven.again |= {id_} if changing(record) else set()
    return proven


async def _one(client: OktaClient, id_: str, *, passed_over: bool) -> Json:
    try:
        return await user(client, id_)
    except Failure as failure:
        if passed_over and failure.status == 403:
            return _PASSED_OVER
        if not failure.gone:
            raise
        return None
