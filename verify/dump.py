"""The sandbox's dump: what Alipay, the warehouse and the shop say of themselves."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

Json = Mapping[str, Any]

OWN_CHANNEL = "shop"
_OUT_TRADE_NO = re.compile(r"([^_]+)_([^_]+?)(?:_([1-9][0-9]?))?")
_SENT, _ACKNOWLEDGED = 200, range(200, 300)
_BROKEN_FROM = 500


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

    trade_no: str
    out_trade_no: str
    order_id: str | None
    part: int
    amount_minor: int
    currency: str
    state: str
    paid_at: str | None

    @classmethod
    def read(cls, row: Json) -> "Trade":
        found = _OUT_TRADE_NO.fullmatch(row["out_trade_no"])
        return cls(
            trade_no=row["trade_no"],
            out_trade_no=row["out_trade_no"],
            order_id=f"{OWN_CHANNEL}/{found[1]}/{found[2]}" if found else None,
            part=int(found[3] or 1) if found else 1,
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            state=row["state"],
            paid_at=second(row["paid_at"]),
        )


@dataclass(frozen=True)
class Notice:
    """`expected` is what the receiver should make of it: accepted, refused, ignored or quarantined."""

    notify_id: str
    trade_no: str
    expected: str
    expected_reason: str | None
    is_sent: bool
    is_answered: bool
    has_success: bool

    @classmethod
    def read(cls, row: Json) -> "Notice":
        tries = row["deliveries"]
        return cls(
            notify_id=row["notify_id"],
            trade_no=row["trade_no"],
            expected=row["expected"],
            expected_reason=row["expected_reason"],
            is_sent=bool(tries),
            is_answered=any(each["status"] is not None for each in tries),
            has_success=any(each["status"] == _SENT and each["answer"] == "success" for each in tries),
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


class Dump:
    """Typed views of the dump. Without `app_id` and `seller_id` every trade counts as the merchant's own."""

    def __init__(self, raw: Json, app_id: str | None = None, seller_id: str | None = None) -> None:
        self._raw = raw
        self._own = {"app_id": app_id, "seller_id": seller_id}

    @cached_property
    def trades(self) -> list[Trade]:
        """Own ones only."""
        return [Trade.read(row) for row in self._raw["alipay"]["trades"] if self._is_own(row)]

    @cached_property
    def paid_trades(self) -> dict[str, Trade]:
        return {trade.trade_no: trade for trade in self.trades if trade.paid_at is not None}

    @cached_property
    def notices(self) -> list[Notice]:
        return [Notice.read(row) for row in self._raw["alipay"]["notices"]]

    @cached_property
    def told_trades(self) -> set[str]:
        """Trades of which a genuine notice went out."""
        return {notice.trade_no for notice in self.notices if notice.expected == "accepted" and notice.is_sent}

    @cached_property
    def answered_queries(self) -> set[str]:
        """out_trade_nos that the provider was asked about, with an answer that could be read."""
        return {
            call["out_trade_no"]
            for call in self._raw["alipay"]["calls"]
            if call["method"] == "alipay.trade.query" and call["answer_code"] == "10000"
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

    @cached_property
    def messages(self) -> list[Message]:
        return [Message.read(row) for row in self._raw["warehouse"]["messages"]]

    @cached_property
    def shop_orders(self) -> dict[str, ShopOrder]:
        orders = [ShopOrder.read(row) for row in self._raw["shop"]["orders"]]
        return {order.order_id: order for order in orders}

    def _is_own(self, row: Json) -> bool:
        return all(wanted is None or row[name] == wanted for name, wanted in self._own.items())
