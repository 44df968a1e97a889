"""Stock levels, and how a shop's skus become ours."""

import re
from datetime import datetime
from typing import Annotated, Any

import typer

from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.show import Json, print_json, print_table
from cli.surroundings import By, RecordSettings, open_record, read
from domain.stock import Component, SkuMatch
from persistence import audit, reports, shops, stock
from persistence.failures import RecordRefused
from ports.clock import SystemClock

stock_commands = typer.Typer(help="Stock levels.", no_args_is_help=True)
sku_commands = typer.Typer(help="How a shop's skus become ours.", no_args_is_help=True)

_COMPONENT = re.compile(r"(?P<sku>[^\s@]+?)(?:x(?P<quantity>[0-9]{1,6}))?(?:@(?P<weight>[0-9]{1,9}))?")


@stock_commands.command("set")
def set_level(sku: str, units: Annotated[int, typer.Argument(min=0, max=2**31 - 1)], *, by: By) -> None:
    """A counted level: what lies on the shelves, reserved units included."""
    run(_set(read(RecordSettings), sku, units, by))
    typer.echo(f"{sku}: {units} on hand")


async def _set(settings: RecordSettings, sku: str, units: int, by: str) -> None:
    try:
        async with open_record(settings) as engine, engine.begin() as db:
            before = await stock.set_level(db, sku, units)
            await audit.note_staff_deed(db, by, "set_stock", {"sku": sku, "on_hand": [before, units]}, _now())
    except RecordRefused:
        reserved = next(level["reserved"] for level in await _levels(settings) if level["sku"] == sku)
        stop(WRONG, f"{reserved} of {sku} are reserved: the level cannot be below that")


@stock_commands.command("category")
def set_category(sku: str, category: str, *, by: By) -> None:
    """What kind of goods it is; a refund policy may ask for it."""
    run(_categorize(read(RecordSettings), sku, category.strip(), by))
    typer.echo(f"{sku}: {category.strip() or 'no category'}")


async def _categorize(settings: RecordSettings, sku: str, category: str, by: str) -> None:
    async with open_record(settings) as engine, engine.begin() as db:
        before = await stock.set_category(db, sku, category)
        if before is None:
            stop(WRONG, f"there is no sku {sku}: lockstep stock set it first")
        await audit.note_staff_deed(db, by, "set_category", {"sku": sku, "category": [before, category]}, _now())


@stock_commands.command("show")
def show_levels(*, as_json: Json = False) -> None:
    """On hand, reserved and free, by sku."""
    levels = run(_levels(read(RecordSettings)))
    if as_json:
        print_json(levels)
    else:
        columns = ("sku", "on_hand", "reserved", "free")
        print_table(columns, [[level[name] for name in columns] for level in levels])


async def _levels(settings: RecordSettings) -> list[dict[str, Any]]:
    async with open_record(settings) as engine, engine.connect() as db:
        return await reports.stock_levels(db)


@sku_commands.command("map")
def map_sku(
    channel: str,
    shop: str,
    platform_sku: str,
    components: Annotated[
        list[str],
        typer.Argument(metavar="SKU[xQTY][@WEIGHT]...", help="Units of own skus; weights share out a bundle's price."),
    ],
    *,
    by: By,
    as_json: Json = False,
) -> None:
    """A new version of what one platform sku is in own skus. Orders that wait for it go on with a retry."""
    parts = tuple(_component(each) for each in components)
    version, unknown = run(_map(read(RecordSettings), (channel, shop, platform_sku), parts, by))
    for sku in unknown:
        typer.echo(f"note: {sku} has no stock level yet: orders for it will wait as out of stock", err=True)
    if as_json:
        print_json({"version": version, "components": parts, "without_stock": unknown})
    else:
        typer.echo(f"{channel}/{shop} {platform_sku}: version {version}")


def _component(text: str) -> Component:
    found = _COMPONENT.fullmatch(text)
    if found is None:
        stop(BAD_USAGE, f"{text!r} does not read SKU, SKUxQTY or SKUxQTY@WEIGHT, such as TEA-CUPx2@14")
    return Component(found["sku"], int(found["quantity"] or 1), int(found["weight"] or 1))


async def _map(
    settings: RecordSettings, key: tuple[str, str, str], parts: tuple[Component, ...], by: str
) -> tuple[int, list[str]]:
    SkuMatch(1, parts)  # raises where a quantity or weight cannot be
    channel, shop_id, platform_sku = key
    async with open_record(settings) as engine, engine.begin() as db:
        if await shops.find_shop(db, channel, shop_id) is None:
            stop(WRONG, f"there is no shop {channel}/{shop_id}: add it first")
        rows = [{"sku": each.sku, "quantity": each.quantity, "price_weight": each.price_weight} for each in parts]
        version = await stock.add_match(db, key, rows, _now())
        mapped = {"shop": f"{channel}/{shop_id}", "platform_sku": platform_sku, "version": version, "components": rows}
        await audit.note_staff_deed(db, by, "map_sku", mapped, _now())
        known = {level["sku"] for level in await reports.stock_levels(db)}
    return version, sorted({each.sku for each in parts} - known)


def _now() -> datetime:
    return SystemClock().now()
