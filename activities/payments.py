"""Questions and orders to payment providers: outside calls."""

from collections.abc import Callable, Mapping, Sequence

from temporalio import activity

from domain.refund_leg import RefundOutcome
from ports.brake import Brake
from ports.payments import (
    CloseAnswer,
    PaymentProvider,
    RefundAnswer,
    RefundOrder,
    RefundQuestion,
    TradeAnswer,
    TradeQuestion,
)


class PaymentActivities:
    """`providers` by name: `alipay`, `wechatpay`."""

    def __init__(self, providers: Mapping[str, PaymentProvider], brake: Brake) -> None:
        self._providers = providers
        self._brake = brake

    @activity.defn(name="payments.query_trade")
    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        return await self._providers[question.provider].query_trade(question)

    @activity.defn(name="payments.close_trade")
    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        return await self._providers[question.provider].close_trade(question)

    @activity.defn(name="payments.refund")
    async def refund(self, order: RefundOrder) -> RefundAnswer:
        """While all money is stopped no call goes out, also no repeated one; an earlier one may have: ask about it."""
        if await self._brake.is_on():
            return RefundAnswer(RefundOutcome.UNKNOWN)
        return await self._providers[order.provider].refund(order)

    @activity.defn(name="payments.query_refund")
    async def query_refund(self, question: RefundQuestion) -> RefundAnswer:
        return await self._providers[question.provider].query_refund(question)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (
            self.query_trade,
            self.close_trade,
            self.refund,
            self.query_refund,
        )
