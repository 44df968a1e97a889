"""A thousand orders of arrival of the same facts: all end where the ordered history ends.

Our own steps are simulated: they are taken as soon as they are enabled. What may legitimately differ from one arrival
to another, and is not compared: which of two equal trades of one part is the surplus (the one that comes second), the
order in which captures and parcels are listed, which accounts an entry went through on its way (the balances count),
and which cases were opened on the way (a parcel that comes before its payment, money that comes after the end). Not
shuffled are a trade or a parcel that is told with two different contents: the first one stands, the other is a case.
"""

import random  # noqa: TID251 - chance by a seed: the shuffles are the same every day
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import pytest

from domain import ending, ledger
from domain import order as orders
from domain.axis import AfterSale, Fulfilment, Holding, Payment
from domain.ledger import Account, Entry
from domain.money import Money, total
from domain.order import Cancellation, Change, Order, Stage
from domain.payment import Capture
from domain.shipment import Parcel
from tests.builders import capture, yuan
from tests.domain import scenes
from tests.domain.scenes import mixed_parcel

SHUFFLES = 1000


class Word(StrEnum):
    PLACED = "the shop took the order"
    CANCEL = "the buyer wants it no more"
    STOPPED = "the warehouse says: stopped, nothing left"


Fact = Word | Capture | Parcel


@dataclass(frozen=True)
class End:
    """What must be the same, whatever came first. Money in yuan per account, goods in units per line."""

    payment: Payment
    fulfilment: Fulfilment
    holding: Holding
    after_sale: AfterSale
    cancellation: Cancellation
    stage: Stage
    captured: Money
    matched: Money
    balances: dict[Account, str]
    parcels: frozenset[Parcel]
    goods_gone: dict[str, int]


@dataclass
class House:
    """Hears facts, takes our own steps, and keeps the books as the record does."""

    unplaced: Order
    order: Order | None = None
    early: list[Capture] = field(default_factory=list)
    waiting: list[Fact] = field(default_factory=list)
    stopped_outside: bool = False
    balances: Counter[Account] = field(default_factory=Counter)
    goods_gone: Counter[str] = field(default_factory=Counter)

    def hear(self, fact: Fact) -> None:
        if self.order is None:
            self._hear_before_the_order(fact)
        elif isinstance(fact, Capture):
            self._apply(orders.capture_payment(self.order, fact))
        elif isinstance(fact, Parcel):
            self._apply(orders.report_parcel(self.order, fact))
        elif fact is Word.CANCEL:
            self._apply(ending.request_cancellation(self.order))
        elif fact is Word.STOPPED:
            self.stopped_outside = True
        while self._step():
            pass

    def _hear_before_the_order(self, fact: Fact) -> None:
        """Money is booked at once and held apart; all else waits for the order."""
        if fact is Word.PLACED:
            self._apply(orders.place(self.unplaced, tuple(self.early)))
            for each in self.waiting:
                self.hear(each)
        elif not isinstance(fact, Capture):
            self.waiting.append(fact)
        elif fact.key not in {each.key for each in self.early}:
            self.early.append(fact)
            self._book((ledger.held_apart("/".join(fact.key), fact.amount),))

    def _step(self) -> bool:
        """One step of our own, if one is enabled: reserve, push, or stop what the warehouse stopped."""
        if self.order is None or self.order.finished:
            return False
        step: Callable[[Order], Change] | None = None
        if self.order.cancellation is Cancellation.REQUESTED:
            if self.order.fulfilment is Fulfilment.WAITING or self.stopped_outside:
                step = ending.stop
        elif self.order.fulfilment is Fulfilment.RESERVED:
            step = orders.pushed
        elif self.order.fulfilment is Fulfilment.WAITING and self.order.payment is Payment.PAID:
            step = scenes.reserving
        if step is None:
            return False
        self._apply(step(self.order))
        return True

    def _apply(self, change: Change) -> None:
        self.order = change.order
        self._book(change.entries)
        for each in change.shipped:
            self.goods_gone[each.line_id] += each.quantity

    def _book(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            for posting in entry.postings:
                self.balances[posting.account] += posting.amount.amount_minor

    @property
    def end(self) -> End:
        assert self.order is not None
        return End(
            self.order.payment,
            self.order.fulfilment,
            self.order.holding,
            self.order.after_sale,
            self.order.cancellation,
            self.order.stage,
            total((each.amount for each in self.order.captures), "CNY"),
            total((each.amount for each in self.order.captures if each.matched), "CNY"),
            {account: Money(minor).decimal for account, minor in self.balances.items() if minor},
            frozenset(self.order.parcels),
            dict(self.goods_gone),
        )


def ended(facts: Sequence[Fact]) -> End:
    house = House(scenes.two_lines(parts=2))
    for fact in facts:
        house.hear(fact)
    return house.end


MONEY: tuple[Fact, ...] = (
    capture("87.00", "deposit", part=1),
    capture("87.00", "deposit-again", part=1),  # paid twice
    capture("80.00", "balance-wrong", part=2),
    capture("87.00", "balance", part=2),
    capture("5.00", "nobody-asked", part=3),
)
SHIPPED: tuple[Fact, ...] = (
    Word.PLACED,
    *MONEY,
    mixed_parcel("P-1", {"1": 1, "2": 1}),
    mixed_parcel("P-2", {"1": 1}),
    mixed_parcel("P-9", {"9": 4}),  # not this order's goods
    mixed_parcel("P-1", {"1": 1, "2": 1}, delivered=True),
    mixed_parcel("P-2", {"1": 1}, delivered=True),
)
CANCELLED: tuple[Fact, ...] = (Word.PLACED, *MONEY, Word.CANCEL, Word.STOPPED)
BOOKS_WHEN_SHIPPED = {
    Account.PROVIDER_RECEIVABLE: "346.00",
    Account.BUYER_CASH: "-166.00",
    Account.FREIGHT: "-8.00",
    Account.REFUND_PAYABLE: "-172.00",
}
BOOKS_WHEN_CANCELLED = {Account.PROVIDER_RECEIVABLE: "346.00", Account.REFUND_PAYABLE: "-346.00"}


def test_the_ordered_history_ships_and_delivers_with_the_odd_money_apart() -> None:
    end = ended(SHIPPED)
    assert (end.payment, end.fulfilment, end.stage) == (Payment.PAID, Fulfilment.DELIVERED, Stage.DELIVERED)
    assert (end.captured, end.matched) == (yuan("346.00"), yuan("174.00"))
    assert end.balances == BOOKS_WHEN_SHIPPED
    assert sorted(each.parcel_no for each in end.parcels) == ["P-1", "P-2", "P-9"]
    assert end.goods_gone == {"1": 2, "2": 1}


def test_the_ordered_cancellation_ends_cancelled_with_all_the_money_due_back() -> None:
    end = ended(CANCELLED)
    assert (end.payment, end.fulfilment, end.stage) == (Payment.PAID, Fulfilment.STOPPED, Stage.CANCELLED)
    assert (end.captured, end.matched) == (yuan("346.00"), yuan("174.00"))
    assert end.balances == BOOKS_WHEN_CANCELLED
    assert end.goods_gone == {}


@pytest.mark.parametrize("history", [SHIPPED, CANCELLED], ids=["shipped", "cancelled"])
def test_a_thousand_shuffles_end_where_the_ordered_history_ends(history: tuple[Fact, ...]) -> None:
    expected = ended(history)
    for seed in range(SHUFFLES):
        facts = [*history, *history]  # each fact comes twice
        random.Random(seed).shuffle(facts)
        assert ended(facts) == expected, f"seed {seed}: {facts}"


def test_a_short_history_ends_the_same_in_every_order_of_its_parcels_and_its_push() -> None:
    """The answer to our push may come after any of the parcels' messages."""
    facts = [fact for fact in SHIPPED if isinstance(fact, Parcel)]
    expected = scenes.pushed(scenes.two_lines())
    for fact in facts:
        expected = orders.report_parcel(expected, fact).order
    for seed in range(SHUFFLES):
        random.Random(seed).shuffle(facts)
        answer_after = seed % (len(facts) + 1)
        order = scenes.reserved(scenes.two_lines())
        for number, fact in enumerate(facts):
            if number == answer_after:
                order = orders.pushed(order).order
            order = orders.report_parcel(order, fact).order
        order = orders.pushed(order).order
        assert replace(order, parcels=()) == replace(expected, parcels=())
        assert set(order.parcels) == set(expected.parcels)
