"""Where the next delta round of a stream starts, as text that the state DB keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from connectors.graph.settings import GraphSettings
from connectors.graph.transport import is_address, same_origin

#: Graph keeps a delta token of directory objects for seven days (documentation, "Use delta query"); one day is spare.
LIFETIME = timedelta(days=6)


@dataclass(frozen=True, kw_only=True, slots=True)
class Watermark:
    """A deltaLink, byte for byte, with what it was asked for and when."""

    link: str
    select: str  #: the property names in order, by comma: a link keeps those of its first request
    tenant: str
    at: datetime  #: aware; when Graph gave the link

    @property
    def text(self) -> str:
        return orjson.dumps(
            {"deltaLink": self.link, "select": self.select, "tenant": self.tenant, "at": self.at.isoformat()}
        ).decode()

    def serves(self, settings: GraphSettings, select: str, now: datetime) -> bool:
        """Whether a round may start here: same tenant, host and properties, and young enough."""
        return (
            self.select == select
            and self.tenant == settings.tenant_id
            and is_address(self.link)
            and same_origin(self.link, settings.root)
            and timedelta(0) <= now - self.at + timedelta(hours=1)
            and now - self.at < LIFETIME
        )


def parse_watermark(text: str | None) -> Watermark | None:
    """None for no text and for text that is no watermark: the round then reads everything."""
    try:
        data = orjson.loads(text or "")
        found = Watermark(
            link=data["deltaLink"],
            select=data["select"],
            tenant=data["tenant"],
            at=datetime.fromisoformat(data["at"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    texts = (found.link, found.select, found.tenant)
    return found if found.at.tzinfo is not None and all(isinstance(t, str) for t in texts) else None


def select_text(names: Iterable[str]) -> str:
    """The $select of a stream: always the same text for the same names."""
    return ",".join(sorted(names))
