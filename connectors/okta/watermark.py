"""Where the next round of a stream starts, as JSON text that the state DB keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from connectors.okta.settings import OktaSettings

#: A round starts this much before the server's time at which the one before it began: filters are answered from an
#: index that lags behind, usually by less than a second, without a promise (Okta API documentation, "List all users").
OVERLAP = timedelta(minutes=5)

#: A group's own record may show a change before its list of members does: what is older than this, both show.
SHOWN_WITHIN = timedelta(minutes=1)

#: Okta keeps its System Log for 90 days; a watermark older than this has lost events, and the round reads everything.
LIFETIME = timedelta(days=80)

#: More ids than this to look at again, or to remember, and the next round reads everything.
MOST_AGAIN = 2_000
MOST_STAMPS = 20_000

_VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Watermark:
    """What one round leaves for the next."""

    basis: str  #: digest of the settings that decide what a round reads: others, and everything is read anew
    began: datetime  #: Okta's time (its Date header) of the round's first page
    log: str = ""  #: path and query of the next poll of the System Log; "": there is none
    again: frozenset[str] = frozenset()  #: ids that this round could not tell, or that will change without a trace
    builtin: frozenset[str] = frozenset()  #: groups whose members change without a trace in their own times
    stamps: Mapping[str, str] = field(default_factory=dict)  #: group id → `stamp` under which its members were read

    @property
    def since(self) -> str:
        """From when on changes are asked for, as Okta writes times."""
        return okta_time(self.began - OVERLAP)

    @property
    def text(self) -> str | None:
        """None where there is too much to remember: the next round reads everything."""
        if len(self.again) > MOST_AGAIN or len(self.stamps) > MOST_STAMPS:
            return None
        return orjson.dumps(
            {
                "version": _VERSION,
                "basis": self.basis,
                "began": self.began.isoformat(),
                "log": self.log,
                "again": sorted(self.again),
                "builtin": sorted(self.builtin),
                "stamps": dict(sorted(self.stamps.items())),
            }
        ).decode()

    def serves(self, settings: OktaSettings, now: datetime) -> bool:
        """Whether a round may start here: the same settings, and young enough. `now`: Okta's time."""
        return (
            self.basis == basis(settings) and timedelta(0) <= now - self.began + OVERLAP and now - self.began < LIFETIME
        )


def parse_watermark(text: str | None) -> Watermark | None:
    """None for no text and for text that is no watermark of this version: the round then reads everything."""
    try:
        data = orjson.loads(text or "")
        if data["version"] != _VERSION:
            return None
        found = Watermark(
            basis=data["basis"],
            began=datetime.fromisoformat(data["began"]),
            log=data["log"],
            again=frozenset(data["again"]),
            builtin=frozenset(data["builtin"]),
            stamps=dict(data["stamps"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    texts = [found.basis, found.log, *found.again, *found.builtin, *found.stamps, *found.stamps.values()]
    return found if found.began.tzinfo is not None and all(isinstance(one, str) for one in texts) else None


def basis(settings: OktaSettings) -> str:
    """A digest of what decides which objects a round reads, and how it reads them."""
    facts = (
        settings.origin,
        settings.app_id,
        settings.scope,
        settings.assigned_groups_only,
        settings.selection_key,
        settings.deactivate_suspended,
    )
    return hashlib.sha256(orjson.dumps(facts)).hexdigest()[:16]


def okta_time(at: datetime) -> str:
    """2026-03-02T11:15:00.000Z"""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
