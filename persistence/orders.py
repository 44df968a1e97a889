"""The central record of orders. Each public method is one transition: lock, decide in the domain, write all of it.

Only OrderWorkflow calls the writing methods, through local activities; so an order has one writer.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain import backorder, ending, ledger, order, release, stopping
from domain.case import CaseDecision, Cause, Choice, NewCase
from domain.limits import Limits
from domain.order import Change, Order
from domain.outbound import Outbound, StopWish
from domain.reference import OWN_SHOP
from domain.stock import shortage, units_by_sku
from persistence import audit, cases, due_back, goods_stops, order_rows, outbound, payments, refusals, stock
from persistence.audit import Deed
from persistence.customers import Customers
from persistence.engine import reading
from persistence.ledger import book
from persistence.placement import insert_order
from persistence.sheet import Sheet
from persistence.tables import orders
from persistence.transition import Footing, OrderNotKnown, Transitions
from ports.clock import Clock
from ports.measures import UNMEASURED, Measures
from ports.records import (
    CancelledTooLate,
    CancelRequested,
    CaseOpened,
    CaseSettled,
    DueBack,
    GoodsStopAsked,
    GoodsStopped,
    OrderPlaced,
    OrderRecords,
    OrderStep,
    OrderView,
    ParcelReported,
    PaymentSettled,
    PushRecorded,
    RecipientAmended,
    RefundMoved,
)
from ports.warehouse import PushLine, PushRequest

WORKFLOW = "workflow"


class NothingToPush(Exception):
    """The order was stopped or dropped meanwhile: an attempt that is still under way must not push anything."""


class PostgresOrders(Transitions, OrderRecords):
    def __init__(
        self,
        engine: AsyncEngine,
        customers: Customers,
        clock: Clock,
        limits: Limits,
        measures: Measures = UNMEASURED,
        *,
        pays_back: bool = False,
    ) -> None:
        """`pays_back`: what is due back goes back by itself."""
        super().__init__(engine, clock, limits, measures)
        self._pays_back = pays_back
        self._customers = customers

    async def load(self, step: OrderStep) -> OrderView:
        async with reading(self._engine) as db:
            loaded = await order_rows.load(db, step.order_id, lock=False)
            return await self._view(Footing(db, self._clock.now(), step.order_id, loaded))

    @refusals.fact
    async def place(self, fact: OrderPlaced) -> OrderView:
        order_id = fact.order.id
        async with self._locked(order_id, fact.event_ids) as here:
            if here.loaded is None:
                await self._place(here, fact)
            return await self._view(here)

    async def _place(self, here: Footing, fact: OrderPlaced) -> None:
        order_id = fact.order.id
        early = await payments.early(here.db, order_id)
        every_line = tuple(line.line_id for line in fact.order.lines)
        blank = replace(fact.order, captures=early, demands=(), unmatched=every_line)
        demands, unmatched = await stock.match_lines(here.db, blank)
        change = order.place(replace(fact.order, captures=(), demands=demands, unmatched=unmatched), early)
        here.loaded = await insert_order(here.db, fact, blank, here.now)
        deed = Deed(f"shop {order_id.shop_id}", "place", fact.event_ids)
        about = {"amount": str(fact.order.amount), "stage": change.order.stage}
        here.happened.append(lambda: self._measures.order_placed(order_id))
        await self._write(here, change, deed, about, noted=True)
        if here.known.reserve_on_order and not shortage(units_by_sku(demands), await stock.free(here.db, demands)):
            await stock.reserve(here.db, str(order_id), demands)

    @refusals.fact
    async def record_payment(self, fact: PaymentSettled) -> OrderView:
        """Money that completes the plan takes its goods along; trouble with the goods never costs us the money."""
        try:
            return await self._record_payment(fact, taking_goods=True)
        except refusals.REFUSED:
            return await self._record_payment(fact, taking_goods=False)

    async def _record_payment(self, fact: PaymentSettled, *, taking_goods: bool) -> OrderView:
        deed = Deed(fact.capture.provider, "record_payment", fact.event_ids)
        paid = {"amount": str(fact.capture.amount), "trade": fact.capture.trade_no, "source": fact.source}
        async with self._locked(fact.order_id, fact.event_ids) as here:
            if here.loaded is None:
                await self._record_early_payment(here, fact, deed, paid)
            else:
                change = order.capture_payment(here.order, fact.capture)
                if taking_goods and release.wants_its_goods(change.order):
                    change = change.then(await self._prepared(here, change.order))
                await self._write(here, change, deed, paid | _reserved(change), source=fact.source)
            return await self._view(here)

    async def _record_early_payment(
        self, here: Footing, fact: PaymentSettled, deed: Deed, paid: Mapping[str, Any]
    ) -> None:
        """Money before its order: booked at once and held apart, matched when the order comes."""
        order_id = str(fact.order_id)
        before = await payments.early(here.db, fact.order_id)
        known = next((each for each in before if each.key == fact.capture.key), None)
        if known is not None:
            if known.amount != fact.capture.amount:
                detail = f"trade {known.trade_no} was {known.amount} before, now {fact.capture.amount}"
                await self._open_case(here, NewCase(Cause.OTHER_CONTENT, known.trade_no, detail))
            return
        after = (*before, fact.capture)
        sheet = Sheet(payments=payments.new_rows(before, after, source=fact.source, now=here.now))
        book(sheet, [ledger.held_apart("/".join(fact.capture.key), fact.capture.amount)], here.now)
        head = await audit.head_of(here.db, order_id)
        sheet.audit.append(audit.next_entry(order_id, head, deed, paid, here.now))
        await self._put(here, sheet)

    @refusals.fact
    async def request_cancellation(self, fact: CancelRequested) -> OrderView:
        deed = Deed(fact.by, "request_cancellation", fact.event_ids)
        return await self._decide(fact.order_id, deed, ending.request_cancellation, {"reason": fact.reason})

    @refusals.fact
    async def report_parcel(self, fact: ParcelReported) -> OrderView:
        deed = Deed("warehouse", "report_parcel", fact.event_ids)
        about = {"parcel": fact.parcel.parcel_no, "delivered": fact.parcel.delivered_at is not None}
        return await self._decide(fact.order_id, deed, lambda now: order.report_parcel(now, fact.parcel), about)

    @refusals.fact
    async def amend_recipient(self, fact: RecipientAmended) -> OrderView:
        deed = Deed(fact.by, "amend_recipient", fact.event_ids)
        async with self._locked(fact.order_id, fact.event_ids) as here:
            sealed = {"recipient": fact.recipient, "phone_tail": fact.phone_tail}
            await here.db.execute(update(orders).where(orders.c.id == str(fact.order_id)).values(sealed))
            amended = replace(here.order, address_gaps=fact.address_gaps)
            change = release.review(amended) if amended.holds else Change(amended)
            await self._write(here, change, deed, {"recipient": "amended"})
            return await self._view(here)

    @refusals.fact
    async def hear_of_refund(self, fact: RefundMoved) -> OrderView:
        async with self._locked(fact.order_id) as here:
            found = await due_back.standing(here.db, str(fact.order_id))
            change = ending.after_sale(here.order, is_open=fact.is_open or bool(found.open))
            reason = f"settled itself: the money is back, at last by refund {fact.refund_id}"
            for case, _ in here.known.open_cases:
                if not fact.is_open and found.settles(case, case.subject, here.order):
                    await self._settle_case(here, CaseDecision(case.case_id, Choice.CLOSE, WORKFLOW, reason))
            about = {"refund": fact.refund_id}
            await self._write(here, change, Deed(f"refund {fact.refund_id}", "hear_of_refund"), about)
            return await self._view(here)

    async def due_back(self, step: OrderStep) -> DueBack | None:
        if not self._pays_back or step.order_id.channel != OWN_SHOP:
            return None  # a marketplace moves the money of its orders by itself
        async with reading(self._engine) as db:
            return await due_back.next_due(db, str(step.order_id))

    @refusals.step
    async def reserve_stock(self, step: OrderStep) -> OrderView:
        async with self._locked(step.order_id) as here:
            change = await self._prepared(here, here.order)
            await self._write(here, change, Deed(WORKFLOW, "reserve_stock"), _reserved(change))
            return await self._view(here)

    async def _prepared(self, here: Footing, paid: Order) -> Change:
        """Lines that were mapped meanwhile are matched; the stock that is free is locked until the transaction ends."""
        matched, unmatched = await stock.match_lines(here.db, paid)
        known = replace(paid, demands=(*paid.demands, *matched), unmatched=unmatched)
        return release.prepare(known, await stock.free(here.db, backorder.wanted(known)))

    async def push_request(self, step: OrderStep) -> PushRequest:
        async with reading(self._engine) as db:
            loaded = await order_rows.load(db, step.order_id, lock=False)
            if loaded is None:
                raise OrderNotKnown(str(step.order_id))
            recipient, note = await self._customers.recipient_and_note(db, step.order_id)
        goods = backorder.contents(loaded.order, step.outbound)
        if not goods:
            raise NothingToPush(f"{step.order_id} has nothing reserved for outbound order {step.outbound}")
        lines = tuple(PushLine(each.line_id, each.sku, each.quantity) for each in goods)
        reference = step.order_id.warehouse_reference(step.outbound)
        return PushRequest(reference, step.transaction_id, recipient, lines, note)

    @refusals.step
    async def record_push(self, fact: PushRecorded) -> OrderView:
        async with self._locked(fact.order_id) as here:
            change = order.pushed(here.order, fact.outbound, outside=fact.outside_shipment_no is not None)
            if change.order.outbound != here.order.outbound:
                await self._write_outbound(here, fact, change.order.outbound[-1])
            about = {"outbound_no": fact.outbound_no, "outside_shipment_no": fact.outside_shipment_no}
            await self._write(here, change, Deed(fact.by, "record_push"), about)
            return await self._view(here)

    async def _write_outbound(self, here: Footing, fact: PushRecorded, new: Outbound) -> None:
        since = await outbound.write(here.db, fact, new, here.now)
        if new.number == 1 and since.paid_at is not None and fact.outbound_no is not None:
            waited, attended = here.now - since.paid_at, since.attended
            here.happened.append(lambda: self._measures.order_pushed(waited, attended=attended))

    @refusals.step
    async def complete(self, step: OrderStep) -> OrderView:
        return await self._decide(step.order_id, Deed(WORKFLOW, "complete"), order.complete)

    @refusals.step
    async def stop(self, step: OrderStep) -> OrderView:
        return await self._decide(step.order_id, Deed(WORKFLOW, "stop"), ending.stop)

    @refusals.step
    async def cancel_too_late(self, fact: CancelledTooLate) -> OrderView:
        deed = Deed(WORKFLOW, "cancel_too_late")
        return await self._decide(fact.order_id, deed, lambda now: ending.cancel_too_late(now, fact.stopped))

    @refusals.fact
    async def ask_goods_stop(self, fact: GoodsStopAsked) -> OrderView:
        async with self._locked(fact.order_id, fact.event_ids) as here:
            wish = StopWish(fact.refund_id, stopping.with_gifts(here.order, fact.units))
            if await goods_stops.ask(here.db, fact, dict(wish.units), here.now):
                wished = Change(replace(here.order, stops=(*here.order.stops, wish)))
                about = {"refund": wish.refund_id, "units": dict(wish.units)}
                await self._write(here, wished, Deed(WORKFLOW, "ask_goods_stop"), about)
            return await self._view(here)

    @refusals.step
    async def stop_goods(self, fact: GoodsStopped) -> OrderView:
        async with self._locked(fact.order_id) as here:
            wish = next((each for each in here.order.stops if each.refund_id == fact.refund_id), None)
            if wish is not None:
                found = stopping.stopped_for(here.order, wish, fact.stopped)
                await goods_stops.answer(here.db, wish.refund_id, found, fact.stopped, here.now)
                about = {"refund": wish.refund_id, "stopped": dict(found.units), "due": str(found.due)}
                await self._write(here, found.change, Deed(WORKFLOW, "stop_goods"), about, noted=True)
                await self._look_at_stock_again(here)
            return await self._view(here)

    async def _look_at_stock_again(self, here: Footing) -> None:
        """Less is wanted than the case was about."""
        for case, _ in here.known.open_cases:
            if case.cause is Cause.OUT_OF_STOCK:
                reason = "settled itself: a refund took goods out of the order"
                await self._settle_case(here, CaseDecision(case.case_id, Choice.CLOSE, WORKFLOW, reason))

    async def open_case(self, fact: CaseOpened) -> OrderView:
        async with self._locked(fact.order_id) as here:
            await self._open_case(here, NewCase(fact.cause, fact.subject, fact.detail), fact.attempts, fact.last_error)
            return await self._view(here)

    async def settle_case(self, fact: CaseSettled) -> OrderView:
        """What a decision makes of the order is written in the same transaction, once."""
        decision = fact.decision
        async with self._locked(fact.order_id) as here:
            settled = await self._settle_case(here, decision)
            change = Change(here.order)
            if settled:
                cause = await cases.cause_of(here.db, decision.case_id)
                change = ending.decide(here.order, cause, decision.choice)
            about = {"case": decision.case_id, "choice": decision.choice, "reason": decision.reason}
            await self._write(here, change, Deed(decision.by, "settle_case"), about, noted=settled)
            return await self._view(here)


def _reserved(change: Change) -> dict[str, Any]:
    return {"reserved": units_by_sku(change.taken)} if change.taken else {}
