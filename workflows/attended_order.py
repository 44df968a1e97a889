"""What a workflow of one order stands on beside listening: its view, its record, its search attributes."""

from collections.abc import Callable
from typing import Any, NoReturn

from temporalio import workflow

from activities.messages import MessageActivities
from activities.records import RecordActivities
from domain.case import CaseDecision, Cause
from domain.limits import Limits
from domain.order import Cancellation
from domain.people import BY_ITSELF
from domain.reference import OrderId
from domain.refund import Asking, Basis
from ports.records import CaseOpened, CaseSettled, DueBack, OrderStep, OrderView, WaitingCase
from ports.refunds import RefundAsked
from workflows import identity, narrative, options
from workflows.attended import Attended
from workflows.messages import (
    CancelRequested,
    Fact,
    GoodsStopAsked,
    OrderPlaced,
    OrderStart,
    ParcelReported,
    PaymentSettled,
    RecipientAmended,
    RefundMoved,
)

RECORDED_BY: dict[type, Callable[..., Any]] = {
    OrderPlaced: RecordActivities.place,
    PaymentSettled: RecordActivities.record_payment,
    CancelRequested: RecordActivities.request_cancellation,
    ParcelReported: RecordActivities.report_parcel,
    RecipientAmended: RecordActivities.amend_recipient,
    GoodsStopAsked: RecordActivities.ask_goods_stop,
    RefundMoved: RecordActivities.hear_of_refund,
}


class AttendedOrder(Attended):
    """Its steps are in the subclass."""

    def __init__(self, order_id: OrderId) -> None:
        super().__init__()
        self._order = OrderView(order_id, known=False, limits=Limits())
        self._early: list[Fact] = []
        self._owed_seen: tuple[str, ...] = ()
        self._on_straight_way = False  # until the order is known, there is nothing to divert

    @property
    def _cases(self) -> tuple[WaitingCase, ...]:
        return self._order.cases

    @property
    def _waits_for(self) -> str:
        return narrative.waiting_for(self._order)

    @property
    def _diverted(self) -> bool:
        cancelled = self._order.cancellation is Cancellation.REQUESTED
        return self._on_straight_way and (cancelled or self._order.finished or bool(self._order.stops))

    def _start_anew(self) -> NoReturn:
        workflow.continue_as_new(OrderStart(self._order.order_id))

    def _step(self, verb: str, outbound: int = 1) -> OrderStep:
        named = identity.about_outbound(verb, outbound)
        transaction_id = identity.transaction_id(workflow.info().workflow_id, named)
        return OrderStep(self._order.order_id, transaction_id, outbound)

    async def _record(self, activity: Callable[..., Any], fact: object) -> None:
        """One transaction of the record; the order is what it answers."""
        self._order = await workflow.execute_local_activity_method(activity, fact, **options.RECORD)

    async def _hear(self) -> None:
        """Write what came in, and what comes in meanwhile: nothing of it may be left when an order ends."""
        while self._inbox or self._order.owed != self._owed_seen:
            while self._inbox:
                await self._write(self._inbox.popleft())
            if self._order.owed != self._owed_seen:
                self._owed_seen = self._order.owed
                await self._pay_back_what_is_due()

    async def _write(self, fact: Fact) -> None:
        """Until the order is known, only the order itself and money can be written."""
        if self._order.known or isinstance(fact, (OrderPlaced, PaymentSettled)):
            await self._record(RECORDED_BY[type(fact)], fact)
        else:
            self._early.append(fact)
        if isinstance(fact, RefundMoved):
            self._owed_seen = ()
        if self._order.known and self._early:
            self._inbox.extend(self._early)
            self._early.clear()

    async def _pay_back_what_is_due(self) -> None:
        """1.10 What is due back goes back by itself: a refund of its own, one for whatever is not on its way yet."""
        step = self._step("due_back")
        due: DueBack | None = await workflow.execute_local_activity_method(
            RecordActivities.due_back, step, **options.RECORD
        )
        if due is not None:  # its number is that of the money: however often this is repeated, it is one refund
            order_id = self._order.order_id
            asking = Asking(identity.due_refund_id(order_id, due.number), order_id, BY_ITSELF, basis=Basis.DUE)
            asked = RefundAsked(asking, "due_back", "")
            await workflow.execute_local_activity_method(MessageActivities.start_refund, asked, **options.RECORD)

    async def _open_case(self, cause: Cause, detail: str, attempts: int = 0) -> None:
        order_id = self._order.order_id
        last_error = detail if attempts else None
        await self._record(
            RecordActivities.open_case, CaseOpened(order_id, cause, str(order_id), detail, attempts, last_error)
        )

    async def _settle(self, decision: CaseDecision) -> None:
        await self._record(RecordActivities.settle_case, CaseSettled(self._order.order_id, decision))

    def _show(self, *, resting: bool) -> None:
        """What the Temporal Web UI says. Each change of a search attribute costs, so passing stages make none."""
        workflow.set_current_details(narrative.details(self._order))
        stage, attention = self._order.stage, self._order.open_cases > 0
        shown = workflow.info().typed_search_attributes
        if attention != shown.get(identity.NEEDS_ATTENTION) or (resting and stage != shown.get(identity.STAGE)):
            workflow.upsert_search_attributes(
                [identity.STAGE.value_set(stage), identity.NEEDS_ATTENTION.value_set(attention)]
            )
