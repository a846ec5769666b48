"""Lists: from rows in key order to one page with its links, with every paging option of the organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import bad_criteria, invalid
from connectors.sandbox.okta.exchange import Reply, Request, array
from connectors.sandbox.okta.page import Cursor, decoded, encoded, fingerprint, limit_of, links
from connectors.sandbox.okta.query import Language, parse
from syncd.core.model import Json

Row = TypeVar("Row")
#: Rows behind a key, each with its own key, in rising order of keys (or falling: the keys decide).
Rows = Callable[[str], Iterable[tuple[str, Row]]]


def listed(
    directory: OktaDirectory,
    request: Request,
    rows: Rows[Row],
    render: Callable[[Row], bytes],
    *,
    default: int,
    maximum: int,
    minimum: int = 1,
) -> Reply:
    """The page that the request asks for."""
    options = directory.options
    limit = limit_of(request.params, default=default, maximum=maximum, minimum=minimum, options=options)
    mark = fingerprint(request.path, request.params, directory.cursor_generation)
    now = directory.clock.time()
    given = request.params.get("after")
    at = Cursor()
    if given:
        at = decoded(given, mark, now=now, options=options)
    behind: Iterable[tuple[str, Row]] = islice(rows(""), at.position, None) if options.shifting_pages else rows(at.key)
    found = list(islice(behind, limit + 1))
    more, found = len(found) > limit, found[:limit]
    if options.empty_pages and at.page % 2 == 0:
        more, found = bool(found), []
    after = None
    if more:
        following = Cursor(
            key=found[-1][0] if found else at.key,
            position=at.position + len(found),
            page=at.page + 1,
            issued=now,
        )
        after = encoded(following, mark, standard_base64=options.link_form == "base64-cursor")
    return array([render(row) for _, row in found], links(request, limit, after, options))


def chosen(request: Request, *, search: Language, filter_: Language) -> Callable[[Callable[[str], Json]], bool] | None:
    """The predicate of `search` or `filter`; None where the request has neither. OktaError E0000031."""
    if "search" in request.params and "filter" in request.params:
        raise invalid("search", "cannot be combined with filter")
    if "search" in request.params:
        return parse(request.params["search"], search)
    return parse(request.params["filter"], filter_) if "filter" in request.params else None


def in_order(
    rows: Iterable[Row], request: Request, read: Callable[[Row, str], Json], key: Callable[[Row], str], known: Language
) -> Rows[Row]:
    """Rows as `sortBy` and `sortOrder` want them. OktaError E0000031: an attribute that cannot be sorted by."""
    by = request.params["sortBy"]
    if not known.knows(by):
        raise bad_criteria(f"Cannot sort by {by}.")
    falling = request.params.get("sortOrder", "asc").lower() == "desc"
    keyed: Sequence[tuple[str, Row]] = sorted(
        ((f"{str(read(row, by) or '').lower()}\x00{key(row)}", row) for row in rows),
        key=lambda pair: pair[0],
        reverse=falling,
    )

    def behind(after: str) -> Iterator[tuple[str, Row]]:
        return (pair for pair in keyed if not after or (pair[0] < after if falling else pair[0] > after))

    return behind
