"""Disputes that buyers have about their payments with the provider."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from cli.endings import WRONG, run, stop
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from domain.brake import Said
from persistence import disputes
from persistence.disputes import Dispute, Disputed, NoSuchPayment
from persistence.engine import Connection
from ports.clock import SystemClock

dispute_commands = typer.Typer(help="Disputes about payments: an open one keeps its refunds.", no_args_is_help=True)
Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="Such as alipay.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The merchant account.")]
Trade = Annotated[str, typer.Argument(metavar="TRADE_NO", help="The provider's number of the trade.")]


@dispute_commands.command("open")
def open_dispute(
    provider: Provider,
    account: Account,
    trade_no: Trade,
    *,
    reason: Annotated[str, typer.Option(help="What the buyer says, without his name.")],
    by: By,
) -> None:
    """From now on no refund of this payment begins; what has begun comes to its end."""
    about = Disputed(provider, account, trade_no)
    opened = run(_say(read(RecordSettings), disputes.open_dispute, about, by, reason))
    typer.echo(f"{about}: {'disputed, its refunds wait' if opened else 'was disputed before'}")


@dispute_commands.command("close")
def close_dispute(
    provider: Provider,
    account: Account,
    trade_no: Trade,
    *,
    outcome: Annotated[str, typer.Option(help="How it ended at the provider.")],
    by: By,
) -> None:
    """It has ended at the provider: refunds of this payment that wait go on by themselves."""
    about = Disputed(provider, account, trade_no)
    if not run(_say(read(RecordSettings), disputes.close_dispute, about, by, outcome)):
        stop(WRONG, f"{about} is not disputed")
    typer.echo(f"{about}: its refunds go on")


@dispute_commands.command("list")
def list_disputes(*, as_json: Json = False) -> None:
    """Open ones, the oldest first."""
    found = run(_list(read(RecordSettings)))
    rows = [(str(each.about), each.opened.at, each.opened.by, each.opened.reason) for each in found]
    if as_json:
        print_json([dict(zip(("payment", "opened_at", "opened_by", "reason"), row, strict=True)) for row in rows])
    else:
        print_table(("payment", "opened", "by", "reason"), rows)


async def _say(
    settings: RecordSettings,
    deed: Callable[[Connection, Disputed, Said], Awaitable[bool]],
    about: Disputed,
    by: str,
    reason: str,
) -> bool:
    async with open_record(settings) as engine, engine.begin() as db:
        try:
            return await deed(db, about, Said(by, reason, SystemClock().now()))
        except NoSuchPayment as unknown:
            stop(WRONG, str(unknown))


async def _list(settings: RecordSettings) -> list[Dispute]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await disputes.list_open(db)
