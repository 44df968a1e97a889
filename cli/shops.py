"""Entities and their shops."""

from dataclasses import asdict
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from api.people_bodies import HoursFile
from cli.endings import BAD_USAGE, WRONG, run, stop
from cli.files import JsonFile, read_file
from cli.surroundings import By, RecordSettings, open_record, read
from domain.reference import OrderId
from persistence import audit, people, shops
from persistence.failures import RecordRefused
from persistence.shops import Shop
from ports.clock import SystemClock

entity_commands = typer.Typer(help="Legal entities that sell.", no_args_is_help=True)
shop_commands = typer.Typer(help="Shops and the merchant accounts they are paid to.", no_args_is_help=True)


@entity_commands.command("add")
def add_entity(
    entity: Annotated[str, typer.Argument(metavar="ID")],
    *,
    name: Annotated[str, typer.Option()],
    time_zone: Annotated[str, typer.Option(help="Its calendar's zone.")] = "Asia/Shanghai",
    by: By,
) -> None:
    """Add an entity, or change it."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        stop(BAD_USAGE, f"there is no time zone {time_zone!r}: write one such as Asia/Shanghai")
    run(_add_entity(read(RecordSettings), entity, name, time_zone, by))
    typer.echo(f"entity {entity}: {name}, {time_zone}")


async def _add_entity(settings: RecordSettings, entity: str, name: str, time_zone: str, by: str) -> None:
    async with open_record(settings) as engine, engine.begin() as db:
        await shops.add_entity(db, entity, name, time_zone)
        added = {"entity": entity, "name": name, "time_zone": time_zone}
        await audit.note_staff_deed(db, by, "add_entity", added, SystemClock().now())


@entity_commands.command("hours")
def set_hours(entity: Annotated[str, typer.Argument(metavar="ID")], file: JsonFile, *, by: By) -> None:
    """When an entity works: time limits by working hours follow it. The file has weekdays, shifts, days off."""
    run(_set_hours(read(RecordSettings), entity, read_file(HoursFile, file), by))
    typer.echo(f"entity {entity}: working hours set")


async def _set_hours(settings: RecordSettings, entity: str, hours: HoursFile, by: str) -> None:
    async with open_record(settings) as engine, engine.begin() as db:
        zone = await people.time_zone_of(db, entity)
        if zone is None:
            stop(WRONG, f"there is no entity {entity}: add it first")
        await people.set_working_hours(db, entity, hours.calendar(zone))
        told = {"entity": entity, **hours.model_dump(mode="json")}
        await audit.note_staff_deed(db, by, "set_working_hours", told, SystemClock().now())


@shop_commands.command("add")
def add_shop(
    channel: str,
    shop: Annotated[str, typer.Argument(metavar="SHOP")],
    *,
    entity: Annotated[str, typer.Option(help="The entity it belongs to.")],
    account: Annotated[str, typer.Option(help="The merchant account's name in LOCKSTEP_(PROVIDER)_ACCOUNTS.")],
    name: Annotated[str, typer.Option(help="Its name; the id when not given.")] = "",
    provider: Annotated[Literal["alipay", "wechatpay"], typer.Option()] = "alipay",
    reserve_on_order: Annotated[bool, typer.Option("--reserve-on-order", help="Reserve stock before payment.")] = False,
    track_by_number: Annotated[bool, typer.Option(help="Buyers may track by number and phone.")] = True,
    region: Annotated[str, typer.Option(help="Where it sells; a refund policy may ask for it.")] = "",
    by: By,
) -> None:
    """Add a shop, or change it."""
    added = Shop(channel, shop, entity, name or shop, provider, account, reserve_on_order, track_by_number, region)
    run(_add_shop(read(RecordSettings), added, by))
    typer.echo(f"shop {channel}/{shop} of {entity}: paid to {provider} account {account}")


async def _add_shop(settings: RecordSettings, shop: Shop, by: str) -> None:
    OrderId(shop.channel, shop.shop_id, "1")  # raises where no order could be named
    try:
        async with open_record(settings) as engine, engine.begin() as db:
            await shops.add_shop(db, shop)
            about = {name: value for name, value in asdict(shop).items() if name not in ("channel", "shop_id")}
            about["entity"] = about.pop("entity_id")
            added = {"shop": f"{shop.channel}/{shop.shop_id}", **about}
            await audit.note_staff_deed(db, by, "add_shop", added, SystemClock().now())
    except RecordRefused:
        stop(WRONG, f"there is no entity {shop.entity_id}: add it first")
