"""Invoices (发票) of orders, and what is to be reversed (红冲) since money of them went back."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from domain.errors import InvalidMoney, InvalidReference
from domain.money import Money
from domain.reference import OrderId
from persistence import invoices
from persistence.invoices import InvoiceRefused, OwedRedLetter
from ports.clock import SystemClock

invoice_commands = typer.Typer(help="Invoices, and refunds that are to be reversed in them.", no_args_is_help=True)
Month = Annotated[str, typer.Option(help="Money that went back up to the end of this month, such as 2026-11.")]


@invoice_commands.command("record")
def record(order: str, number: str, amount: str, currency: str = "CNY", *, by: By) -> None:
    """The invoice that was issued for an order, such as `shop/tea/1001 24427000000012345678 144.00`."""
    try:
        order_id, money = OrderId.parse(order), Money.from_decimal(amount, currency)
    except (InvalidReference, InvalidMoney) as wrong:
        stop(BAD_USAGE, str(wrong))
    run(_record(read(RecordSettings), order_id, number, money, by))
    typer.echo(f"{order}: invoice {number}, {money}")


async def _record(settings: RecordSettings, order_id: OrderId, number: str, amount: Money, by: str) -> None:
    try:
        async with open_record(settings) as engine, engine.begin() as db:
            await invoices.record_invoice(db, order_id, number, amount, by, SystemClock().now())
    except InvoiceRefused as refused:
        stop(WRONG, str(refused))


@invoice_commands.command("reverse")
def reverse(refund: str, number: str, *, by: By) -> None:
    """The red letter that was issued for a refund; its case is settled."""
    run(_reverse(read(RecordSettings), refund, number, by))
    typer.echo(f"{refund}: reversed by {number}")


async def _reverse(settings: RecordSettings, refund: str, number: str, by: str) -> None:
    try:
        async with open_record(settings) as engine, engine.begin() as db:
            await invoices.record_red_letter(db, refund, number, by, SystemClock().now())
    except InvoiceRefused as refused:
        stop(WRONG, str(refused))


@invoice_commands.command("owed")
def owed(*, month: Month, as_json: Json = False) -> None:
    """Refunded and not reversed: what the month-end needs. The most urgent first."""
    found = run(_owed(read(RecordSettings), _day_after(month)))
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        columns = ("order", "invoice", "refund", "amount", "owner", "since", "due")
        print_table(columns, [_row(each) for each in found])


def _row(each: OwedRedLetter) -> tuple[str, ...]:
    moments = (f"{moment:%Y-%m-%d %H:%M}" for moment in (each.since, each.due_at))
    return each.order, each.invoice, each.refund, str(each.amount), each.owner, *moments


async def _owed(settings: RecordSettings, before: date) -> tuple[OwedRedLetter, ...]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await invoices.owed_red_letters(db, before)


def _day_after(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        stop(BAD_USAGE, f"{month!r} is no month, such as 2026-11")
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
