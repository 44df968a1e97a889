"""Case rows: opened once while open, settled once, never deleted."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import HANDLING, CaseDecision, Cause, NewCase
from persistence.tables import cases
from ports.records import WaitingCase


def _case_id(order_id: str | None, case: NewCase, ordinal: int) -> str:
    """The same case has the same id on each repeat of the step that opens it."""
    digest = hashlib.sha256(f"{order_id}|{case.cause}|{case.subject}|{ordinal}".encode()).hexdigest()
    return f"case-{digest[:12]}"


async def open_case(
    db: AsyncConnection,
    order_id: str | None,
    case: NewCase,
    *,
    now: datetime,
    limit: timedelta,
    attempts: int = 0,
    last_error: str | None = None,
    refund_id: str | None = None,
) -> bool:
    """Whether it was opened: nothing happens when the same case is open already. `refund_id`: whose workflow waits."""
    same = (
        cases.c.order_id.is_not_distinct_from(order_id),
        cases.c.cause == case.cause,
        cases.c.subject == case.subject,
    )
    ordinal = (await db.execute(select(func.count()).where(*same, cases.c.settled_at.is_not(None)))).scalar_one()
    handling = HANDLING[case.cause]
    row = {
        "id": _case_id(order_id, case, ordinal),
        "order_id": order_id,
        "refund_id": refund_id,
        "cause": case.cause,
        "subject": case.subject,
        "detail": case.detail,
        "owner": handling.owner,
        "next_action": handling.next_action,
        "choices": list(handling.choices),
        "waits": handling.waits,
        "attempts": attempts,
        "last_error": last_error,
        "opened_at": now,
        "due_at": now + limit,
    }
    opened = await db.execute(insert(cases).on_conflict_do_nothing().returning(cases.c.id), row)
    return opened.first() is not None  # an INSERT has no row count here


async def settle(db: AsyncConnection, decision: CaseDecision, now: datetime) -> bool:
    """False when it was settled before, or never was."""
    reason = decision.reason
    if decision.outside_shipment_no:
        reason += f" (shipment {decision.outside_shipment_no}, second person {decision.second_person})"
    if decision.outside_payment_no:
        reason += f" (paid under {decision.outside_payment_no})"
    done = await db.execute(
        _SETTLE,
        {
            "case": decision.case_id,
            "now": now,
            "how": decision.choice,
            "who": decision.by,
            "why": reason,
        },
    )
    return done.rowcount == 1


async def cause_of(db: AsyncConnection, case_id: str) -> Cause:
    return Cause((await db.execute(select(cases.c.cause).where(cases.c.id == case_id))).scalar_one())


async def open_cases(db: AsyncConnection, order_id: str) -> list[tuple[WaitingCase, bool]]:
    """The order's own open cases, each with whether its workflow stands still for it."""
    rows = await db.execute(_OPEN, {"order": order_id})
    return [(WaitingCase(row.id, Cause(row.cause), row.subject), row.waits) for row in rows]


async def open_cases_of_refund(db: AsyncConnection, refund_id: str) -> list[tuple[WaitingCase, bool]]:
    """The same of a refund, and what each is about."""
    rows = await db.execute(_OPEN_OF_REFUND, {"refund": refund_id})
    return [(WaitingCase(row.id, Cause(row.cause), row.subject), row.waits) for row in rows]


_SETTLE = (
    update(cases)
    .where(cases.c.id == bindparam("case"), cases.c.settled_at.is_(None))
    .values(
        settled_at=bindparam("now"),
        choice=bindparam("how"),
        decided_by=bindparam("who"),
        decision_reason=bindparam("why"),
    )
)
_OPEN = (
    select(cases.c.id, cases.c.cause, cases.c.subject, cases.c.waits)
    .where(cases.c.order_id == bindparam("order"), cases.c.refund_id.is_(None), cases.c.settled_at.is_(None))
    .order_by(cases.c.opened_at, cases.c.id)
)
_OPEN_OF_REFUND = (
    select(cases.c.id, cases.c.cause, cases.c.subject, cases.c.waits)
    .where(cases.c.refund_id == bindparam("refund"), cases.c.settled_at.is_(None))
    .order_by(cases.c.opened_at, cases.c.id)
)
