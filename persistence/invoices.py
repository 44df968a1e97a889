"""Invoices as staff records them, and what refunds of invoiced orders still have to be reversed (红冲).

The invoices themselves are issued elsewhere: here stands what was issued, under which number, and what is owed.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.case import HANDLING, CaseDecision, Cause, Choice, NewCase
from domain.money import Money
from domain.reference import OrderId
from persistence import audit, cases
from persistence.audit import Deed
from persistence.invoice_tables import invoices, red_letters
from persistence.tables import cases as case_rows

_LOCK = text("select currency from orders where id = :id for update")
_OWED = text(
    """
    select l.order_id, l.invoice_number, l.refund_id, l.amount_minor, i.currency, l.owner, l.opened_at, l.due_at
    from red_letters l join invoices i on i.order_id = l.order_id
    join orders o on o.id = l.order_id
    join shops s on s.channel = o.source_channel and s.shop_id = o.shop_id join entities e on e.id = s.entity_id
    where l.done_at is null and (l.opened_at at time zone e.time_zone)::date < :before
    order by l.due_at, l.refund_id
    """
)


class InvoiceRefused(Exception):
    """It cannot be recorded like that; the message says why."""


@dataclass(frozen=True)
class OwedRedLetter:
    """Money that went back of an invoiced order, and is not reversed yet."""

    order: str
    invoice: str
    refund: str
    amount: Money
    owner: str
    since: datetime
    due_at: datetime


async def record_invoice(
    db: AsyncConnection, order_id: OrderId, number: str, amount: Money, by: str, now: datetime
) -> None:
    """The order's invoice. A second one needs the first to be reversed; the same one again changes nothing."""
    currency = await _locked(db, str(order_id))
    if amount.currency != currency or amount.amount_minor <= 0:
        raise InvoiceRefused(f"an invoice of this order is of more than nothing, in {currency}")
    taken = select(invoices.c.order_id).where(invoices.c.number == number, invoices.c.order_id != str(order_id))
    if (other := (await db.execute(taken)).scalar_one_or_none()) is not None:
        raise InvoiceRefused(f"invoice {number} is that of order {other}")
    known = (await db.execute(select(invoices).where(invoices.c.order_id == str(order_id)))).one_or_none()
    if known is not None:
        if (known.number, known.amount_minor) == (number, amount.amount_minor):
            return
        if known.state != "reversed":
            raise InvoiceRefused(f"invoice {known.number} of this order stands: reverse it first")
    row = {
        "order_id": str(order_id),
        "number": number,
        "state": "issued",
        "currency": currency,
        "amount_minor": amount.amount_minor,
        "recorded_by": by,
        "recorded_at": now,
    }
    await db.execute(insert(invoices).on_conflict_do_update(index_elements=["order_id"], set_=row), row)
    about = {"invoice": number, "amount": str(amount)}
    await audit.append(db, str(order_id), Deed(by, "record_invoice"), about, now)


async def owe_red_letter(
    db: AsyncConnection, order_id: str, refund_id: str, back: Money, now: datetime, limit: timedelta
) -> NewCase | None:
    """Called with what went back, in the transaction that books it. None where no invoice of the order stands."""
    here = invoices.c.order_id == order_id, invoices.c.state != "reversed"
    number = (await db.execute(select(invoices.c.number).where(*here))).scalar_one_or_none()
    if number is None:
        return None
    row = {
        "refund_id": refund_id,
        "order_id": order_id,
        "invoice_number": number,
        "amount_minor": back.amount_minor,
        "owner": HANDLING[Cause.RED_LETTER_DUE].owner,
        "opened_at": now,
        "due_at": now + limit,
    }
    more = {"amount_minor": red_letters.c.amount_minor + back.amount_minor, "done_at": None}
    await db.execute(insert(red_letters).on_conflict_do_update(index_elements=["refund_id"], set_=more), row)
    return NewCase(Cause.RED_LETTER_DUE, refund_id, f"{back} of invoice {number} went back: it is to be reversed")


async def record_red_letter(db: AsyncConnection, refund_id: str, number: str, by: str, now: datetime) -> None:
    """The invoice is reversed as far as this refund goes; the case that asked for it is settled."""
    query = select(red_letters).where(red_letters.c.refund_id == refund_id)
    owed = (await db.execute(query)).one_or_none()
    if owed is None:
        raise InvoiceRefused(f"refund {refund_id} owes no red letter")
    await _locked(db, owed.order_id)
    owed = (await db.execute(query)).one()
    if owed.done_at is not None:
        if owed.number == number:
            return
        raise InvoiceRefused(f"it was reversed by {owed.number} before")
    done = {"number": number, "recorded_by": by, "done_at": now}
    await db.execute(update(red_letters).where(red_letters.c.refund_id == refund_id).values(done))
    await _follow(db, owed.order_id, owed.invoice_number)
    waiting = select(case_rows.c.id).where(
        case_rows.c.refund_id == refund_id,
        case_rows.c.cause == Cause.RED_LETTER_DUE,
        case_rows.c.settled_at.is_(None),
    )
    for case_id in (await db.execute(waiting)).scalars().all():
        await cases.settle(db, CaseDecision(case_id, Choice.CLOSE, by, f"reversed by {number}"), now)
    about = {"refund": refund_id, "red_letter": number, "invoice": owed.invoice_number}
    await audit.append(db, owed.order_id, Deed(by, "record_red_letter"), about, now)


async def owed_red_letters(db: AsyncConnection, before: date) -> tuple[OwedRedLetter, ...]:
    """Refunded and not reversed, of money that went back before this day of the shop's entity; most urgent first."""
    return tuple(
        OwedRedLetter(
            row.order_id,
            row.invoice_number,
            row.refund_id,
            Money(row.amount_minor, row.currency),
            row.owner,
            row.opened_at,
            row.due_at,
        )
        for row in await db.execute(_OWED, {"before": before})
    )


async def _follow(db: AsyncConnection, order_id: str, number: str) -> None:
    """The invoice's state, from all that was reversed of it."""
    reversed_ = select(func.coalesce(func.sum(red_letters.c.amount_minor), 0)).where(
        red_letters.c.invoice_number == number, red_letters.c.done_at.is_not(None)
    )
    amount = int((await db.execute(reversed_)).scalar_one())
    here = invoices.c.order_id == order_id, invoices.c.number == number
    invoiced = int((await db.execute(select(invoices.c.amount_minor).where(*here))).scalar_one_or_none() or 0)
    state = "reversed" if amount >= invoiced else "partly_reversed"
    await db.execute(update(invoices).where(*here).values(state=state))


async def _locked(db: AsyncConnection, order_id: str) -> str:
    """The order's currency, under the lock that its workflow and its refunds take too."""
    currency = (await db.execute(_LOCK, {"id": order_id})).scalar_one_or_none()
    if currency is None:
        raise InvoiceRefused(f"the record has no order {order_id}")
    return str(currency)
