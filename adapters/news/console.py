"""Where no gateway is: a log line for each message, without personal data, and so without text or address."""

import logging

from ports.news import NewsCarrier, NewsMessage

log = logging.getLogger("lockstep.news")


class ConsoleNews(NewsCarrier):
    async def carry(self, message: NewsMessage) -> None:
        log.info("news %s for %s", message.id, message.audience)
