"""News on its way to people, as its one sender sees it.

Repeating a call changes nothing. While one sender is taken for dead and another one works, both may call.
"""

from dataclasses import dataclass, field
from typing import Protocol

from domain.news import Audience


@dataclass(frozen=True)
class NewsMessage:
    """`id` and `text` are the same whenever it is sent again. `to`: a person of the staff by his id, or a phone."""

    id: str
    audience: Audience
    to: str = field(repr=False)
    text: str


class NewsCarrier(Protocol):
    async def carry(self, message: NewsMessage) -> None:
        """Whoever carries it knows the id again and delivers it once. Raises PortError: it may have been delivered."""


class NewsOutbox(Protocol):
    async def take(self) -> tuple[NewsMessage, ...]:
        """Some of what may leave now and has not been sent. What failed often comes last."""

    async def sent(self, message_id: str) -> None: ...

    async def not_sent(self, message_id: str, why: str) -> None: ...
