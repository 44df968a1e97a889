"""Answers and questions to marketplaces about their after-sales: outside calls."""

from collections.abc import Callable, Mapping, Sequence

from temporalio import activity

from domain.reference import ShopId
from ports.after_sales import AfterSales, SaleAnswer, SaleOrder, SaleOutcome
from ports.brake import Brake


class AfterSaleActivities:
    """`platforms` by shop."""

    def __init__(self, platforms: Mapping[ShopId, AfterSales], brake: Brake) -> None:
        self._platforms = platforms
        self._brake = brake

    @activity.defn(name="after_sales.agree")
    async def agree(self, order: SaleOrder) -> SaleAnswer:
        """It makes the platform move money: while all money is stopped it does not go out, as a refund does not."""
        if await self._brake.is_on():
            return SaleAnswer(SaleOutcome.UNKNOWN)
        return await self._platforms[order.shop].agree(order)

    @activity.defn(name="after_sales.refuse")
    async def refuse(self, order: SaleOrder) -> SaleAnswer:
        return await self._platforms[order.shop].refuse(order)

    @activity.defn(name="after_sales.extend")
    async def extend(self, order: SaleOrder) -> SaleAnswer:
        return await self._platforms[order.shop].extend(order)

    @activity.defn(name="after_sales.ask")
    async def ask(self, order: SaleOrder) -> SaleAnswer:
        return await self._platforms[order.shop].ask(order)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (self.agree, self.refuse, self.extend, self.ask)
