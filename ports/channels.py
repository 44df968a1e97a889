"""A channel that sells our goods: what we tell it. Wire format of the own shop: docs/shop-api.md."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ShopLevel:
    """`available` units of a platform sku. Of two levels the one with the greater `version` is the newer one."""

    platform_sku: str
    available: int
    version: int


class Channel(Protocol):
    """One shop at its channel. Raises Unavailable when the effect is not known, AnswerNotUnderstood else."""

    async def push_levels(self, levels: tuple[ShopLevel, ...]) -> None:
        """Tell what can be sold. May be repeated, and may come late: the shop keeps the newest level of each sku."""
