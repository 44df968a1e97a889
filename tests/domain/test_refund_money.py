"""What goes back: units' shares, ceilings, and payments; at last ten thousand random orders paid back in full."""

import random  # noqa: TID251 - dice with a seed
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.errors import RefundExceedsCeiling
from domain.line import Line
from domain.money import Money, total
from domain.order import Order
from domain.payment import Capture
from domain.refund_money import (
    Adjustment,
    LegPlan,
    Quote,
    RefundRequest,
    Units,
    ceiling,
    plan_legs,
    quote,
    unit_shares,
)
from tests.builders import NOON, line, order, yuan

ORDERS = 10_000


def fen(amount: int) -> Money:
    return Money(amount)


def paid(what: Order, *amounts: int) -> Order:
    """Paid in parts of these amounts; without amounts, in one."""
    captures = tuple(
        Capture("alipay", "main", f"T{part}", part, fen(amount), NOON, matched=True)
        for part, amount in enumerate(amounts or (what.amount.amount_minor,), start=1)
    )
    return replace(what, captures=captures)


def units(line_id: str = "1", quantity: int = 1) -> RefundRequest:
    return RefundRequest(units=(Units(line_id, quantity),))


TWO_PACKS = paid(order())  # 2 x 68.00 and 8.00 freight

# What a line sold for -> the cash of its units, in the order in which they go back.
CASH: list[tuple[dict[str, Any], list[int]]] = [
    ({"quantity": 2, "price": "68.00"}, [6800, 6800]),
    ({"quantity": 3, "price": "1.00", "merchant_discount": yuan("0.01")}, [99, 100, 100]),
    ({"quantity": 3, "price": "0.01"}, [1, 1, 1]),
    ({"quantity": 3, "price": "0.01", "merchant_discount": yuan("0.02")}, [0, 0, 1]),
    ({"quantity": 3, "price": "0.01", "merchant_discount": yuan("0.01"), "platform_subsidy": yuan("0.01")}, [0, 0, 1]),
    ({"quantity": 2, "price": "0"}, [0, 0]),
]


@pytest.mark.parametrize(("sold", "cash"), CASH)
def test_a_lines_cash_is_split_over_its_units_to_the_fen(sold: dict[str, Any], cash: list[int]) -> None:
    shares = unit_shares(line(**sold))
    assert [share.cash.amount_minor for share in shares] == cash


@pytest.mark.parametrize("sold", [sold for sold, _ in CASH])
def test_every_units_parts_sum_to_its_price_and_all_units_to_the_line(sold: dict[str, Any]) -> None:
    what = line(**sold)
    shares = unit_shares(what)
    assert {share.list_price for share in shares} == {what.list_price}
    assert total((share.merchant_discount for share in shares), "CNY") == what.merchant_discount
    assert total((share.platform_subsidy for share in shares), "CNY") == what.platform_subsidy
    assert total((share.cash for share in shares), "CNY") == what.cash


def test_units_shipping_and_goodwill_come_to_one_amount() -> None:
    asked = RefundRequest((Units("1", 1),), (Adjustment(yuan("2.00")),), yuan("8.00"))
    assert quote(TWO_PACKS, (), asked).amount == yuan("78.00")


# What went back before, what is asked -> the sentence that tells the maximum.
ALL_UNITS = units(quantity=2)
REFUSED: list[tuple[tuple[RefundRequest, ...], RefundRequest, str]] = [
    ((), units(quantity=3), "line 1: at most 2 can still go back, 136.00 CNY"),
    ((units(),), ALL_UNITS, "line 1: at most 1 can still go back, 68.00 CNY"),
    ((), units("9"), "the order has no line 9"),
    ((), RefundRequest((Units("1", 1), Units("1", 1))), "name each line once"),
    ((), units(quantity=0), "quantities start at 1"),
    ((), RefundRequest(shipping=yuan("8.01")), "shipping: at most 8.00 CNY can still go back"),
    (
        (),
        RefundRequest(adjustments=(Adjustment(yuan("144.01")),)),
        "at most 144.00 CNY can still go back for this order",
    ),
    ((), RefundRequest(adjustments=(Adjustment(yuan("136.01"), "1"),)), "line 1: at most 136.00 CNY can still go back"),
    ((units(),), RefundRequest(adjustments=(Adjustment(yuan("68.01"), "1"),)), "line 1: at most 68.00 CNY"),
    ((), RefundRequest((Units("1", 1),), (Adjustment(yuan("68.01"), "1"),)), "line 1: at most 68.00 CNY"),
    ((), RefundRequest(adjustments=(Adjustment(Money(-1)),)), "amounts at 0"),
    ((), RefundRequest(adjustments=(Adjustment(Money(1, "USD")),)), "the order was paid in CNY"),
    ((), RefundRequest(), "nothing to pay back: 144.00 CNY can still go back"),
]


@pytest.mark.parametrize(("before", "asked", "why"), REFUSED)
def test_what_exceeds_is_refused_with_the_exact_maximum(
    before: tuple[RefundRequest, ...], asked: RefundRequest, why: str
) -> None:
    counted = tuple(one_after_the_other(TWO_PACKS, before))
    with pytest.raises(RefundExceedsCeiling, match=why):
        quote(TWO_PACKS, counted, asked)


def one_after_the_other(what: Order, asked: tuple[RefundRequest, ...]) -> Iterator[Quote]:
    counted: list[Quote] = []
    for each in asked:
        counted.append(quote(what, counted, each))
        yield counted[-1]


def test_after_a_price_adjustment_the_units_of_the_line_give_what_is_left() -> None:
    before = tuple(
        one_after_the_other(TWO_PACKS, (RefundRequest(adjustments=(Adjustment(yuan("10.00"), "1"),)), units()))
    )
    assert [each.amount for each in before] == [yuan("10.00"), yuan("68.00")]
    assert quote(TWO_PACKS, before, units()).amount == yuan("58.00")


def test_after_goodwill_the_last_units_give_what_is_left_of_the_order() -> None:
    before = tuple(one_after_the_other(TWO_PACKS, (RefundRequest(adjustments=(Adjustment(yuan("20.00")),)), units())))
    last = quote(TWO_PACKS, before, ALL_REST)
    assert last.amount == yuan("56.00")
    assert last.lines[0].share.cash == yuan("68.00")


ALL_REST = RefundRequest((Units("1", 1),), (), yuan("8.00"))


def test_the_newest_payment_goes_back_first_and_none_gives_more_than_it_brought() -> None:
    what = paid(order(), 4400, 10000)
    first = plan_legs(what.captures, (), fen(10500))
    assert first == (LegPlan(("alipay", "main", "T2"), fen(10000)), LegPlan(("alipay", "main", "T1"), fen(500)))
    assert plan_legs(what.captures, first, fen(3900)) == (LegPlan(("alipay", "main", "T1"), fen(3900)),)
    with pytest.raises(RefundExceedsCeiling, match=r"the payments carry 39\.00 CNY of 39\.01 CNY"):
        plan_legs(what.captures, first, fen(3901))


def test_money_held_apart_is_no_route_of_a_refund() -> None:
    apart = Capture("alipay", "main", "T9", 9, fen(5000), NOON, matched=False)
    with pytest.raises(RefundExceedsCeiling):
        plan_legs((*TWO_PACKS.captures, apart), (), fen(14401))
    assert ceiling(replace(TWO_PACKS, captures=(*TWO_PACKS.captures, apart)), ()).order == yuan("144.00")


class Dice:
    """Random orders and requests from one seed; `mix` counts what came up."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.mix: Counter[str] = Counter()

    def order(self) -> Order:
        lines = [self._line(str(number)) for number in range(1, self.random.randint(1, 4) + 1)]
        if self.random.random() < 0.2:
            self.mix["orders with a gift"] += 1
            lines.append(line("9", "GIFT", self.random.randint(1, 2), "0", gift_of="1"))
        shipping = self.random.choice((0, 1, 800, 1234))
        cash = sum(each.cash.amount_minor for each in lines)
        if cash + shipping < 4:
            return self.order()
        what = order(lines=tuple(lines), shipping=fen(shipping).decimal)
        parts = self.random.randint(1, 4)
        self.mix[f"orders with {parts} payments"] += 1
        self.mix["orders with shipping"] += shipping > 0
        cuts = sorted(self.random.sample(range(1, cash + shipping), parts - 1))
        return paid(what, *(end - begin for begin, end in zip([0, *cuts], [*cuts, cash + shipping], strict=True)))

    def _line(self, line_id: str) -> Line:
        quantity = self.random.choice((1, 2, 3, 7))
        price = self.random.choice((0, 1, 3, 999, 6800))
        whole = price * quantity
        discount = self.random.randint(0, whole) if self.random.random() < 0.5 else 0
        subsidy = self.random.randint(0, whole - discount) if self.random.random() < 0.4 else 0
        for name, seen in {
            "zero lines": whole == 0,
            "1-fen lines": price == 1,
            "indivisible discounts": discount % quantity > 0,
            "coupon parts of the platform": subsidy > 0,
        }.items():
            self.mix[name] += seen
        shares = {"merchant_discount": fen(discount), "platform_subsidy": fen(subsidy)}
        return line(line_id, "SKU", quantity, fen(price).decimal, **shares)

    def request(self, what: Order, before: list[Quote]) -> RefundRequest:
        """Some units of some lines, perhaps an adjustment, goodwill or shipping; it may ask for too much."""
        left = ceiling(what, before)
        asked = [
            Units(line_id, self.random.randint(1, there + (self.random.random() < 0.1)))
            for line_id, there in left.units.items()
            if there and self.random.random() < 0.5
        ]
        adjustments = []
        if self.random.random() < 0.3:
            adjustments.append(Adjustment(fen(self.random.randint(0, 500)), self.random.choice((None, "1"))))
        shipping = fen(self.random.randint(0, 900)) if self.random.random() < 0.3 else None
        return RefundRequest(tuple(asked), tuple(adjustments), shipping)


def everything_left(what: Order, before: list[Quote]) -> RefundRequest:
    left = ceiling(what, before)
    asked = tuple(Units(line_id, there) for line_id, there in left.units.items() if there)
    return RefundRequest(asked, (), left.shipping)


@pytest.mark.slow
def test_whatever_is_paid_back_in_whatever_parts_in_the_end_it_is_what_the_buyer_paid(
    capsys: pytest.CaptureFixture[str],
) -> None:
    dice = Dice(20261122)
    for _ in range(ORDERS):
        pays_back_exactly(dice)
    with capsys.disabled():
        print(f"\n{ORDERS} orders paid back: {dict(sorted(dice.mix.items()))}")  # noqa: T201 - the mix is for the reader
    assert min(dice.mix.values()) > ORDERS / 100, "each kind came up often"


def pays_back_exactly(dice: Dice) -> None:
    what = dice.order()
    brought = {each.key: each.amount.amount_minor for each in what.captures}
    counted: list[Quote] = []
    legs: list[LegPlan] = []
    for _ in range(dice.random.randint(0, 4)):
        take(what, counted, legs, dice.request(what, counted), dice.mix)
        assert_within(what, brought, counted, legs)
    take(what, counted, legs, everything_left(what, counted), dice.mix)
    if (left := ceiling(what, counted).order).amount_minor:
        take(what, counted, legs, RefundRequest(adjustments=(Adjustment(left),)), dice.mix)
    assert sum(each.amount.amount_minor for each in counted) == sum(brought.values())
    assert_within(what, brought, counted, legs)


def take(what: Order, counted: list[Quote], legs: list[LegPlan], asked: RefundRequest, mix: Counter[str]) -> None:
    try:
        found = quote(what, counted, asked)
    except RefundExceedsCeiling:
        mix["requests refused"] += 1
        return
    mix["requests granted"] += 1
    counted.append(found)
    legs.extend(plan_legs(what.captures, legs, found.amount))


def assert_within(what: Order, brought: dict[Any, int], counted: list[Quote], legs: list[LegPlan]) -> None:
    left = ceiling(what, counted)
    assert min([left.order, left.shipping, *left.cash.values()]).amount_minor >= 0
    assert min(left.units.values()) >= 0
    gone: Counter[Any] = Counter()
    for leg in legs:
        assert leg.amount.amount_minor > 0
        gone[leg.payment] += leg.amount.amount_minor
    assert all(gone[key] <= amount for key, amount in brought.items())
    assert sum(gone.values()) == sum(each.amount.amount_minor for each in counted)
