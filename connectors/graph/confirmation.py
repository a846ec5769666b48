"""A second opinion on assignments that the listing left out, or shows again, before anybody loses or gets access for it.

A listing of appRoleAssignedTo was seen to lack rows that were there. The principal's own appRoleAssignments is another
way to the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from connectors.errors import AccessDenied
from connectors.graph.batch import read_batch
from connectors.graph.fault import Fault
from connectors.graph.transport import Round
from syncd.core.model import Assignment, Json

#: Principals that are asked one by one in a round; for more, the whole listing is read again, which costs less.
MOST = 200

#: The rows of one principal come on one page of so many; a full one may go on.
_TOP = 999


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What the principals' own lists say of rows that are in doubt."""

    still: frozenset[str] = frozenset()  #: ids of those that are there all the same
    others: tuple[dict[str, Json], ...] = ()  #: rows of the same principals that neither the listing nor we had


async def confirm(
    calls: Round, application_id: str, doubted: Sequence[Assignment], seen: Collection[str]
) -> Confirmation | None:
    """Asks each principal of the rows in doubt for its own; `seen`: the ids that the listing had.

    A principal that does not exist (404) has no rows. None where this way is closed: too many principals, a permission
    that lacks (the documentation asks for Directory.Read.All), or an answer that is neither rows nor 404. Raises
    Incomplete. Source: Microsoft Graph documentation, "List appRoleAssignments granted to a user".
    """
    principals = {row.principal_id: row.principal_kind for row in doubted}
    if len(principals) > MOST:
        return None
    condition = quote(f"resourceId eq {application_id}", safe="")
    links = [
        f"/{kind}s/{quote(id_, safe='')}/appRoleAssignments?$filter={condition}&$top={_TOP}"
        for id_, kind in principals.items()
    ]
    try:
        parts = await read_batch(calls, links)
    except (AccessDenied, Fault):
        return None
    if any(part.status not in (200, 404) for part in parts):
        return None
    asked = {row.id for row in doubted}
    still: set[str] = set()
    others: dict[str, dict[str, Json]] = {}
    for part in parts:
        if part.status == 404:
            continue
        rows = part.body.get("value") if isinstance(part.body, dict) else None
        if not isinstance(rows, list):
            raise calls.incomplete("an answer without its list of assignments")
        if len(rows) >= _TOP or "@odata.nextLink" in part.body:
            return None
        for row in _of(calls, rows, application_id):
            if row["id"] in asked:
                still.add(row["id"])
            elif row["id"] not in seen:
                others[row["id"]] = row
    return Confirmation(still=frozenset(still), others=tuple(others.values()))


def _of(calls: Round, rows: list[Json], application_id: str) -> Iterator[dict[str, Json]]:
    """Those of one application: a filter that a service does not know may go unheeded."""
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
            raise calls.incomplete("an assignment that has no id")
        if str(row.get("resourceId") or "").casefold() == application_id.casefold():
            yield row
