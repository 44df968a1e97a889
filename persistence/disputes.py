"""Disputes in the record: an open one keeps the refunds of its payment, which the provider may give back himself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.brake import Said
from domain.case import HANDLING, CaseDecision, Cause, Choice, NewCase
from persistence import audit, cases
from persistence.audit import Deed
from persistence.dispute_tables import disputes
from persistence.tables import cases as case_rows
from persistence.tables import payments

_IS_OPEN = text(
    """
    select exists (select from disputes
                   where provider = :provider and account = :account and trade_no = :trade_no and closed_at is null)
    """
)


class NoSuchPayment(LookupError):
    """The record has no payment of this provider, account and trade."""


@dataclass(frozen=True)
class Disputed:
    """The payment that a dispute is about."""

    provider: str
    account: str
    trade_no: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.account}/{self.trade_no}"

    @property
    def key(self) -> dict[str, str]:
        return {"provider": self.provider, "account": self.account, "trade_no": self.trade_no}


@dataclass(frozen=True)
class Dispute:
    """`outcome` and what is beside it are None while it is open."""

    about: Disputed
    opened: Said
    outcome: str | None
    closed_by: str | None
    closed_at: datetime | None


async def is_open(db: AsyncConnection, payment: tuple[str, str, str]) -> bool:
    return bool((await db.execute(_IS_OPEN, Disputed(*payment).key)).scalar_one())


async def list_open(db: AsyncConnection) -> list[Dispute]:
    query = select(disputes).where(disputes.c.closed_at.is_(None)).order_by(disputes.c.opened_at, disputes.c.id)
    return [_dispute(row) for row in (await db.execute(query)).mappings()]


async def open_dispute(db: AsyncConnection, about: Disputed, said: Said) -> bool:
    """False when it is open already. From the end of this transaction no refund of the payment begins.

    Raises NoSuchPayment.
    """
    order_id = await _order_of(db, about)
    row = {**about.key, "opened_by": said.by, "reason": said.reason, "opened_at": said.at}
    opened = await db.execute(insert(disputes).on_conflict_do_nothing().returning(disputes.c.id), row)
    if opened.first() is None:
        return False
    case = NewCase(Cause.DISPUTE_OPEN, str(about), f"the buyer disputes {about}: {said.reason}")
    await cases.open_case(db, order_id, case, now=said.at, limit=HANDLING[case.cause].limit)
    await _note(db, order_id, "open_dispute", about, said)
    return True


async def close_dispute(db: AsyncConnection, about: Disputed, said: Said) -> bool:
    """False when none is open. `said.reason` is how it ended. Raises NoSuchPayment."""
    order_id = await _order_of(db, about)
    here = (disputes.c[name] == value for name, value in about.key.items())
    ended = {"closed_by": said.by, "outcome": said.reason, "closed_at": said.at}
    closed = await db.execute(
        update(disputes).where(*here, disputes.c.closed_at.is_(None)).values(ended).returning(disputes.c.id)
    )
    if closed.first() is None:
        return False
    mine = (case_rows.c.cause == Cause.DISPUTE_OPEN, case_rows.c.subject == str(about))
    query = select(case_rows.c.id).where(*mine, case_rows.c.settled_at.is_(None))
    for case_id in (await db.execute(query)).scalars().all():
        await cases.settle(db, CaseDecision(case_id, Choice.CLOSE, said.by, said.reason), said.at)
    await _note(db, order_id, "close_dispute", about, said)
    return True


async def _order_of(db: AsyncConnection, about: Disputed) -> str:
    found = (payments.c[name] == value for name, value in about.key.items())
    order_id: str | None = (await db.execute(select(payments.c.order_id).where(*found))).scalar_one_or_none()
    if order_id is None:
        raise NoSuchPayment(f"there is no payment {about}: name provider, account and trade number")
    return order_id


async def _note(db: AsyncConnection, order_id: str, step: str, about: Disputed, said: Said) -> None:
    await audit.append(db, order_id, Deed(said.by, step), {"payment": str(about), "reason": said.reason}, said.at)


def _dispute(row: RowMapping) -> Dispute:
    about = Disputed(row["provider"], row["account"], row["trade_no"])
    opened = Said(row["opened_by"], row["reason"], row["opened_at"])
    return Dispute(about, opened, row["outcome"], row["closed_by"], row["closed_at"])
