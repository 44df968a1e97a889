"""Cases of many refunds at once: their words follow what waits, and they settle themselves when nothing does."""

from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.caps import CAPPED, Cap, waiting_in_words
from domain.case import CaseDecision, Cause, Choice, NewCase
from domain.money import Money
from persistence import cases
from persistence.tables import cases as case_rows

WORKFLOW = "workflow"
# Whoever changes what waits counts it anew, one after the other: the last one sees all.
_TURN = text("select pg_advisory_xact_lock(hashtext(:cause), hashtext(:subject))")
_SHORT = text(
    """
    select currency, count(distinct refund_id) as refunds, sum(amount_minor)::bigint as amount_minor from refund_legs
    where provider = :provider and account = :account and state = 'short_of_balance'
    group by currency order by currency
    """
)
_CAPPED = text(
    """
    select count(distinct refund_id) as refunds, sum(amount_minor)::bigint as amount_minor,
      max(amount_minor) as largest_minor
    from refund_legs where held = :held
    """
)


async def follow_cap(db: AsyncConnection, name: str, cap: Cap | None, now: datetime, limit: timedelta) -> bool:
    """One case for each cap over which something waits. Whether it was opened."""
    await _turn(db, Cause.CAP_REACHED, name)
    kept = (await db.execute(_CAPPED, {"held": f"{CAPPED}{name}"})).one()
    detail = None
    if cap is not None and kept.refunds:
        waiting, largest = (Money(amount, cap.amount.currency) for amount in (kept.amount_minor, kept.largest_minor))
        detail = waiting_in_words(cap, waiting, kept.refunds, largest, now)
    return await _follow(db, Cause.CAP_REACHED, name, detail, now, limit)


async def follow_balance(db: AsyncConnection, provider: str, account: str, now: datetime, limit: timedelta) -> bool:
    """One case for each merchant account that is empty. Whether it was opened."""
    subject = f"{provider}/{account}"
    await _turn(db, Cause.BALANCE_SHORT, subject)
    short = (await db.execute(_SHORT, {"provider": provider, "account": account})).all()
    top_up = " and ".join(str(Money(row.amount_minor, row.currency)) for row in short)
    detail = f"{subject}: top up {top_up} to release {_refunds(sum(row.refunds for row in short))}" if short else None
    return await _follow(db, Cause.BALANCE_SHORT, subject, detail, now, limit)


async def _turn(db: AsyncConnection, cause: Cause, subject: str) -> None:
    await db.execute(_TURN, {"cause": cause, "subject": subject})


async def _follow(
    db: AsyncConnection, cause: Cause, subject: str, detail: str | None, now: datetime, limit: timedelta
) -> bool:
    """Without a detail nothing waits."""
    here = case_rows.c.cause == cause, case_rows.c.subject == subject, case_rows.c.settled_at.is_(None)
    case_id = (await db.execute(select(case_rows.c.id).where(*here))).scalar_one_or_none()
    if detail is None:
        if case_id is not None:
            decision = CaseDecision(case_id, Choice.CLOSE, WORKFLOW, "settled itself: nothing waits for it any more")
            await cases.settle(db, decision, now)
        return False
    if case_id is not None:
        await db.execute(update(case_rows).where(case_rows.c.id == case_id).values(detail=detail))
        return False
    return await cases.open_case(db, None, NewCase(cause, subject, detail), now=now, limit=limit)


def _refunds(number: int) -> str:
    return f"{number} refund" + ("" if number == 1 else "s")
