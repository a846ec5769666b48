"""Objects that are asked for by their ids, as many as go into one request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence

from connectors.graph.batch import read_batch
from connectors.graph.fault import Fault
from connectors.graph.pager import is_id
from connectors.graph.transport import Round
from connectors.graph.watermark import select_text
from syncd.core.model import Json, Kind

#: Ids in one getByIds (Microsoft Graph documentation, "directoryObject: getByIds").
IDS = 1_000


async def by_ids(
    calls: Round, kind: Kind, select: Collection[str], ids: Sequence[str]
) -> AsyncGenerator[list[dict[str, Json]], None]:
    """Those of the objects that exist, a request's worth at a time. Whoever is missing is deleted, or unknown.

    A service that takes no $select here is asked for ids, then for each object. Raises Fault and SourceError.
    """
    names = select_text(select)
    for at in range(0, len(ids), IDS):
        wanted = {"ids": list(ids[at : at + IDS]), "types": [kind]}
        try:
            yield _items(calls, await calls.post(f"/directoryObjects/getByIds?$select={names}", wanted))
        except Fault as error:
            if error.status != 400:
                raise
            living = [item["id"] for item in _items(calls, await calls.post("/directoryObjects/getByIds", wanted))]
            answers = await read_batch(calls, [f"/{kind}s/{id_}?$select={names}" for id_ in living])
            if any(answer.status not in (200, 404) for answer in answers):
                raise calls.incomplete(f"a {kind} that exists could not be read") from error
            yield _items(calls, {"value": [answer.body for answer in answers if answer.status == 200]})


def _items(calls: Round, body: Json) -> list[dict[str, Json]]:
    items = body.get("value") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(i, dict) and isinstance(i.get("id"), str) for i in items):
        raise calls.incomplete("an answer without its list of objects")
    if not all(is_id(item["id"]) for item in items):
        raise calls.incomplete("an answer with an object whose id is none of Graph's")
    return items
