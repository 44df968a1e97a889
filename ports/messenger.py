"""How one workflow speaks to another that may not run, or not any more."""

from typing import Protocol

from ports.records import PaymentSettled, RefundMoved
from ports.refunds import RefundAsked


class Messenger(Protocol):
    """Durable once it returns. Said again, it is heard once: the record knows what it knows."""

    async def tell_order(self, fact: RefundMoved) -> None:
        """An order whose run has ended gets one more, which begins with this."""

    async def settle_payment(self, fact: PaymentSettled) -> None:
        """The same, of money that nobody has told the order of."""

    async def start_refund(self, asked: RefundAsked) -> None:
        """A refund that nobody asked for. One of this id that runs, or has ended, is left as it is."""
