"""Orders: where they stand, what happened to them, and whether their logs are whole."""

import json
from datetime import timedelta
from typing import Annotated, Any

import typer

from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.show import Json, print_json, print_table, progress
from cli.surroundings import RecordSettings, open_record, read
from domain.money import Money
from domain.reference import OrderId
from persistence import audit, reports
from persistence.audit import INSTALLATION, BadEntry
from persistence.engine import Engine
from persistence.reports import Moment
from ports.clock import SystemClock

SomeOrder = Annotated[str | None, typer.Argument(metavar="[ORDER]", help="Such as shop/tea/1001.")]
OneOrder = Annotated[str, typer.Argument(metavar="ORDER", help="Such as shop/tea/1001.")]
OneChain = Annotated[str, typer.Argument(metavar="ORDER", help="Such as shop/tea/1001; or `installation`.")]
SomeChain = Annotated[str | None, typer.Argument(metavar="[ORDER]", help="Such as shop/tea/1001; or `installation`.")]


def status(
    order: SomeOrder = None,
    *,
    days: Annotated[int, typer.Option(min=1, help="How far back messages are counted.")] = 30,
    as_json: Json = False,
) -> None:
    """Whether money may leave, orders by stage, open cases by cause, messages by verdict; or one order."""
    if order is None:
        _print_overview(run(_overview(read(RecordSettings), days)), days, as_json=as_json)
        return
    found = run(_order(read(RecordSettings), order))
    if found is None:
        stop(WRONG, f"there is no order {order}")
    if as_json:
        print_json(found)
    else:
        _print_order(found)


async def _overview(settings: RecordSettings, days: int) -> dict[str, Any]:
    now = SystemClock().now()
    async with open_record(settings) as engine, engine.connect() as db:
        return await reports.overview(db, now, now - timedelta(days=days))


async def _order(settings: RecordSettings, order: str) -> dict[str, Any] | None:
    order_id = OrderId.parse(order)
    async with open_record(settings) as engine, engine.connect() as db:
        return await reports.order_report(db, str(order_id))


def _print_overview(found: dict[str, Any], days: int, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    typer.echo(found["money"])
    print_table(("stage", "orders"), found["orders"].items())
    columns = ("cause", "owner", "open", "overdue")
    print_table(columns, [[case[name] for name in columns] for case in found["open_cases"]], title="open cases")
    print_table(("verdict", "messages"), found["inbound"].items(), title=f"messages of the last {days} days")


def _print_order(found: dict[str, Any]) -> None:
    money = ("amount_minor", "captured_minor", "refund_due_minor")
    lists = ("goods", "outbound", "parcels", "open_cases")
    facts = {name: value for name, value in found.items() if name not in (*money, *lists, "currency")}
    facts |= {name.removesuffix("_minor"): Money(found[name], found["currency"]) for name in money}
    facts["holds"] = ", ".join(found["holds"])
    print_table(("order", found["id"]), [(name, value) for name, value in facts.items() if value not in (None, "")])
    for name in lists:
        rows = [
            {column: _value(value) if column == "contents" else value for column, value in row.items()}
            for row in found[name]
        ]
        if rows:
            print_table(list(rows[0]), [list(row.values()) for row in rows], title=name.replace("_", " "))


def timeline(order: OneChain, *, as_json: Json = False) -> None:
    """Every message, step, booking and case of an order, oldest first: what changed, and what caused it.

    `installation`: what staff did to stock, tokens, shops, customers and evidence.
    """
    moments = run(_timeline(read(RecordSettings), order))
    if not moments:
        stop(WRONG, f"nothing is known of order {order}")
    if as_json:
        print_json(moments)
        return
    rows = [(each.at, each.kind, each.who, each.what, _about(each)) for each in moments]
    print_table(("at", "kind", "by", "what", "details"), rows)


async def _timeline(settings: RecordSettings, order: str) -> list[Moment]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await reports.timeline(db, _chain(order))


def _chain(name: str) -> str:
    return name if name == INSTALLATION else str(OrderId.parse(name))


def _about(moment: Moment) -> str:
    parts = ((name, value) for name, value in moment.about.items() if value not in (None, "", [], {}))
    return "\n".join(f"{name}: {_value(value)}" for name, value in parts)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def verify_audit(
    order: SomeChain = None,
    *,
    all_orders: Annotated[bool, typer.Option("--all", help="Every order, and the installation.")] = False,
    as_json: Json = False,
) -> None:
    """Walk audit chains from their beginning to their head; report the first bad entry of each broken one."""
    if (order is None) != all_orders:
        stop(BAD_USAGE, "name one order, or give --all")
    checked, broken = run(_verify(read(RecordSettings), order))
    if not checked:
        stop(WRONG if order else 0, f"there is no log of order {order}" if order else "there are no orders yet")
    if as_json:
        print_json({"checked": checked, "broken": broken})
    else:
        for each in broken:
            typer.echo(f"{each.order_id}: entry {each.seq} is bad: {each.why}")
        typer.echo(f"{checked} chains checked, {len(broken)} broken")
    if broken:
        raise typer.Exit(WRONG)


async def _verify(settings: RecordSettings, order: str | None) -> tuple[int, list[BadEntry]]:
    async with open_record(settings) as engine:
        async with engine.connect() as db:
            bare = await reports.orders_without_chain(db)
            chains = await audit.audited_orders(db)
        if order is not None:
            wanted = _chain(order)
            bare, chains = [each for each in bare if each == wanted], [each for each in chains if each == wanted]
        broken = [BadEntry(each, 1, "the order has no log at all") for each in bare]
        broken += await _walk(engine, chains)
        return len({*bare, *chains}), sorted(broken, key=lambda bad: bad.order_id)


async def _walk(engine: Engine, order_ids: list[str]) -> list[BadEntry]:
    broken = []
    with progress() as shown:
        task = shown.add_task("chains", total=len(order_ids))
        async for bad in reports.broken_chains(engine, order_ids):
            shown.advance(task)
            if bad is not None:
                broken.append(bad)
    return broken
