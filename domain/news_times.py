"""When news leaves: customers sleep at night, and what comes to one of the staff within one window leaves together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import InvalidCalendar
from domain.news import Audience

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class NewsTimes:
    """Quiet hours are local to `zone` and may span midnight; where both ends are the same hour there are none.

    `digest`: how long a window is, counted from midnight UTC; nothing where all leaves at once.
    """

    quiet_from: time = time(22)
    quiet_until: time = time(8)
    zone: str = "Asia/Shanghai"
    digest: timedelta = timedelta(minutes=10)

    def __post_init__(self) -> None:
        """Raises InvalidCalendar."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidCalendar(f"there is no time zone {self.zone!r}: write one such as Asia/Shanghai") from None
        if self.digest < timedelta():
            raise InvalidCalendar("a digest's window cannot be shorter than nothing")

    def is_quiet(self, now: datetime) -> bool:
        here = now.astimezone(ZoneInfo(self.zone)).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= here < self.quiet_until
        return here >= self.quiet_from or here < self.quiet_until

    def leaves(self, audience: Audience, now: datetime) -> datetime | None:
        """What was written by then may leave now; None where nothing may."""
        if audience is Audience.CUSTOMER:
            return None if self.is_quiet(now) else now
        return now - (now - _BEGINNING) % self.digest if self.digest else now
