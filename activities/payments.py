"""Questions and orders to payment providers: outside calls."""

from collections.abc import Callable, Mapping, Sequence

from temporalio import activity

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

    def __init__(self, providers: Mapping[str, PaymentProvider]) -> None:
        self._providers = providers

    @activity.defn(name="payments.query_trade")
    async def query_trade(self, question: TradeQuestion) -> TradeAnswer:
        return await self._providers[question.provider].query_trade(question)

    @activity.defn(name="payments.close_trade")
    async def close_trade(self, question: TradeQuestion) -> CloseAnswer:
        return await self._providers[question.provider].close_trade(question)

    @activity.defn(name="payments.refund")
    async def refund(self, order: RefundOrder) -> RefundAnswer:
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
