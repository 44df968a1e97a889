"""Refunds over HTTP: asked for by the own shop, decided by the staff, shown to both."""

from collections.abc import Awaitable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from api.acceptance import Acceptance
from api.case_decisions import shown
from api.errors import Problem
from api.refund_bodies import (
    ApprovalAnswer,
    AskedAnswer,
    AssessmentBody,
    LegAnswer,
    RefundAnswer,
    RefundBody,
    ReminderAnswer,
    ReturnAnswer,
    TaskAnswer,
    WaybillBody,
)
from api.shop_orders import Request
from domain.approval import Approval, TaskState
from domain.errors import ApprovalChanged, ApprovalRefused
from domain.reference import OrderId
from domain.refund import Decision
from domain.returns import Return
from persistence import queries, refund_list
from persistence.engine import reading
from persistence.evidence import Arrival, Verdict
from persistence.refund_list import KnownRefund
from persistence.refund_rows import LoadedRefund
from ports.refunds import RefundAsked, RefundView
from ports.returns import GoodsSent, ReturnAssessed
from runtime.refund_desk import RefundDesk
from runtime.updates import TemporalAway
from runtime.wiring import House
from workflows import identity
from workflows.refund_messages import ApprovalCommand

Said = TypeVar("Said")
DONE = {"approve": TaskState.APPROVED, "refuse": TaskState.REFUSED}


async def ask_refund(acceptance: Acceptance, request: Request, body: RefundBody) -> AskedAnswer:
    """Opened by the workflow's own first step, under the order's lock. Problem 422 with the exact maximum."""
    house, order_id = acceptance.house, body.order_id
    refund_id = identity.refund_id(order_id, request.key)
    source = f"shop {order_id.shop_id}"
    arrival = Arrival(source, request.key, "refund.requested", request.body, Verdict.ACCEPTED, order_id=str(order_id))
    async with house.engine.begin() as db:
        known = await refund_list.customer_and_currency(db, order_id)
        if known is None:
            raise await _not_in_the_record(db, body)
        customer_id, currency = known
        about: Mapping[str, Any] = {"refund": refund_id, **body.model_dump(mode="json")}
        await request.answer_once(db, acceptance, about, {"refund": refund_id})
        note = await house.customers.seal_note(db, customer_id, body.note)
        event_id = await acceptance.keep(db, arrival)
    asked = RefundAsked(body.asking(refund_id, currency), body.reason, note, (event_id,))
    view = await _said(RefundDesk(house.temporal).ask(asked))
    if view is not None and view.refusal:
        raise Problem(422, "refund-refused", view.refusal)
    return AskedAnswer(
        refund=refund_id,
        order=str(order_id),
        stage=view.stage if view else None,
        amount_minor=view.amount.amount_minor if view and view.amount else None,
        currency=currency,
        status_url=_place(house, refund_id),
    )


async def _not_in_the_record(db: Any, body: RefundBody) -> Problem:
    if await queries.order_is_known(db, body.order_id):
        return Problem(409, "order-on-its-way", "the order is still being recorded: try again in a moment")
    return Problem(404, "unknown-order", f"nobody placed order {body.order_id}: place it first")


async def show_refund(house: House, refund_id: str) -> RefundAnswer:
    async with reading(house.engine) as db:
        found = await refund_list.find_refund(db, refund_id)
    if found is None:
        raise Problem(404, "unknown-refund", f"the record has no refund {refund_id}")
    return _answer(found)


async def act(house: House, refund_id: str, command: ApprovalCommand) -> RefundAnswer:
    """The same deed again, after an answer that was lost, gets the same answer; also once the refund has ended."""
    await show_refund(house, refund_id)
    try:
        return await _carried_out(house, refund_id, RefundDesk(house.temporal).act(refund_id, command))
    except Problem as problem:
        if problem.kind == "decision-refused" and _is_done(known := await show_refund(house, refund_id), command):
            return known
        raise


def _is_done(known: RefundAnswer, command: ApprovalCommand) -> bool:
    """Whether just this was done before, by the same person."""
    if command.verb == "withdraw":
        return known.decision is Decision.WITHDRAWN and known.applicant == command.by
    if command.verb not in DONE or known.approval is None or known.approval.version != command.version:
        return False
    ended = next((each for each in known.approval.tasks if each.task == command.task), None)
    return ended is not None and (ended.state, ended.decided_by, ended.reason) == (
        DONE[command.verb],
        command.by,
        command.reason,
    )


async def send_goods(house: House, refund_id: str, body: WaybillBody) -> RefundAnswer:
    order_id = OrderId.parse((await show_refund(house, refund_id)).order)
    fact = GoodsSent(refund_id, order_id, body.by, body.carrier, body.waybill_no, body.freight_by)
    return await _carried_out(house, refund_id, RefundDesk(house.temporal).send_goods(fact))


async def assess(house: House, refund_id: str, body: AssessmentBody, by: str) -> RefundAnswer:
    known = await show_refund(house, refund_id)
    fact = ReturnAssessed(refund_id, OrderId.parse(known.order), by, body.reason, body.amounts(known.currency))
    return await _carried_out(house, refund_id, RefundDesk(house.temporal).assess(fact))


async def _carried_out(house: House, refund_id: str, asked: Awaitable[RefundView]) -> RefundAnswer:
    try:
        await _said(asked)
    except ApprovalChanged as changed:
        raise Problem(412, "changed-meanwhile", str(changed)) from changed
    except ApprovalRefused as refused:
        raise Problem(409, "decision-refused", str(refused)) from refused
    return await show_refund(house, refund_id)


async def _said(asked: Awaitable[Said]) -> Said:
    try:
        return await asked
    except TemporalAway as away:
        raise Problem(503, "unavailable", str(away), headers={"retry-after": "5"}) from away


def _place(house: House, refund_id: str) -> str:
    return f"{house.settings.public_url}/refunds/{refund_id}"


def _answer(found: KnownRefund) -> RefundAnswer:
    loaded, refund = found.loaded, found.loaded.refund
    return RefundAnswer(
        refund=refund.refund_id,
        order=str(refund.order_id),
        stage=refund.stage,
        decision=refund.decision,
        repayment=refund.repayment,
        kind=refund.kind,
        goods=refund.goods,
        basis=refund.basis,
        reason=loaded.reason,
        applicant=refund.applicant,
        amount_minor=refund.amount.amount_minor,
        paid_back_minor=refund.paid_back.amount_minor,
        currency=refund.amount.currency,
        refusal=refund.refusal,
        approval=None if loaded.approval is None else _approval(loaded.approval, loaded),
        reminders=[
            ReminderAnswer(task=each.task_id, level=each.level, person=each.person, at=each.at, skipped=each.skipped)
            for each in loaded.reminders
        ],
        legs=[
            LegAnswer(
                out_refund_no=leg.out_refund_no,
                provider=leg.payment[0],
                amount_minor=leg.amount.amount_minor,
                state=leg.state,
                held=leg.held,
                refund_no=leg.refund_no,
                done_at=leg.done_at,
            )
            for leg in refund.legs
        ],
        goods_back=None if loaded.back is None else _back(loaded.back),
        cases=[shown(case) for case in found.cases],
        attempt=loaded.attempt,
        follows=loaded.follows,
        requested_at=found.requested_at,
        updated_at=found.updated_at,
    )


def _back(back: Return) -> ReturnAnswer:
    return ReturnAnswer.model_validate(asdict(back))


def _approval(approval: Approval, loaded: LoadedRefund) -> ApprovalAnswer:
    return ApprovalAnswer(
        moves=loaded.approval_moves,
        status=approval.status,
        version=approval.version,
        amount_minor=approval.amount.amount_minor,
        policy=loaded.policy,
        owners=list(approval.owners),
        next_action=approval.next_action,
        tasks=[
            TaskAnswer(
                task=task.task_id,
                step=approval.steps[task.step].name,
                signer=task.signer,
                state=task.state,
                may_act=list(task.may_act),
                opened_at=task.opened_at,
                decided_by=task.decided_by,
                decided_at=task.decided_at,
                reason=task.reason,
            )
            for task in approval.tasks
        ],
    )
