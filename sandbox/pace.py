"""How fast the pretend world's time runs, and what its clock shows."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


class Pace:
    """Pauses are given in the world's seconds and last `scale` times shorter. The clock itself is the real one."""

    def __init__(self, scale: float = 1.0) -> None:
        if scale <= 0:
            raise ValueError(f"the time scale must be above 0, not {scale}")
        self.scale = scale

    def real(self, seconds: float) -> float:
        return seconds / self.scale

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(self.real(seconds))


def now() -> datetime:
    return datetime.now(UTC)


def shown(moment: datetime | None) -> str | None:
    """As ledgers show it: ISO 8601, UTC, milliseconds."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def wechat_time(moment: datetime) -> str:
    """WeChat Pay's wire: RFC 3339 in Chinese time, whole seconds."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


def alipay_time(moment: datetime) -> str:
    """Alipay's wire: a naive string in Chinese time, whole seconds."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
