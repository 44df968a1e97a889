"""The order's way from payment to completion."""

from collections.abc import Callable, Iterator
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.payments import PaymentActivities
from activities.records import RecordActivities
from activities.warehouse import WarehouseActivities
from domain.axis import Fulfilment, Payment
from domain.case import CaseDecision, Cause, Choice, check_decision
from domain.errors import SkipRefused
from domain.limits import Limits
from domain.order import Cancellation, Stage
from domain.payment import Capture
from ports.payments import CloseOutcome, TradeAnswer, TradeQuestion, TradeState
from ports.records import UnpaidPart
from ports.warehouse import PushOutcome
from workflows import options
from workflows.attended import Diverted
from workflows.messages import (
    CancelRequested,
    GoodsStopAsked,
    OrderEnd,
    OrderPlaced,
    OrderStart,
    OrderView,
    ParcelReported,
    PaymentSettled,
    RecipientAmended,
    RefundMoved,
)
from workflows.stoppable_order import NOT_SHIPPED, StoppableOrder

NOT_TOUCHED = (Fulfilment.WAITING, Fulfilment.STOPPED)
NOT_DELIVERED = (*NOT_SHIPPED, Fulfilment.PARTLY_SHIPPED, Fulfilment.SHIPPED, Fulfilment.PARTLY_DELIVERED)


@workflow.defn(name="OrderWorkflow")
class OrderWorkflow(StoppableOrder):
    """One order: docs/sop.md, section 1."""

    @workflow.init
    def __init__(self, start: OrderStart) -> None:
        super().__init__(start.order_id)

    @workflow.run
    async def run(self, start: OrderStart) -> OrderEnd:
        await self._known()
        while not self._order.finished:
            try:
                await self._paid()
                while self._order.awaits_push:  # again for the rest, where a short order was split
                    await self._stock_reserved()
                    await self._released()
                    await self._pushed()
                await self._shipped()
                await self._delivered()
                await self._completed()
            except Diverted:
                await self._ended_unless_too_late()
        await self._all_heard()
        return OrderEnd(start.order_id, self._order.stage)

    # What the outside may ask and tell

    @workflow.query(description="where the order stands")
    def progress(self) -> OrderView:
        return self._order

    @workflow.signal(description="the shop took an order")
    def order_placed(self, fact: OrderPlaced) -> None:
        self._inbox.append(fact)

    @workflow.signal(description="a provider captured money for this order")
    def payment_settled(self, fact: PaymentSettled) -> None:
        self._inbox.append(fact)

    @workflow.signal(description="the buyer or the shop wants no order any more")
    def cancel_requested(self, fact: CancelRequested) -> None:
        self._inbox.append(fact)

    @workflow.signal(description="a parcel left or arrived")
    def parcel_reported(self, fact: ParcelReported) -> None:
        self._inbox.append(fact)

    @workflow.signal(description="a refund wants goods not to leave")
    def goods_stop_asked(self, fact: GoodsStopAsked) -> None:
        self._inbox.append(fact)

    @workflow.signal(description="the recipient's address was mended")
    def recipient_amended(self, fact: RecipientAmended) -> None:
        self._inbox.append(fact)

    @workflow.signal(description="a refund of this order was opened, or has ended")
    def refund_moved(self, fact: RefundMoved) -> None:
        self._inbox.append(fact)

    @workflow.update(description="decide a case that this order waits for: retry, skip with a reason, cancel")
    async def decide_case(self, decision: CaseDecision) -> Stage:
        self._decisions[decision.case_id] = decision
        await workflow.wait_condition(lambda: decision.case_id not in self._waiting_cases())
        return self._order.stage

    @decide_case.validator
    def _may_decide_case(self, decision: CaseDecision) -> None:
        cause = self._waiting_cases().get(decision.case_id)
        if cause is None or decision.case_id in self._decisions:
            raise ApplicationError("this case is not open: somebody decided it before", type="CaseNotOpen")
        try:
            check_decision(cause, decision)
        except SkipRefused as refused:
            raise ApplicationError(str(refused), type="SkipRefused") from refused

    # The steps, in the order of run()

    async def _known(self) -> None:
        """1.1 The order is in the record. Money and wishes that came first wait for it."""
        if not any(isinstance(fact, OrderPlaced) for fact in self._inbox):
            await self._record(RecordActivities.load, self._step("load"))
        by = workflow.now() + self._order.limits.order_must_follow_within
        if not await self._until(lambda: self._order.known, by=by):
            await self._open_case(Cause.MESSAGE_WITHOUT_ORDER, "a message came for an order that nobody placed")
            await self._until(lambda: self._order.known)
        self._on_straight_way = True

    async def _paid(self) -> None:
        """1.2 Every part of the plan is paid. Without a notice the provider is asked, at last when the window ends."""
        while self._order.payment is not Payment.PAID:
            part = self._order.unpaid
            assert part is not None
            for moment in _asking_moments(part, self._order.limits):
                if await self._until(self._settled(part), by=moment, resting=True):
                    break
                await self._ask_provider(part)
            if self._order.unpaid == part:
                raise Diverted

    async def _stock_reserved(self) -> None:
        """1.3 The goods are reserved. Short: a person restocks, lets go ahead what is there, or gives up the rest."""
        while self._order.awaits_push:
            if self._order.awaits_stock:  # else the payment took its goods along
                await self._record_step(RecordActivities.reserve_stock, self._step("reserve"))
            if Cause.OUT_OF_STOCK not in self._waiting_cases().values():
                return
            await self._decided(Cause.OUT_OF_STOCK)

    async def _released(self) -> None:
        """1.4 The release gate: no hold stands between the order and the warehouse."""
        while self._order.awaits_push and self._order.holds:
            await self._decided(*self._waiting_cases().values())
            await self._stock_reserved()

    async def _pushed(self) -> None:
        """1.5 The warehouse has what is reserved, once."""
        while self._order.awaits_push:
            answer = await self._outside(
                lambda: workflow.start_activity_method(
                    WarehouseActivities.push,
                    self._step("push", self._order.outbound),
                    **options.warehouse_call(self._order.limits),
                ),
                Cause.PUSH_FAILED,
                unless=lambda: not self._order.awaits_push,
            )
            if answer is not None and not isinstance(answer, CaseDecision):
                if answer.outcome is PushOutcome.ACCEPTED:
                    await self._push_recorded(outbound_no=answer.outbound_no)
                    return
                await self._open_case(Cause.PUSH_REFUSED, answer.reason or answer.outcome)
                answer = await self._decided(Cause.PUSH_REFUSED)
            if answer is None or answer.choice is Choice.SKIP:
                await self._push_recorded(decision=answer)
                return

    async def _shipped(self) -> None:
        """1.6 Every line left, in one parcel or several."""
        await self._until(lambda: self._order.fulfilment not in NOT_SHIPPED, resting=True)

    async def _delivered(self) -> None:
        """1.7 Every parcel arrived."""
        await self._until(lambda: self._order.fulfilment not in NOT_DELIVERED, resting=True)

    async def _completed(self) -> None:
        """1.8 The time for objections has passed."""
        assert self._order.delivered_at is not None
        end = self._order.delivered_at + self._order.limits.completes_after_delivery
        await self._until(lambda: self._order.finished, by=end, resting=True)
        await self._record_step(RecordActivities.complete, self._step("complete"))

    async def _ended_unless_too_late(self) -> None:
        """1.9 Unpaid or cancelled: the trade is closed, the warehouse stopped, the stock freed, the money due back."""
        self._on_straight_way = False
        cancelled = self._order.cancellation is Cancellation.REQUESTED
        if self._order.stops and not cancelled:
            await self._goods_stopped(self._order.stops[0])
            self._on_straight_way = True
            return
        if self._order.finished:
            return
        if self._order.unpaid is not None and not await self._trade_closed(self._order.unpaid) and not cancelled:
            pass  # paid at the last moment: back on the straight way
        elif self._order.fulfilment in NOT_TOUCHED:
            await self._record_step(RecordActivities.stop, self._step("stop"))
        else:
            await self._stopped_as_far_as_it_has_not_left()
        self._on_straight_way = True

    async def _all_heard(self) -> None:
        """Return only when every message is in the record and every person has an answer."""
        self._on_straight_way = False
        while not await self._until(workflow.all_handlers_finished) or self._order.stops:
            await self._goods_stopped(self._order.stops[0])
        self._show(resting=True)

    # Asking the outside

    async def _ask_provider(self, part: UnpaidPart) -> None:
        """A paid trade counts as its notice would. One that was paid and refunded outside waits for a person."""
        answer = await self._outside(
            lambda: workflow.start_activity_method(
                PaymentActivities.query_trade,
                self._question(part, "query"),
                **options.provider_call(self._order.limits),
            ),
            Cause.PROVIDER_SILENT,
            unless=self._settled(part),
        )
        if isinstance(answer, TradeAnswer) and answer.state is TradeState.REFUNDED:
            await self._open_case(Cause.TRADE_REFUNDED, f"{part.out_trade_no} was paid, and money of it went back")
            decision = await self._decided(Cause.TRADE_REFUNDED, unless=self._settled(part))
            if decision is not None and decision.choice is Choice.RETRY:
                await self._ask_provider(part)
        if isinstance(answer, TradeAnswer) and answer.state is TradeState.PAID:
            assert answer.trade_no and answer.amount and answer.paid_at  # noqa: PT018 - a paid trade has all three
            capture = Capture(part.provider, part.account, answer.trade_no, part.part, answer.amount, answer.paid_at)
            fact = PaymentSettled(self._order.order_id, capture, source="query")
            await self._record(RecordActivities.record_payment, fact)

    async def _trade_closed(self, part: UnpaidPart) -> bool:
        """Closed at the provider, so that nobody can pay it any more; False when somebody just paid it in full."""
        answer = await self._outside(
            lambda: workflow.start_activity_method(
                PaymentActivities.close_trade,
                self._question(part, "close"),
                **options.provider_call(self._order.limits),
            ),
            Cause.PROVIDER_SILENT,
            unless=self._settled(part),
        )
        if answer is None or isinstance(answer, CaseDecision):
            return False
        if answer.outcome is CloseOutcome.ALREADY_PAID:
            await self._ask_provider(part)
        return self._order.unpaid == part

    def _settled(self, part: UnpaidPart) -> Callable[[], bool]:
        return lambda: self._order.unpaid != part

    def _question(self, part: UnpaidPart, verb: str) -> TradeQuestion:
        step = self._step(f"{verb}/{part.part}")
        return TradeQuestion(part.provider, part.account, part.out_trade_no, step.transaction_id)


def _asking_moments(part: UnpaidPart, limits: Limits) -> Iterator[datetime]:
    """2, 4, 8, ... minutes after the trade was opened, and at the end of its window; of those missed only the last."""
    pause = limits.ask_provider_after
    while part.opened_at + pause < part.pay_until:
        following = min(part.opened_at + pause * 2, part.pay_until)
        if following > workflow.now():
            yield part.opened_at + pause
        pause *= 2
    yield part.pay_until
