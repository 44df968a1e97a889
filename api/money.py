"""The brake on outgoing money over HTTP: how it stands, stopped by one person, released by two."""

from collections.abc import Awaitable, Callable

from api.errors import Problem
from api.money_bodies import MoneyAnswer
from domain.brake import Brake, Said
from domain.caps import Cap, Loosening
from domain.errors import BrakeRefused, SecondPersonNeeded
from persistence import brake, caps
from persistence.engine import Connection, reading
from runtime.wiring import House


async def how_it_stands(house: House) -> MoneyAnswer:
    async with reading(house.engine) as db:
        standing = await caps.standing(db, house.clock.now())
        return MoneyAnswer.of(await brake.load(db), await brake.waiting(db), standing)


async def stop(house: House, by: str, reason: str) -> MoneyAnswer:
    return await _said(house, brake.stop, by, reason)


async def resume(house: House, by: str, reason: str) -> MoneyAnswer:
    return await _said(house, brake.resume, by, reason)


async def set_cap(house: House, cap: Cap, by: str) -> MoneyAnswer:
    return await _by_two(house, lambda db: caps.set_cap(db, cap, by, house.clock.now()))


async def remove_cap(house: House, name: str, by: str) -> MoneyAnswer:
    try:
        return await _by_two(house, lambda db: caps.remove_cap(db, name, by, house.clock.now()))
    except BrakeRefused as refused:
        raise Problem(404, "unknown-cap", str(refused)) from refused


async def _by_two(house: House, change: Callable[[Connection], Awaitable[Loosening | None]]) -> MoneyAnswer:
    try:
        async with house.engine.begin() as db:
            await change(db)
    except SecondPersonNeeded as refused:
        raise Problem(409, "second-person", str(refused)) from refused
    return await how_it_stands(house)


async def _said(
    house: House, deed: Callable[[Connection, Said], Awaitable[Brake]], by: str, reason: str
) -> MoneyAnswer:
    try:
        async with house.engine.begin() as db:
            await deed(db, Said(by, reason, house.clock.now()))
    except BrakeRefused as refused:
        raise Problem(409, "brake", str(refused)) from refused
    return await how_it_stands(house)
