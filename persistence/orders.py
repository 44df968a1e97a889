"""The central record of orders. Each public method is one transition: lock, decide in the domain, write all of it.

Only OrderWorkflow calls the writing methods, through local activities; so an order has one writer.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain import ledger, order, release
from domain.case import Cause, Choice, NewCase
from domain.limits import Limits
from domain.order import Change
from domain.stock import units_by_sku
from persistence import audit, cases, order_rows, refusals, stock
from persistence.audit import Deed
from persistence.customers import Customers
from persistence.ledger import book
from persistence.tables import orders
from persistence.transition import Footing, OrderNotKnown, Transitions
from ports.clock import Clock
from ports.measures import UNMEASURED, Measures
from ports.records import (
    CancelRequested,
    CaseOpened,
    CaseSettled,
    OrderPlaced,
    OrderRecords,
    OrderStep,
    OrderView,
    ParcelReported,
    PaymentSettled,
    PushRecorded,
    RecipientAmended,
)
from ports.warehouse import PushLine, PushRequest

WORKFLOW = "workflow"

# Paid is recorded with the last part's money, or with the order whose money came first.
_PUSHED = text(
    """
    insert into outbound_orders (order_id, reference, transaction_id, outbound_no, outside_shipment_no, pushed_at)
    values (:order_id, :reference, :transaction_id, :outbound_no, :outside_shipment_no, :pushed_at)
    on conflict do nothing
    returning
      (select greatest(max(p.recorded_at), max(o.recorded_at)) from payments p join orders o on o.id = p.order_id
       where p.order_id = outbound_orders.order_id and p.matched) as paid_at,
      exists (select from cases c where c.order_id = outbound_orders.order_id) as attended
    """
)


class PostgresOrders(Transitions, OrderRecords):
    def __init__(
        self,
        engine: AsyncEngine,
        customers: Customers,
        clock: Clock,
        limits: Limits,
        measures: Measures = UNMEASURED,
    ) -> None:
        super().__init__(engine, clock, limits, measures)
        self._customers = customers

    async def load(self, step: OrderStep) -> OrderView:
        async with self._engine.connect() as db:
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
        early = await order_rows.early_captures(here.db, order_id)
        every_line = tuple(line.line_id for line in fact.order.lines)
        blank = replace(fact.order, captures=early, demands=(), unmatched=every_line)
        demands, unmatched = await stock.match_lines(here.db, blank)
        change = order.place(replace(fact.order, captures=(), demands=demands, unmatched=unmatched), early)
        await order_rows.insert_order(here.db, fact, blank, here.now)
        here.loaded = await order_rows.load(here.db, order_id)
        deed = Deed(f"shop {order_id.shop_id}", "place", fact.event_ids)
        about = {"amount": str(fact.order.amount), "stage": change.order.stage}
        await self._write(here, change, deed, about, noted=True)
        if here.known.reserve_on_order:
            await stock.reserve(here.db, str(order_id), demands)
        here.happened.append(lambda: self._measures.order_placed(order_id))

    @refusals.fact
    async def record_payment(self, fact: PaymentSettled) -> OrderView:
        deed = Deed(fact.capture.provider, "record_payment", fact.event_ids)
        paid = {"amount": str(fact.capture.amount), "trade": fact.capture.trade_no, "source": fact.source}
        async with self._locked(fact.order_id, fact.event_ids) as here:
            if here.loaded is None:
                await self._record_early_payment(here, fact, deed, paid)
            else:
                change = order.capture_payment(here.order, fact.capture)
                await self._write(here, change, deed, paid, source=fact.source)
            return await self._view(here)

    async def _record_early_payment(
        self, here: Footing, fact: PaymentSettled, deed: Deed, paid: Mapping[str, Any]
    ) -> None:
        """Money before its order: booked at once and held apart, matched when the order comes."""
        order_id = str(fact.order_id)
        before = await order_rows.early_captures(here.db, fact.order_id)
        known = next((each for each in before if each.key == fact.capture.key), None)
        if known is not None:
            if known.amount != fact.capture.amount:
                detail = f"trade {known.trade_no} was {known.amount} before, now {fact.capture.amount}"
                await self._open_case(here, NewCase(Cause.OTHER_CONTENT, known.trade_no, detail))
            return
        after = (*before, fact.capture)
        await order_rows.write_captures(here.db, order_id, before, after, source=fact.source, now=here.now)
        await book(here.db, order_id, [ledger.held_apart("/".join(fact.capture.key), fact.capture.amount)], here.now)
        await audit.append(here.db, order_id, deed, paid, here.now)

    @refusals.fact
    async def request_cancellation(self, fact: CancelRequested) -> OrderView:
        deed = Deed(fact.by, "request_cancellation", fact.event_ids)
        return await self._decide(fact.order_id, deed, order.request_cancellation, {"reason": fact.reason})

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

    @refusals.step
    async def reserve_stock(self, step: OrderStep) -> OrderView:
        async with self._locked(step.order_id) as here:
            matched, unmatched = await stock.match_lines(here.db, here.order)
            known = replace(here.order, demands=(*here.order.demands, *matched), unmatched=unmatched)
            wanted = [each for each in known.demands if each.line_id not in here.known.reserved_lines]
            missing = await stock.reserve(here.db, str(step.order_id), wanted)
            change = order.reserved(known)
            if missing:
                short = ", ".join(f"{count} x {sku}" for sku, count in missing.items())
                change = Change(known, cases=(NewCase(Cause.OUT_OF_STOCK, str(step.order_id), f"short of {short}"),))
            taken = {"reserved": units_by_sku(wanted)} if wanted and not missing else {}
            await self._write(here, change, Deed(WORKFLOW, "reserve_stock"), taken)
            return await self._view(here)

    @refusals.step
    async def review_release(self, step: OrderStep) -> OrderView:
        return await self._decide(step.order_id, Deed(WORKFLOW, "review_release"), release.review)

    async def push_request(self, step: OrderStep) -> PushRequest:
        async with self._engine.connect() as db:
            loaded = await order_rows.load(db, step.order_id, lock=False)
            if loaded is None:
                raise OrderNotKnown(str(step.order_id))
            recipient, note = await self._customers.recipient_and_note(db, step.order_id)
        lines = tuple(PushLine(each.line_id, each.sku, each.quantity) for each in loaded.order.demands)
        return PushRequest(step.order_id.warehouse_reference, step.transaction_id, recipient, lines, note)

    @refusals.step
    async def record_push(self, fact: PushRecorded) -> OrderView:
        async with self._locked(fact.order_id) as here:
            row = {
                "order_id": str(fact.order_id),
                "reference": fact.order_id.warehouse_reference,
                "transaction_id": fact.transaction_id,
                "outbound_no": fact.outbound_no,
                "outside_shipment_no": fact.outside_shipment_no,
                "pushed_at": here.now,
            }
            since = (await here.db.execute(_PUSHED, row)).one_or_none()
            if since is not None and since.paid_at is not None and fact.outbound_no is not None:
                waited, attended = here.now - since.paid_at, since.attended
                here.happened.append(lambda: self._measures.order_pushed(waited, attended=attended))
            about = {"outbound_no": fact.outbound_no, "outside_shipment_no": fact.outside_shipment_no}
            await self._write(here, order.pushed(here.order), Deed(fact.by, "record_push"), about)
            return await self._view(here)

    @refusals.step
    async def complete(self, step: OrderStep) -> OrderView:
        return await self._decide(step.order_id, Deed(WORKFLOW, "complete"), order.complete)

    @refusals.step
    async def stop(self, step: OrderStep) -> OrderView:
        return await self._decide(step.order_id, Deed(WORKFLOW, "stop"), order.stop)

    @refusals.step
    async def cancel_too_late(self, step: OrderStep) -> OrderView:
        return await self._decide(step.order_id, Deed(WORKFLOW, "cancel_too_late"), order.cancel_too_late)

    async def open_case(self, fact: CaseOpened) -> OrderView:
        async with self._locked(fact.order_id) as here:
            await self._open_case(here, NewCase(fact.cause, fact.subject, fact.detail), fact.attempts, fact.last_error)
            return await self._view(here)

    async def settle_case(self, fact: CaseSettled) -> OrderView:
        """A decision to cancel is noted on the order in the same transaction."""
        decision = fact.decision
        async with self._locked(fact.order_id) as here:
            settled = await cases.settle(here.db, decision, here.now)
            change = Change(here.order)
            if decision.choice is Choice.CANCEL:
                change = order.request_cancellation(here.order)
            about = {"case": decision.case_id, "choice": decision.choice, "reason": decision.reason}
            await self._write(here, change, Deed(decision.by, "settle_case"), about, noted=settled)
            return await self._view(here)
