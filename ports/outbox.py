"""What is still to be told to the outside, as its one sender sees it.

Repeating a call changes nothing. While one sender is taken for dead and another one works, both may call.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.reference import ShopId
from ports.channels import ShopLevel


@dataclass(frozen=True)
class SenderTurn:
    """How long the sender works until it begins anew and tells everything."""

    lasts: timedelta


class Outbox(Protocol):
    async def begin(self, shops: Collection[ShopId]) -> None:
        """Everything these shops sell counts as untold, and nothing is owed to any other shop."""

    async def take(self, shops: Collection[ShopId]) -> tuple[ShopId, ...]:
        """What has changed since the last call becomes untold; the shops that have untold levels are the answer."""

    async def untold(self, shop: ShopId) -> tuple[ShopLevel, ...]:
        """One message's worth of untold levels as they are now, those that wait longest first."""

    async def told(self, shop: ShopId, levels: tuple[ShopLevel, ...]) -> None:
        """The shop took these levels. Those that changed meanwhile stay untold. A case about the shop settles."""

    async def not_told(self, shop: ShopId, why: str) -> None:
        """The shop took nothing. Once it has waited too long, one case says so."""

    async def forget_sent(self) -> None:
        """Changes that were taken long ago are deleted, some at a time."""
