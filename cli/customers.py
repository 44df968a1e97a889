"""Customers: forgetting one."""

from typing import Annotated

import typer

from cli.endings import WRONG, run, stop
from cli.surroundings import KeySettings, open_record, read
from persistence import reports
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
) -> None:
    """Delete the customer's key: name, phone, address and notes can never be read again, anywhere."""
    if not run(_erase(read(KeySettings), customer, force=force)):
        stop(WRONG, f"nothing is sealed for a customer {customer}: never known, or erased before")
    typer.echo(f"erased {customer}")


async def _erase(settings: KeySettings, customer: str, *, force: bool) -> bool:
    async with open_record(settings) as engine, engine.begin() as db:
        waiting = [order for order, needed in (await reports.open_orders_of(db, customer)).items() if needed]
        if waiting and not force:
            stop(WRONG, f"the warehouse still needs the address for {', '.join(waiting)}: finish or cancel them first")
        return await Customers(settings.record_key_bytes, SystemClock()).erase(db, customer)
