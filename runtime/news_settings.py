"""How people are told: by whom it is carried, and when it may leave."""

from datetime import time, timedelta
from typing import Self

from pydantic import BaseModel, HttpUrl, SecretStr, model_validator

from domain.errors import InvalidCalendar
from domain.news_times import NewsTimes

USUAL = NewsTimes()


class NewsSettings(BaseModel):
    """Without a `gateway_url` each message is a log line. Quiet hours are for customers, `digest` for the staff."""

    gateway_url: HttpUrl | None = None
    token: SecretStr = SecretStr("")
    quiet_from: time = USUAL.quiet_from
    quiet_until: time = USUAL.quiet_until
    zone: str = USUAL.zone
    digest: timedelta = USUAL.digest

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            self.times(1)
        except InvalidCalendar as invalid:
            raise ValueError(str(invalid)) from invalid
        return self

    def times(self, scale: float) -> NewsTimes:
        """The window is divided by `scale`, as limits are; the hours of the night are those of the clock."""
        return NewsTimes(self.quiet_from, self.quiet_until, self.zone, self.digest / scale)
