"""A marketplace that moves the money of its refunds: we agree or refuse, it decides when, and we observe."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.after_sale import AfterSale
from domain.money import Money
from domain.reference import OrderId, ShopId
from domain.refund_money import Units
from ports.messages import RawMessage


class SaleOutcome(StrEnum):
    """What became of one call. Whether money moved is never said by this, but by the state of the after-sale."""

    TAKEN = "taken"  # also when it had been taken before
    REFUSED = "refused"  # conclusive: the platform does not take this answer; `code` is its own word
    UNKNOWN = "unknown"  # the answer was lost: ask


@dataclass(frozen=True)
class SaleOrder:
    """`number` is theirs. `amount` is what people decided on: of another one the platform takes no answer."""

    order_id: OrderId
    number: str
    amount: Money
    transaction_id: str
    evidence: str = ""

    @property
    def shop(self) -> ShopId:
        return ShopId(self.order_id.channel, self.order_id.shop_id)


@dataclass(frozen=True)
class SaleAnswer:
    """`sale`: how the after-sale stands now, where the platform says so; also with a refusal."""

    outcome: SaleOutcome
    sale: AfterSale | None = None
    code: str | None = None


@dataclass(frozen=True)
class AfterSaleEvent:
    """How an after-sale stands, told by the platform itself: verified, and whole. `words` are the buyer's own."""

    event_id: str
    order_id: OrderId
    sale: AfterSale
    units: tuple[Units, ...]
    freight: Money | None
    reason: str
    words: str


class AfterSales(Protocol):
    """One shop at its platform. Each call may be repeated with the same `transaction_id`: it has one effect.

    Raises Unavailable where the platform was certainly not reached, and for `ask`; a call whose answer was lost
    answers UNKNOWN.
    """

    async def agree(self, order: SaleOrder) -> SaleAnswer: ...

    async def refuse(self, order: SaleOrder) -> SaleAnswer:
        """With its evidence."""

    async def extend(self, order: SaleOrder) -> SaleAnswer:
        """A later deadline, as far as the platform grants one."""

    async def ask(self, order: SaleOrder) -> SaleAnswer: ...

    def read_event(self, message: RawMessage) -> AfterSaleEvent:
        """Raises MessageRefused with its reason."""
