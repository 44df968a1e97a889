"""How an order's workflow listens while it works: one inbox, one writer, and a person where a step can't go on.

Every wait goes through `_until`: what came in is written to the record before anything else happens, one message after
the other. So no two steps of one order ever write at the same time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from temporalio import exceptions, workflow

from activities.records import RecordActivities
from domain.case import CaseDecision, Cause, Choice
from domain.limits import Limits
from domain.order import Cancellation
from domain.reference import OrderId
from ports.records import CaseOpened, CaseSettled, OrderStep, OrderView
from workflows import identity, narrative, options
from workflows.messages import (
    CancelRequested,
    Fact,
    OrderPlaced,
    OrderStart,
    ParcelReported,
    PaymentSettled,
    RecipientAmended,
)

Answer = TypeVar("Answer")
RECORDED_BY: dict[type, Callable[..., Any]] = {
    OrderPlaced: RecordActivities.place,
    PaymentSettled: RecordActivities.record_payment,
    CancelRequested: RecordActivities.request_cancellation,
    ParcelReported: RecordActivities.report_parcel,
    RecipientAmended: RecordActivities.amend_recipient,
}


class Diverted(Exception):
    """The order leaves the straight way: somebody cancelled it, or nobody paid it.

    Or it has ended already: after a crash a task is repeated, and the record answers its first steps with what came
    of its last ones.
    """


class AttendedOrder:
    """What a workflow of one order stands on; its steps are in the subclass."""

    def __init__(self, order_id: OrderId) -> None:
        self._order = OrderView(order_id, known=False, limits=Limits())
        self._inbox: deque[Fact] = deque()
        self._early: list[Fact] = []
        self._decisions: dict[str, CaseDecision] = {}
        self._on_straight_way = False  # until the order is known, there is nothing to divert

    def _step(self, verb: str, outbound: int = 1) -> OrderStep:
        named = identity.about_outbound(verb, outbound)
        transaction_id = identity.transaction_id(workflow.info().workflow_id, named)
        return OrderStep(self._order.order_id, transaction_id, outbound)

    async def _record(self, activity: Callable[..., Any], fact: object) -> None:
        """One transaction of the record; the order is what it answers."""
        self._order = await workflow.execute_local_activity_method(activity, fact, **options.RECORD)

    async def _record_step(self, activity: Callable[..., Any], step: object) -> None:
        """A step of our own. One that the record refuses waits for a person, and is tried again."""
        await self._record(activity, step)
        while Cause.STEP_REFUSED in self._waiting_cases().values():
            await self._decided(Cause.STEP_REFUSED)
            await self._record(activity, step)

    async def _hear(self) -> None:
        """Write what came in. Until the order is known, only the order itself and money can be written."""
        while self._inbox:
            fact = self._inbox.popleft()
            if self._order.known or isinstance(fact, (OrderPlaced, PaymentSettled)):
                await self._record(RECORDED_BY[type(fact)], fact)
            else:
                self._early.append(fact)
            if self._order.known and self._early:
                self._inbox.extend(self._early)
                self._early.clear()

    async def _until(self, reached: Callable[[], bool], *, by: datetime | None = None, resting: bool = False) -> bool:
        """Wait and listen. False when `by` passes first. Raises Diverted when the order is cancelled meanwhile.

        `resting`: nothing is in flight, so a long history may start anew from the record.
        """
        while True:
            await self._hear()
            cancelled = self._order.cancellation is Cancellation.REQUESTED
            if self._on_straight_way and (cancelled or self._order.finished):
                raise Diverted
            if reached():
                return True
            if by is not None and by <= workflow.now():
                return False
            self._show(resting=resting)
            if resting and workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
                workflow.continue_as_new(OrderStart(self._order.order_id))
            try:
                await workflow.wait_condition(
                    lambda: bool(self._inbox) or reached(),
                    timeout=by - workflow.now() if by else None,
                    timeout_summary=narrative.waiting_for(self._order),
                )
            except asyncio.TimeoutError:  # noqa: UP041 - the SDK names it so
                continue

    async def _outside(
        self,
        call: Callable[[], workflow.ActivityHandle[Answer]],
        cause: Cause,
        *,
        unless: Callable[[], bool],
    ) -> Answer | CaseDecision | None:
        """One outside step: its attempts, then a case, then what the person decided.

        None when `unless` came true first: the outside told us before we had our answer.
        """
        while True:
            try:
                return await self._attempt(call, unless)
            except exceptions.ActivityError as error:
                await self._open_case(cause, *_last_attempt(error))
                decision = await self._decided(cause, unless=unless)
                if decision is None:
                    await self._settle_answered(cause)
                if decision is None or decision.choice is not Choice.RETRY:
                    return decision

    async def _attempt(
        self, call: Callable[[], workflow.ActivityHandle[Answer]], unless: Callable[[], bool]
    ) -> Answer | None:
        handle = call()
        try:
            await self._until(lambda: handle.done() or unless())
            return await handle if handle.done() else None
        finally:
            handle.add_done_callback(_heard_out)
            handle.cancel()

    async def _open_case(self, cause: Cause, detail: str, attempts: int = 0) -> None:
        order_id = self._order.order_id
        last_error = detail if attempts else None
        await self._record(
            RecordActivities.open_case, CaseOpened(order_id, cause, str(order_id), detail, attempts, last_error)
        )

    def _waiting_cases(self) -> dict[str, Cause]:
        return {case.case_id: case.cause for case in self._order.cases}

    async def _decided(self, *causes: Cause, unless: Callable[[], bool] = lambda: False) -> CaseDecision | None:
        """What a person decided of the open cases of these causes; None: one settled itself, or `unless` came true."""
        asked = [case_id for case_id, cause in self._waiting_cases().items() if cause in causes]
        await self._until(
            lambda: unless() or any(each in self._decisions or each not in self._waiting_cases() for each in asked)
        )
        decision = next((self._decisions.pop(each) for each in asked if each in self._decisions), None)
        if decision is not None:
            await self._settle(decision)
            await self._until(lambda: True)  # a decision to cancel diverts here
        return decision

    async def _settle_answered(self, cause: Cause) -> None:
        for case_id in [case_id for case_id, waiting in self._waiting_cases().items() if waiting is cause]:
            moot = "settled itself: the outside answered"
            await self._settle(CaseDecision(case_id, Choice.CLOSE, by="workflow", reason=moot))

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


def _heard_out(handle: asyncio.Task[Any]) -> None:
    """Nobody waits for this answer any more; without a look at it the SDK would log it as an error."""
    if not handle.cancelled():
        handle.exception()


def _last_attempt(error: exceptions.ActivityError) -> tuple[str, int]:
    """The last thing the outside said, below the wrapping, and which attempt heard it (0: nobody counted)."""
    sentence = str(error)
    cause: BaseException | None = error
    while cause is not None:
        sentence = str(cause)
        if isinstance(cause, exceptions.ApplicationError):
            return cause.message, next((each for each in cause.details if isinstance(each, int)), 0)
        cause = cause.__cause__
    return sentence, 0
