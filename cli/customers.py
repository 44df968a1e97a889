"""Customers: forgetting one."""

from typing import Annotated

import typer

from cli.endings import WRONG, run, stop
from cli.surroundings import By, KeySettings, open_record, read
from persistence import audit, reports
from persistence.customers import Customers
from ports.clock import SystemClock

customer_commands = typer.Typer(help="Personal data of customers.", no_args_is_help=True)


@customer_commands.command("erase")
def erase(
    customer: Annotated[str, typer.Argument(metavar="ID")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Even if orders still need the address: they will fail.")] = (
        False
    ),
    by: By,
) -> None:
    """Delete the customer's key: name, phone, address and notes can never be read again, anywhere."""
    if not run(_erase(read(KeySettings), customer, by, force=force)):
        stop(WRONG, f"nothing is sealed for a customer {customer}: never known, or erased before")
    typer.echo(f"erased {customer}")


async def _erase(settings: KeySettings, customer: str, by: str, *, force: bool) -> bool:
    async with open_record(settings) as engine, engine.begin() as db:
        waiting = [order for order, needed in (await reports.open_orders_of(db, customer)).items() if needed]
        if waiting and not force:
            stop(WRONG, f"the warehouse still needs the address for {', '.join(waiting)}: finish or cancel them first")
        clock = SystemClock()
        erased = await Customers(settings.record_key_bytes, clock).erase(db, customer)
        if erased:
            about = {"customer": customer, "forced": bool(waiting)}
            await audit.note_staff_deed(db, by, "erase_customer", about, clock.now())
        return erased
