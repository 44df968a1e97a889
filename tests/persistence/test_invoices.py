"""Invoices: one that stands per order, and a red letter for whatever went back of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.money import Money
from domain.reference import OrderId
from domain.refund_leg import RefundOutcome
from persistence import invoices
from persistence.audit import first_bad_entry
from persistence.invoices import InvoiceRefused, OwedRedLetter
from tests.builders import NOON, ORDER_ID, yuan
from tests.persistence.test_refunds import Desk

pytestmark = pytest.mark.slow
NUMBER = "24427000000012345678"
DECEMBER = date(2026, 12, 1)


@pytest.fixture
async def desk(record: AsyncEngine) -> Desk:
    made = Desk(record)
    await made.delivered()
    return made


async def invoiced(desk: Desk, number: str = NUMBER, amount: Money | None = None, order: OrderId = ORDER_ID) -> None:
    async with desk.record.begin() as db:
        await invoices.record_invoice(db, order, number, amount or yuan("144.00"), "mei", NOON)


async def refunded(desk: Desk) -> None:
    await desk.open()
    await desk.asked()
    await desk.told(RefundOutcome.DONE)


async def owed(desk: Desk, before: date = DECEMBER) -> tuple[OwedRedLetter, ...]:
    async with desk.record.connect() as db:
        return await invoices.owed_red_letters(db, before)


async def reverse(desk: Desk, number: str = "RED-1", refund: str = "r1") -> None:
    async with desk.record.begin() as db:
        await invoices.record_red_letter(db, refund, number, "mei", NOON)


async def test_a_refund_of_an_invoiced_order_owes_a_red_letter_until_it_is_recorded(desk: Desk) -> None:
    await invoiced(desk)
    await invoiced(desk)
    await refunded(desk)
    (red,) = await owed(desk)
    assert (red.order, red.invoice, red.refund, red.amount) == (str(ORDER_ID), NUMBER, "r1", yuan("144.00"))
    assert (red.owner, red.due_at) == ("finance", NOON + timedelta(days=5))
    assert await desk.value("select cause from cases where settled_at is null") == "red_letter_due"
    await reverse(desk)
    await reverse(desk)
    assert await owed(desk) == ()
    assert await desk.value("select count(*) from cases where settled_at is null") == 0
    assert await desk.value("select state from invoices") == "reversed"
    async with desk.record.connect() as db:
        assert await first_bad_entry(db, str(ORDER_ID)) is None


async def test_the_list_of_a_month_has_what_went_back_by_its_end(desk: Desk) -> None:
    await invoiced(desk)
    await refunded(desk)
    assert await owed(desk, date(2026, 11, 1)) == ()
    assert len(await owed(desk, DECEMBER)) == 1


async def test_without_an_invoice_nothing_is_owed(desk: Desk) -> None:
    await refunded(desk)
    assert await owed(desk) == ()
    with pytest.raises(InvoiceRefused, match="owes no red letter"):
        await reverse(desk)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"number": "OTHER"}, f"invoice {NUMBER} of this order stands"),
        ({"amount": yuan("1.00")}, "stands: reverse it first"),
        ({"amount": yuan("0")}, "of more than nothing, in CNY"),
        ({"order": OrderId("shop", "tea", "9999")}, "no order shop/tea/9999"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(desk: Desk, changes: dict[str, Any], why: str) -> None:
    await invoiced(desk)
    with pytest.raises(InvoiceRefused, match=why):
        await invoiced(desk, **changes)


async def test_a_red_letter_has_one_number(desk: Desk) -> None:
    await invoiced(desk)
    await refunded(desk)
    await reverse(desk)
    with pytest.raises(InvoiceRefused, match="reversed by RED-1 before"):
        await reverse(desk, "RED-2")
