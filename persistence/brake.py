"""The brake in the record: read by each leg in the very transaction that lets it go, so nothing can be out of date."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain import brake
from domain.brake import Brake, Said
from domain.caps import Leaving
from domain.case import HANDLING, CaseDecision, Cause, Choice, NewCase
from domain.money import Money
from domain.refund import Refund
from persistence import audit, caps, cases, disputes
from persistence.brake_tables import money_stops
from persistence.engine import reading
from persistence.tables import cases as case_rows
from ports import brake as ports

ALL_MONEY = "all money"
"""The subject of the case of a stop."""
_OPEN = select(money_stops).where(money_stops.c.released_at.is_(None))
_IS_ON = text("select exists (select from money_stops where released_at is null)")
_WAITING = text(
    """
    select held, count(distinct refund_id) as refunds, currency, sum(amount_minor)::bigint as amount_minor
    from refund_legs where held is not null group by held, currency order by held, currency
    """
)


@dataclass(frozen=True)
class Waiting:
    """What one thing of ours keeps. `refunds` have legs of this currency that come to `amount`."""

    held: str
    refunds: int
    amount: Money


class PostgresBrake(ports.Brake):
    """For those who are about to call outside."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def is_on(self) -> bool:
        async with reading(self._engine) as db:
            return await _is_on(db)


async def let_go(db: AsyncConnection, refund: Refund, number: int, policy: str | None, now: datetime) -> str | None:
    """What keeps a leg that is about to be asked for; None: it goes. `policy`: name@version of who approved it."""
    if await _is_on(db):
        return brake.STOPPED
    leg = refund.legs[number - 1]
    if await disputes.is_open(db, leg.payment):
        return brake.DISPUTED
    leaving = Leaving(leg.amount, policy.partition("@")[0] if policy else None, leg.payment[0])
    return await caps.let_go(db, (refund.refund_id, number), leaving, now)


async def _is_on(db: AsyncConnection) -> bool:
    return bool((await db.execute(_IS_ON)).scalar_one())


async def load(db: AsyncConnection) -> Brake:
    return _brake((await db.execute(_OPEN)).mappings().one_or_none())


async def waiting(db: AsyncConnection) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(row.held, row.refunds, Money(row.amount_minor, row.currency)) for row in await db.execute(_WAITING)
    )


async def stop(db: AsyncConnection, said: Said) -> Brake:
    """From the end of this transaction no leg begins. Of two at once the first one's word stands."""
    before = await _locked(db)
    after = brake.stopped(before, said)
    assert after.stop is not None
    if before.stop is None:
        row = {"stopped_by": said.by, "stop_reason": said.reason, "stopped_at": said.at}
        if (await db.execute(insert(money_stops).on_conflict_do_nothing().returning(money_stops.c.id), row)).first():
            limit = HANDLING[Cause.MONEY_STOPPED].limit
            case = NewCase(Cause.MONEY_STOPPED, ALL_MONEY, f"{said.by} stopped all money: {said.reason}")
            await cases.open_case(db, None, case, now=said.at, limit=limit)
        else:
            after = brake.stopped(await _locked(db), said)
    if before.asked is not None:
        nobody = dict.fromkeys(("asked_by", "asked_reason", "asked_at"))
        await db.execute(update(money_stops).where(money_stops.c.released_at.is_(None)).values(nobody))
    taken_back = {"taken_back": before.asked.by} if before.asked else {}
    await audit.note_staff_deed(db, said.by, "stop_money", {"reason": said.reason, **taken_back}, said.at)
    return after


async def resume(db: AsyncConnection, said: Said) -> Brake:
    """Raises BrakeRefused."""
    before = await _locked(db)
    after = brake.resumed(before, said)
    row = {"asked_by": said.by, "asked_reason": said.reason, "asked_at": said.at}
    if not after.is_on:
        row = {"released_by": said.by, "released_reason": said.reason, "released_at": said.at}
    await db.execute(update(money_stops).where(money_stops.c.released_at.is_(None)).values(row))
    about = {"reason": said.reason}
    if not after.is_on:
        assert before.asked is not None
        await _settle(db, said)
        about["asked_by"] = before.asked.by
    await audit.note_staff_deed(db, said.by, "ask_to_resume_money" if after.is_on else "resume_money", about, said.at)
    return after


async def _settle(db: AsyncConnection, said: Said) -> None:
    here = case_rows.c.cause == Cause.MONEY_STOPPED, case_rows.c.settled_at.is_(None)
    for case_id in (await db.execute(select(case_rows.c.id).where(*here))).scalars().all():
        await cases.settle(db, CaseDecision(case_id, Choice.CLOSE, said.by, f"released: {said.reason}"), said.at)


async def _locked(db: AsyncConnection) -> Brake:
    return _brake((await db.execute(_OPEN.with_for_update())).mappings().one_or_none())


def _brake(row: RowMapping | None) -> Brake:
    if row is None:
        return brake.RELEASED
    asked = None if row["asked_at"] is None else Said(row["asked_by"], row["asked_reason"], row["asked_at"])
    return Brake(Said(row["stopped_by"], row["stop_reason"], row["stopped_at"]), asked)
