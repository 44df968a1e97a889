"""Questions to payment providers: outside calls."""

from collections.abc import Callable, Mapping, Sequence

from temporalio import activity

from ports.payments import CloseAnswer, PaymentProvider, TradeAnswer, TradeQuestion


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

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (
            self.query_trade,
            self.close_trade,
        )
