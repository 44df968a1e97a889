"""The sandbox's dump: what the payment providers, the warehouse and the shops say of themselves."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

Json = Mapping[str, Any]

OWN_CHANNEL = "shop"
MARKETPLACE = "bazaar"
_OUT_TRADE_NO = re.compile(r"([^_]+)_([^_]+?)(?:_([1-9][0-9]?))?")
_ACKNOWLEDGED = range(200, 300)
_BROKEN_FROM = 500


@dataclass(frozen=True)
class Ways:
    """One provider's own: which answer stops its notices; the call that asks about a trade, and how it is answered."""

    stops: Callable[[Json], bool]
    query: str
    answered: str


WAYS = {
    "alipay": Ways(lambda heard: (heard["status"], heard["answer"]) == (200, "success"), "alipay.trade.query", "10000"),
    "wechatpay": Ways(lambda heard: heard["status"] in (200, 204), "query", "200"),
}


def second(text: str | None) -> str | None:
    """A moment to the second, in UTC: the providers' wires have no finer times."""
    return None if text is None else whole_second(datetime.fromisoformat(text))


def whole_second(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def reference_of(order_id: str) -> str:
    """The order's name at the warehouse: that of its first outbound order."""
    return order_id.replace("/", ".")


def order_of(reference: str) -> str:
    """`shop.tea.1001` and its further outbound orders `shop.tea.1001.2`, ... belong to one order."""
    return "/".join(reference.split(".")[:3])


@dataclass(frozen=True)
class Trade:
    """`order_id` is None where the number does not read shop_number or shop_number_part."""

    provider: str
    trade_no: str
    out_trade_no: str
    order_id: str | None
    part: int
    amount_minor: int
    currency: str
    state: str
    paid_at: str | None

    @classmethod
    def read(cls, provider: str, row: Json) -> "Trade":
        found = _OUT_TRADE_NO.fullmatch(row["out_trade_no"])
        return cls(
            provider=provider,
            trade_no=row["trade_no"],
            out_trade_no=row["out_trade_no"],
            order_id=f"{OWN_CHANNEL}/{found[1]}/{found[2]}" if found else None,
            part=int(found[3] or 1) if found else 1,
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            state=row["state"],
            paid_at=second(row["paid_at"]),
        )

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.trade_no}"

    @property
    def question(self) -> str:
        return f"{self.provider}/{self.out_trade_no}"


@dataclass(frozen=True)
class Notice:
    """`expected` is what the receiver should make of it: accepted, refused, ignored or quarantined.

    `name` and `trade` begin with the provider.
    """

    name: str
    trade: str
    expected: str
    expected_reason: str | None
    is_sent: bool
    is_answered: bool
    has_success: bool

    @classmethod
    def read(cls, provider: str, row: Json) -> "Notice":
        tries = row["deliveries"]
        return cls(
            name=f"{provider}/{row['notify_id']}",
            trade=f"{provider}/{row['trade_no']}",
            expected=row["expected"],
            expected_reason=row["expected_reason"],
            is_sent=bool(tries),
            is_answered=any(each["status"] is not None for each in tries),
            has_success=any(WAYS[provider].stops(each) for each in tries),
        )


@dataclass(frozen=True)
class Message:
    """What the warehouse told about one parcel."""

    webhook_id: str
    type: str
    reference: str
    parcel_no: str
    is_sent: bool
    is_taken: bool

    @classmethod
    def read(cls, row: Json) -> "Message":
        tries = row["deliveries"]
        taken = any(each["status"] in _ACKNOWLEDGED for each in tries)
        return cls(row["webhook_id"], row["type"], row["reference"], row["parcel_no"], bool(tries), taken)


@dataclass(frozen=True)
class Outbound:
    """An order at the warehouse. One that was stopped before it was ever pushed is a tombstone."""

    reference: str
    outbound_no: str
    state: str
    is_tombstone: bool
    idempotency_keys: tuple[str, ...]
    lines: tuple[Json, ...]
    parcels: tuple[Json, ...]

    @classmethod
    def read(cls, row: Json) -> "Outbound":
        return cls(
            reference=row["reference"],
            outbound_no=row["outbound_no"],
            state=row["state"],
            is_tombstone=row["pushed_at"] is None,
            idempotency_keys=tuple(row["idempotency_keys"]),
            lines=tuple(row["lines"]),
            parcels=tuple(row["parcels"]),
        )


@dataclass(frozen=True)
class ShopOrder:
    """`is_doubtful`: the shop has no yes, but an attempt of which it cannot know whether it was taken."""

    order_id: str
    amount_minor: int
    is_accepted: bool
    is_doubtful: bool
    is_cancelled: bool
    lines: tuple[Json, ...]

    @classmethod
    def read(cls, row: Json) -> "ShopOrder":
        accepted = row["accepted_at"] is not None
        statuses = [each["status"] for each in row["deliveries"]]
        return cls(
            order_id=f"{OWN_CHANNEL}/{row['shop_id']}/{row['order_no']}",
            amount_minor=row["amount_minor"],
            is_accepted=accepted,
            is_doubtful=not accepted and any(status is None or status >= _BROKEN_FROM for status in statuses),
            is_cancelled=row["cancelled"],
            lines=tuple(row["lines"]),
        )


@dataclass(frozen=True)
class ShopLevel:
    """How many units of it the shop thinks it can sell."""

    shop: str
    platform_sku: str
    available: int

    @classmethod
    def read(cls, row: Json) -> "ShopLevel":
        return cls(f"{OWN_CHANNEL}/{row['shop_id']}", row["platform_sku"], row["available"])


class Dump:
    """Typed views of the dump. Without `app_ids` and `seller_ids` every trade counts as the merchant's own."""

    def __init__(self, raw: Json, app_ids: Collection[str] = (), seller_ids: Collection[str] = ()) -> None:
        self._raw = raw
        self._own = {"app_id": app_ids, "seller_id": seller_ids}

    @property
    def raw(self) -> Json:
        """For readers of a part that has a file of its own."""
        return self._raw

    @cached_property
    def trades(self) -> list[Trade]:
        """Own ones only; and what a marketplace sold, for which it owes us."""
        own = [Trade.read(name, row) for name in WAYS for row in self._raw[name]["trades"] if self._is_own(row)]
        return [*own, *self.sold]

    @cached_property
    def sold(self) -> list[Trade]:
        """What a marketplace sold. A dump without one has none."""
        return [
            Trade(
                MARKETPLACE,
                row["settlement_no"],
                f"{row['shop_id']}_{row['order_no']}",
                f"{MARKETPLACE}/{row['shop_id']}/{row['order_no']}",
                1,
                row["amount_minor"],
                "CNY",
                "paid",
                second(row["paid_at"]),
            )
            for row in self._raw.get(MARKETPLACE, {}).get("orders", [])
        ]

    @cached_property
    def paid_trades(self) -> dict[str, Trade]:
        """By provider and trade_no."""
        return {trade.name: trade for trade in self.trades if trade.paid_at is not None}

    @cached_property
    def notices(self) -> list[Notice]:
        return [Notice.read(name, row) for name in WAYS for row in self._raw[name]["notices"]]

    @cached_property
    def told_trades(self) -> set[str]:
        """Trades of which a genuine notice went out."""
        told = {notice.trade for notice in self.notices if notice.expected == "accepted" and notice.is_sent}
        return told | {trade.name for trade in self.sold}

    @cached_property
    def answered_queries(self) -> set[str]:
        """Provider and out_trade_no of what was asked about, with an answer that could be read."""
        return {
            f"{name}/{call['out_trade_no']}"
            for name, ways in WAYS.items()
            for call in self._raw[name]["calls"]
            if (call["method"], call["answer_code"]) == (ways.query, ways.answered)
        }

    @cached_property
    def outbound(self) -> dict[str, Outbound]:
        """By reference, tombstones included."""
        return {row["reference"]: Outbound.read(row) for row in self._raw["warehouse"]["outbound"]}

    @cached_property
    def pushed(self) -> dict[str, Outbound]:
        return {reference: order for reference, order in self.outbound.items() if not order.is_tombstone}

    @property
    def warehouse_calls(self) -> list[Json]:
        return list(self._raw["warehouse"]["calls"])

    @property
    def counted(self) -> Json:
        """Units per sku that were ever put on the shelves, where the warehouse keeps count of that."""
        found: Json = self._raw["warehouse"].get("counted", {})
        return found

    @cached_property
    def messages(self) -> list[Message]:
        return [Message.read(row) for row in self._raw["warehouse"]["messages"]]

    @cached_property
    def shop_orders(self) -> dict[str, ShopOrder]:
        orders = [ShopOrder.read(row) for row in self._raw["shop"]["orders"]]
        return {order.order_id: order for order in orders}

    @cached_property
    def levels(self) -> list[ShopLevel]:
        return [ShopLevel.read(row) for row in self._raw["shop"]["levels"]]

    @cached_property
    def listening_shops(self) -> set[str]:
        """Those of the outside: whether it heard anything or not."""
        return {f"{OWN_CHANNEL}/{shop_id}" for shop_id in self._raw["shop"]["listening"]}

    def _is_own(self, row: Json) -> bool:
        return all(not wanted or row[name] in wanted for name, wanted in self._own.items())
