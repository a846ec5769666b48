"""Where a round starts: from a watermark that still serves, with what the System Log says since, or from nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.okta.client import OktaClient
from connectors.okta.system_log import News, SystemLog
from connectors.okta.watermark import Watermark, basis, parse_watermark


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The beginning of one round."""

    mark: Watermark | None = None  #: None: everything is read
    log: str  #: where the round after this one goes on in the System Log
    news: News = field(default_factory=News)


async def start(client: OktaClient, log: SystemLog, watermark: str | None) -> Start:
    """A round reads everything where it has no usable watermark, where its place in the log is lost (E0000053,
    E0000029), and where a schema or mapping changed. The log is asked before any list, so that what happens meanwhile
    is told in the next round."""
    mark = parse_watermark(watermark)
    if mark is None or mark.basis != basis(client.settings):
        return Start(log=await log.start())
    news = await log.news(mark.log)
    now = client.server_time()
    too_old = now is not None and not mark.serves(client.settings, now)
    if news.lost or too_old:
        return Start(log=await log.start())
    if news.remodelled:
        return Start(log=news.link)
    return Start(mark=mark, log=news.link or await log.start(), news=news)
