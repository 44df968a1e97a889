"""A marketplace as workflows' tests see it: its after-sales are its ledger, and it does what it is told at once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.after_sale import AfterSale, DecidedBy, SaleState
from domain.money import Money
from drill.virtual.fakes import Call
from ports.after_sales import AfterSaleEvent, AfterSales, SaleAnswer, SaleOrder, SaleOutcome
from ports.clock import Clock
from ports.errors import Unavailable
from ports.messages import RawMessage


@dataclass
class FakePlatform(AfterSales):
    """`script`: what is heard of the next words that are taken; then all is heard. `pays`: agreed is paid at once."""

    clock: Clock
    sales: dict[str, AfterSale] = field(default_factory=dict)
    script: list[SaleOutcome] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    is_away: bool = False
    pays: bool = True

    def opens(self, number: str, amount: Money, deadline: datetime | None = None, extensions: int = 1) -> AfterSale:
        sale = AfterSale(number, 1, SaleState.ASKED, amount, deadline, extensions)
        self.sales[number] = sale
        return sale

    def moves(self, number: str, state: SaleState, by: DecidedBy = DecidedBy.PLATFORM) -> AfterSale:
        """Somebody there decided, or its money moved."""
        before = self.sales[number]
        after = replace(before, state=state, revision=before.revision + 1, decided_by=before.decided_by or by)
        if state is SaleState.SUCCEEDED:
            after = replace(after, done_at=self.clock.now(), reference=f"R-{number}")
        self.sales[number] = after
        return after

    def clock_strikes(self, number: str) -> AfterSale:
        """Nobody said anything: it is agreed, and paid."""
        self.moves(number, SaleState.AGREED, DecidedBy.CLOCK)
        return self.moves(number, SaleState.SUCCEEDED)

    def said(self, verb: str) -> list[datetime]:
        return [call.at for call in self.calls if call.verb == verb]

    async def agree(self, order: SaleOrder) -> SaleAnswer:
        return self._decided("agree", order, SaleState.AGREED)

    async def refuse(self, order: SaleOrder) -> SaleAnswer:
        return self._decided("refuse", order, SaleState.REFUSED)

    async def extend(self, order: SaleOrder) -> SaleAnswer:
        sale = self._called("extend", order)
        if sale.state is not SaleState.ASKED or not sale.extensions_left or sale.deadline is None:
            return SaleAnswer(SaleOutcome.REFUSED, sale, "NO_EXTENSION")
        later = sale.deadline + timedelta(hours=24)
        after = replace(sale, revision=sale.revision + 1, deadline=later, extensions_left=sale.extensions_left - 1)
        self.sales[order.number] = after
        return self._heard(after)

    async def ask(self, order: SaleOrder) -> SaleAnswer:
        return SaleAnswer(SaleOutcome.TAKEN, self._called("ask", order))

    def read_event(self, message: RawMessage) -> AfterSaleEvent:
        raise NotImplementedError

    def _decided(self, verb: str, order: SaleOrder, state: SaleState) -> SaleAnswer:
        sale = self._called(verb, order)
        agreed = state is SaleState.AGREED and sale.state in (SaleState.AGREED, SaleState.SUCCEEDED)
        if sale.state is state or agreed:
            return self._heard(sale)
        if sale.state is not SaleState.ASKED or sale.amount != order.amount:
            return SaleAnswer(SaleOutcome.REFUSED, sale, "CHANGED")
        after = self.moves(order.number, state, DecidedBy.MERCHANT)
        if state is SaleState.AGREED and self.pays:
            after = self.moves(order.number, SaleState.SUCCEEDED)
        return self._heard(after)

    def _called(self, verb: str, order: SaleOrder) -> AfterSale:
        self.calls.append(Call(verb, order.number, order.transaction_id, self.clock.now()))
        if self.is_away:
            raise Unavailable("the platform gave no answer")
        return self.sales[order.number]

    def _heard(self, sale: AfterSale) -> SaleAnswer:
        said = self.script.pop(0) if self.script else SaleOutcome.TAKEN
        return SaleAnswer(said, None if said is SaleOutcome.UNKNOWN else sale)
