"""What is told of goods that come back; the record of refunds writes it (ports/refunds.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.money import Money
from domain.reference import OrderId
from domain.returns import FreightBy, ReturnedGoods


@dataclass(frozen=True)
class GoodsSent:
    """The buyer has sent the goods. `freight_by` None: by the rule, as recorded with the approval."""

    refund_id: str
    order_id: OrderId
    by: str
    carrier: str
    waybill_no: str
    freight_by: FreightBy | None = None


@dataclass(frozen=True)
class ReturnReceived:
    """The warehouse has received and inspected them."""

    refund_id: str
    order_id: OrderId
    goods: tuple[ReturnedGoods, ...]
    event_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReturnAssessed:
    """What a person takes off for damage: {line id: amount}. None: paid back as approved."""

    refund_id: str
    order_id: OrderId
    by: str
    reason: str
    deductions: Mapping[str, Money] = field(default_factory=dict)
