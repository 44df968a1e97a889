"""How an order is named: to us, to the payment provider, to the warehouse.

The parts are kept apart by `/`, `_` and `.`, so no part may contain one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.errors import InvalidReference

CHANNELS = ("shop", "taobao", "jd", "pdd", "douyin", "bazaar")
OWN_SHOP = "shop"
BAZAAR = "bazaar"  # the pretend marketplace of the sandbox
OUT_TRADE_NO_LIMIT = 32  # characters; WeChat Pay's limit is the smallest among the providers
MOST_PARTS = 99  # of one payment plan: two digits of the number
_PART = re.compile(r"[A-Za-z0-9-]{1,24}")
_WAREHOUSE_REFERENCE = re.compile(r"([^./]+)\.([^./]+)\.([^./]+)(?:\.([2-9]|[1-9][0-9]{1,3}))?")
_OUT_TRADE_NO = re.compile(r"([A-Za-z0-9-]+)_([A-Za-z0-9-]+?)(?:_([1-9][0-9]?))?")


@dataclass(frozen=True)
class ShopId:
    """`shop/tea`: the channel, and the shop's name there."""

    channel: str
    shop_id: str

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise InvalidReference(f"channel {self.channel!r} is not one of {', '.join(CHANNELS)}")
        _must_be_part(self.shop_id)

    def __str__(self) -> str:
        return f"{self.channel}/{self.shop_id}"


@dataclass(frozen=True)
class OrderId:
    """`shop/tea/1001`: the channel, the shop and the number the shop gave the order."""

    channel: str
    shop_id: str
    order_no: str

    def __post_init__(self) -> None:
        ShopId(self.channel, self.shop_id)
        _must_be_part(self.order_no)
        if len(self.shop_id) + len(self.order_no) + 4 > OUT_TRADE_NO_LIMIT:
            raise InvalidReference(f"shop id and order number together exceed {OUT_TRADE_NO_LIMIT - 4} characters")

    def __str__(self) -> str:
        return f"{self.channel}/{self.shop_id}/{self.order_no}"

    @classmethod
    def parse(cls, text: str) -> OrderId:
        parts = text.split("/")
        if len(parts) != 3:  # noqa: PLR2004 - channel, shop, number
            raise InvalidReference(f"{text!r} is no order id: write channel/shop/number, such as shop/tea/1001")
        return cls(*parts)

    def warehouse_reference(self, number: int = 1) -> str:
        """Our name of an outbound order: `shop.tea.1001`, then `shop.tea.1001.2` for what follows of a split order."""
        return f"{self.channel}.{self.shop_id}.{self.order_no}" + (f".{number}" if number > 1 else "")

    @classmethod
    def from_warehouse_reference(cls, text: str) -> OrderId:
        """Every outbound order's name leads to its order."""
        found = _WAREHOUSE_REFERENCE.fullmatch(text)
        if found is None:
            raise InvalidReference(f"{text!r} is no outbound order of ours: it reads channel.shop.number or ….2")
        return cls(found[1], found[2], found[3])

    def out_trade_no(self, part: int, parts: int) -> str:
        """Our number of one payment part: `tea_1001`, or `tea_1001_2` where the plan has several.

        A part that the plan does not have is a second payment: it has its number all the same.
        """
        return f"{self.shop_id}_{self.order_no}" + (f"_{part}" if parts > 1 or part > 1 else "")


@dataclass(frozen=True)
class TradeReference:
    """What an `out_trade_no` of the own shop says."""

    order_id: OrderId
    part: int

    @classmethod
    def parse(cls, out_trade_no: str) -> TradeReference:
        found = _OUT_TRADE_NO.fullmatch(out_trade_no)
        if found is None or len(out_trade_no) > OUT_TRADE_NO_LIMIT:
            raise InvalidReference(f"{out_trade_no!r} does not read shop_number or shop_number_part")
        return cls(OrderId(OWN_SHOP, found[1], found[2]), int(found[3] or 1))


def _must_be_part(text: str) -> None:
    if not _PART.fullmatch(text):
        raise InvalidReference(f"{text!r}: use 1 to 24 letters, digits or hyphens")
