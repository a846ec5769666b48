"""Is a user deleted, or only missing from a list? Okta's lists are served from an index that lags behind.

A deletion counts when the user is absent from a complete walk *and* Okta says E0000007 for its id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

from connectors.okta.client import OktaClient
from connectors.okta.failure import Failure
from connectors.okta.oddities import Odd, Oddities
from connectors.okta.users import source_user, user
from syncd.core.model import Removal, SourceUser

#: Looked up in one round; others that are missing stay as they are until a later one takes them.
PROOFS = 200


async def prove(client: OktaClient, oddities: Oddities, missing: Iterable[str]) -> list[SourceUser | Removal]:
    """What became of users that a complete walk did not show: as they are now, or a Removal for those that are gone.

    Raises Failure where Okta refuses or does not answer.
    """
    ids = sorted(missing)
    if len(ids) > PROOFS:
        ids = random.SystemRandom().sample(ids, PROOFS)
    found: list[SourceUser | Removal] = []
    width = client.settings.concurrency
    for at in range(0, len(ids), width):
        part = await asyncio.gather(*(_one(client, oddities, id_) for id_ in ids[at : at + width]))
        found += [one for one in part if one is not None]
    return found


async def _one(client: OktaClient, oddities: Oddities, id_: str) -> SourceUser | Removal | None:
    try:
        return source_user(await user(client, id_), deactivate_suspended=client.settings.deactivate_suspended)
    except Failure as failure:
        if not failure.gone:
            raise
        return Removal(kind="user", id=id_, state="gone")
    except Odd as odd:
        oddities.note("user", id_, str(odd))
        return None
