"""An order: its lines, its plan, its four axes, and what each fact does to it.

Every function here takes the order as the record holds it and returns a Change: the order after it, and what else
must be written in the same transaction. Facts come in any order and any number of times; the same set of facts
ends in the same state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain import ledger
from domain.axis import FULFILMENT_MOVES, NOT_PUSHED, PAYMENT_MOVES, AfterSale, Fulfilment, Holding, Payment, move
from domain.case import Cause, NewCase
from domain.errors import InvalidOrder
from domain.line import Line, check_lines
from domain.money import Money, total
from domain.outbound import Outbound, StopWish, handed_over
from domain.payment import Capture, PlanPart, check_plan, next_unpaid, odd_money, pays_its_part, surplus
from domain.reference import OrderId
from domain.shipment import Parcel, carried, goods, progress, unknown_lines
from domain.stock import Demand


class Kind(StrEnum):
    STANDARD = "standard"
    PRESALE = "presale"
    CASH_ON_DELIVERY = "cash_on_delivery"
    CROSS_BORDER = "cross_border"


class Cancellation(StrEnum):
    NONE = "none"
    REQUESTED = "requested"
    DONE = "done"
    TOO_LATE = "too_late"


class HoldReason(StrEnum):
    UNMATCHED_SKU = "unmatched_sku"
    ADDRESS_INCOMPLETE = "address_incomplete"
    UNSUPPORTED_KIND = "unsupported_kind"


class Stage(StrEnum):
    """The one status people see, derived from the axes."""

    AWAITING_PAYMENT = "awaiting_payment"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    ON_HOLD = "on_hold"
    PREPARING = "preparing"
    AT_WAREHOUSE = "at_warehouse"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    PARTLY_DELIVERED = "partly_delivered"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CLOSED_UNPAID = "closed_unpaid"


@dataclass(frozen=True)
class Order:
    """`demands` are the matched lines in own skus, `unmatched` the line ids nobody mapped yet.

    `reserved`: {line id: units}. `split`: the next outbound order may go without what is short. `stops`: stopping.py.
    """

    id: OrderId
    kind: Kind
    lines: tuple[Line, ...]
    shipping: Money
    plan: tuple[PlanPart, ...]
    placed_at: datetime
    demands: tuple[Demand, ...] = ()
    unmatched: tuple[str, ...] = ()
    address_gaps: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()
    reserved: Mapping[str, int] = field(default_factory=dict)
    outbound: tuple[Outbound, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    split: bool = False
    payment: Payment = Payment.UNPAID
    fulfilment: Fulfilment = Fulfilment.WAITING
    holds: tuple[HoldReason, ...] = ()
    after_sale: AfterSale = AfterSale.NONE
    cancellation: Cancellation = Cancellation.NONE
    stops: tuple[StopWish, ...] = ()

    @property
    def amount(self) -> Money:
        return total((line.cash for line in self.lines), self.shipping.currency) + self.shipping

    @property
    def holding(self) -> Holding:
        return Holding.HELD if self.holds else Holding.CLEAR

    @property
    def stage(self) -> Stage:
        if self.fulfilment is Fulfilment.STOPPED:
            return Stage.CANCELLED if self.cancellation is Cancellation.DONE else Stage.CLOSED_UNPAID
        if self.fulfilment not in NOT_PUSHED:
            return Stage.AT_WAREHOUSE if self.fulfilment is Fulfilment.PUSHED else Stage(self.fulfilment.value)
        if self.payment is not Payment.PAID:
            return Stage.AWAITING_PAYMENT if self.payment is Payment.UNPAID else Stage.PARTLY_PAID
        if self.holds:
            return Stage.ON_HOLD
        return Stage.PAID if self.fulfilment is Fulfilment.WAITING else Stage.PREPARING

    @property
    def finished(self) -> bool:
        return self.fulfilment in (Fulfilment.COMPLETED, Fulfilment.STOPPED)

    @property
    def unpushed(self) -> Counter[str]:
        """Units by line that are reserved and not handed over: what the next outbound order holds."""
        return Counter(self.reserved) - handed_over(self.outbound)

    @property
    def away(self) -> Counter[str]:
        """Units by line that the warehouse has or that left; none before the first push is known."""
        lines = {demand.line_id for demand in self.demands}
        return handed_over(self.outbound) | carried(lines, self.parcels) if self.outbound else Counter()

    @property
    def rest(self) -> Counter[str]:
        """Units by line that are due and not away."""
        return Counter({demand.line_id: demand.due for demand in self.demands}) - self.away

    @property
    def backordered(self) -> bool:
        """A part is with the warehouse, and the rest is to follow."""
        return bool(self.outbound and self.rest) and not self.finished

    @property
    def awaits_push(self) -> bool:
        return self.fulfilment in NOT_PUSHED or self.backordered

    @property
    def dropped(self) -> dict[str, int]:
        """Units by line that will not come."""
        return {demand.line_id: demand.dropped for demand in self.demands if demand.dropped}

    @property
    def dropped_cash(self) -> Money:
        return total((demand.dropped_cash for demand in self.demands), self.shipping.currency)

    def freight_of(self, part: int) -> Money:
        """Each payment part carries its share of the freight."""
        return self.shipping.allocate([each.amount.amount_minor for each in self.plan])[part - 1]


@dataclass(frozen=True)
class Change:
    """What one fact makes of an order: all of it is written in one transaction, or nothing is."""

    order: Order
    entries: tuple[ledger.Entry, ...] = ()
    cases: tuple[NewCase, ...] = ()
    taken: tuple[Demand, ...] = ()  # goods to reserve
    shipped: tuple[Demand, ...] = ()  # goods that left: they leave stock and reservation
    given_back: tuple[Demand, ...] = ()  # goods that are reserved no more
    releases_stock: bool = False

    def then(self, following: Change) -> Change:
        """Both in one: `following` was decided on this one's order."""
        return Change(
            following.order,
            self.entries + following.entries,
            self.cases + following.cases,
            self.taken + following.taken,
            self.shipped + following.shipped,
            self.given_back + following.given_back,
            self.releases_stock or following.releases_stock,
        )


def place(order: Order, early: tuple[Capture, ...] = ()) -> Change:
    """A new order, with the money that came before it (already booked as held apart).

    Raises InvalidOrder when lines and plan don't agree.
    """
    check_lines(order.lines)
    if order.shipping.amount_minor < 0:
        raise InvalidOrder("shipping: zero or more")
    check_plan(order.plan, order.amount)
    change = Change(order)
    for capture in early:
        found = _settle(change.order, capture, already_apart=True)
        change = Change(found.order, change.entries + found.entries, change.cases + found.cases)
    return change


def capture_payment(order: Order, capture: Capture) -> Change:
    """Money was captured: it pays its part of the plan, or it is held apart and somebody looks at it."""
    known = next((each for each in order.captures if each.key == capture.key), None)
    if known is None:
        return _settle(order, capture, already_apart=False)
    if known.amount == capture.amount:
        return Change(order)
    detail = f"trade {capture.trade_no} was {known.amount} before, now {capture.amount}"
    return Change(order, cases=(NewCase(Cause.OTHER_CONTENT, capture.trade_no, detail),))


def _settle(order: Order, capture: Capture, *, already_apart: bool) -> Change:
    reference, owed = "/".join(capture.key), ledger.receivable_of(order.id)
    apart = () if already_apart else (ledger.held_apart(reference, capture.amount, owed),)
    if pays_its_part(capture, order.plan, order.captures):
        book = ledger.matched if already_apart else ledger.captured_from(owed)
        capture = replace(capture, matched=True)
        captures = (*order.captures, capture)
        reached = Payment.PARTLY_PAID if next_unpaid(order.plan, captures) else Payment.PAID
        after = replace(order, captures=captures, payment=move(PAYMENT_MOVES, order.payment, reached))
        change = Change(after, (book(reference, capture.amount, order.freight_of(capture.part)),))
    else:
        after = replace(order, captures=(*order.captures, capture))
        change = Change(after, apart, (odd_money(capture, order.plan),))
    if order.fulfilment is not Fulfilment.STOPPED:
        before = surplus(order.plan, order.captures)
        more = [each for each in surplus(order.plan, after.captures) if each not in before]
        return replace(change, entries=(*change.entries, *(due_back(after, each, each.amount) for each in more)))
    case = NewCase(Cause.PAID_AFTER_CLOSE, reference, f"{capture.amount} arrived after the order had ended")
    return replace(change, entries=(*change.entries, due_back(order, capture, capture.amount)), cases=(case,))


def due_back(order: Order, capture: Capture, amount: Money) -> ledger.Entry:
    """`amount`: the whole capture with its freight, less what of its goods was due back before."""
    freight = order.freight_of(capture.part) if capture.matched else Money(0, order.shipping.currency)
    return ledger.refund_due("/".join(capture.key), amount, freight, apart=not capture.matched)


def reserved(order: Order, taken: tuple[Demand, ...]) -> Change:
    """`taken` of a paid order's goods are reserved. Parcels that were reported before count from now on."""
    units = Counter(order.reserved) + Counter({demand.line_id: demand.quantity for demand in taken})
    moved = move(FULFILMENT_MOVES, order.fulfilment, Fulfilment.RESERVED)
    overtook = order.parcels if order.fulfilment is Fulfilment.WAITING else ()
    left = tuple(each for parcel in overtook for each in goods(order.demands, parcel))
    return Change(followed(replace(order, fulfilment=moved, reserved=dict(units))), taken=taken, shipped=left)


def pushed(order: Order, number: int = 1, *, outside: bool = False) -> Change:
    """The warehouse has the outbound order of this number, or it left outside: all that was reserved for it."""
    after = replace(order, fulfilment=move(FULFILMENT_MOVES, order.fulfilment, Fulfilment.PUSHED))
    if order.finished or number <= len(order.outbound):
        return Change(after)
    new = Outbound(number, dict(order.unpushed), outside=outside)
    return Change(replace(after, outbound=(*order.outbound, new), split=False))


def report_parcel(order: Order, parcel: Parcel) -> Change:
    """A parcel left or arrived. Each parcel is followed on its own; together they move the order."""
    before = next((each for each in order.parcels if each.parcel_no == parcel.parcel_no), None)
    joined = before.joined(parcel) if before else parcel
    if joined == before:
        return Change(order)
    others = tuple(each for each in order.parcels if each.parcel_no != parcel.parcel_no)
    after = replace(order, parcels=(*others, joined))
    strange = unknown_lines({demand.line_id for demand in order.demands}, joined)
    if strange:
        detail = f"parcel {parcel.parcel_no} carries lines {', '.join(strange)}, which the order does not have"
        return Change(after, cases=(NewCase(Cause.UNKNOWN_LINES, parcel.parcel_no, detail),))
    not_now = order.fulfilment is Fulfilment.WAITING or (before is not None and before.contents)
    shipped = () if not_now else goods(order.demands, joined)
    if order.fulfilment in (Fulfilment.STOPPED, Fulfilment.WAITING):
        detail = f"parcel {parcel.parcel_no} left, but the order is {order.fulfilment}"
        return Change(after, cases=(NewCase(Cause.UNEXPECTED_PARCEL, parcel.parcel_no, detail),), shipped=shipped)
    cases = () if before is not None and before.contents else _dropped_goods(after, joined)
    return Change(followed(after), cases=cases, shipped=shipped)


def _dropped_goods(order: Order, parcel: Parcel) -> tuple[NewCase, ...]:
    """Units that were given up, and left all the same: the buyer has them and is to get the money too."""
    gone = carried({each.line_id for each in order.demands}, order.parcels)
    told = {each.line_id for each in parcel.contents}
    short = (each for each in order.demands if each.dropped and gone[each.line_id] > each.due)
    lines = [each.line_id for each in short if each.line_id in told]
    detail = f"parcel {parcel.parcel_no} carries more of lines {', '.join(lines)} than was due: the rest was dropped"
    return (NewCase(Cause.UNEXPECTED_PARCEL, parcel.parcel_no, detail),) if lines else ()


def followed(order: Order) -> Order:
    """The order as far as its known parcels bring it, never back.

    Goods that left can't be held any more; a line that nobody mapped has not left, and keeps its hold.
    """
    mapped = {demand.line_id: demand.due for demand in order.demands}
    target = progress(mapped | dict.fromkeys(order.unmatched, 1), order.parcels)
    if target is None or order.fulfilment is Fulfilment.STOPPED:
        return order
    holds = order.holds if order.unmatched else ()
    return replace(order, fulfilment=move(FULFILMENT_MOVES, order.fulfilment, target), holds=holds)


def complete(order: Order) -> Change:
    return Change(replace(order, fulfilment=move(FULFILMENT_MOVES, order.fulfilment, Fulfilment.COMPLETED)))
