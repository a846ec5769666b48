"""`/api/v1/logs`: the System Log, polled or for a bounded time.

Source: Okta API documentation, "System Log": an ascending query without `until` is a polling request, whose answer
always has a next link; `since` may be at most 180 days back; `published` cannot be used in `filter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice

import orjson

from connectors.sandbox.okta.directory import OktaDirectory
from connectors.sandbox.okta.errors import OktaError, bad_cursor, invalid
from connectors.sandbox.okta.exchange import Reply, Request, array
from connectors.sandbox.okta.page import Cursor, encoded, fingerprint, limit_of, links, opened
from connectors.sandbox.okta.query import LOG_FILTER, parse
from connectors.sandbox.okta.systemlog import RETENTION, LogEvent
from connectors.sandbox.okta.timestamp import parse as parse_time
from connectors.sandbox.okta.timestamp import precise

_DEFAULT_WINDOW = timedelta(days=7)
_OLDEST = timedelta(days=180)


def list_log_events(directory: OktaDirectory, request: Request) -> Reply:
    """A page of events."""
    params, options, clock = request.params, directory.options, directory.clock
    limit = limit_of(params, default=100, maximum=1000, options=options)
    order = params.get("sortOrder", "ASCENDING")
    if order not in {"ASCENDING", "DESCENDING"}:
        raise invalid("sortOrder", "must be ASCENDING or DESCENDING")
    until, since = _time(params.get("until"), "until"), _time(params.get("since"), "since")
    polling = order == "ASCENDING" and until is None
    if since and clock.now() - since > _OLDEST:
        raise OktaError(code="E0000053", summary="Invalid date: since must be within the last 180 days.")
    mark = fingerprint(request.path, params, directory.cursor_generation)
    at = _position(directory, params.get("after"), mark)
    if since is None and "after" not in params:
        since = (until or clock.now()) - _DEFAULT_WINDOW
    fits = _matcher(request, since, until)
    if polling:
        # The newest event of the page before is given once more, as live organisations sometimes do.
        start = int(at.key or 0) - (1 if options.log_duplicates and at.key else 0)
        scanned: Iterable[LogEvent] = directory.log.after(max(0, start))
    elif order == "ASCENDING":
        scanned = [e for e in directory.log.after(int(at.key or 0)) if e.stored <= clock.time() - options.log_late_s]
    else:
        below = int(at.key) if at.key else directory.log.last + 1
        scanned = reversed([event for event in directory.log.after(0) if event.number < below])
    found = list(islice((event for event in scanned if fits(event)), limit + 1))
    more, found = len(found) > limit, found[:limit]
    after = None
    if more or polling:
        key = str(found[-1].number) if found else at.key
        if polling and not more:
            key = str(directory.log.last)
        following = Cursor(key=key, page=at.page + 1, issued=clock.time())
        after = encoded(following, mark, standard_base64=options.link_form == "base64-cursor")
    return array([event.packed for event in found], links(request, limit, after, options))


def _position(directory: OktaDirectory, after: str | None, mark: int) -> Cursor:
    if not after:
        return Cursor()
    cursor, made_for = opened(after)
    # A stored link of a poll stays good as long as the events behind it are kept.
    too_old = directory.clock.time() - cursor.issued > RETENTION.total_seconds()
    if made_for != mark or too_old:
        raise bad_cursor()
    return cursor


def _time(text: str | None, name: str) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        raise invalid(name, "must be a time in ISO 8601") from None


def _matcher(request: Request, since: datetime | None, until: datetime | None) -> Callable[[LogEvent], bool]:
    text = request.params.get("filter")
    predicate = parse(text, LOG_FILTER) if text else None
    words = request.params.get("q", "").lower().split()
    first, last = precise(since) if since else "", precise(until) if until else "~"

    def fits(event: LogEvent) -> bool:
        if not first <= event.published < last:
            return False
        if words and not all(word.encode() in event.packed.lower() for word in words):
            return False
        return predicate is None or predicate(lambda path: _read(event, path))

    return fits


def _read(event: LogEvent, path: str) -> object:
    if path == "eventType":
        return event.event_type
    if path == "target.id":
        return event.target_ids
    value = orjson.loads(event.packed)
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
