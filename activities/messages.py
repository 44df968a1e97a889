"""What one workflow says to another: local activities, since a workflow's own words reach only those that run."""

from collections.abc import Callable, Sequence

from temporalio import activity

from ports.messenger import Messenger
from ports.records import PaymentSettled, RefundMoved
from ports.refunds import RefundAsked


class MessageActivities:
    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger

    @activity.defn(name="messages.tell_order")
    async def tell_order(self, fact: RefundMoved) -> None:
        await self._messenger.tell_order(fact)

    @activity.defn(name="messages.settle_payment")
    async def settle_payment(self, fact: PaymentSettled) -> None:
        await self._messenger.settle_payment(fact)

    @activity.defn(name="messages.start_refund")
    async def start_refund(self, asked: RefundAsked) -> None:
        await self._messenger.start_refund(asked)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        return (self.tell_order, self.settle_payment, self.start_refund)
