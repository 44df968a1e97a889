"""Undoing in bulk over HTTP: found, looked at, released by a second person, cancelled."""

from collections.abc import Awaitable

from api.errors import Problem
from api.undo_bodies import FindBody, ItemAnswer, PlanAnswer, PlansAnswer, WholePlanAnswer
from domain.brake import Said
from domain.errors import UndoRefused
from domain.undo import Plan
from persistence import undo
from persistence.engine import reading
from runtime.undo_desk import UndoDesk
from runtime.updates import TemporalAway
from runtime.wiring import House


async def find(house: House, body: FindBody, by: str) -> WholePlanAnswer:
    trades = [each.trade() for each in body.trades]
    try:
        async with house.engine.begin() as db:
            plan = await undo.find(db, trades, Said(by, body.reason, house.clock.now()))
    except UndoRefused as refused:
        raise Problem(422, "nothing-found", str(refused)) from refused
    return await show(house, plan.id)


async def list_plans(house: House) -> PlansAnswer:
    async with reading(house.engine) as db:
        return PlansAnswer(plans=[PlanAnswer.of(each) for each in await undo.plans(db)])


async def show(house: House, plan_id: str) -> WholePlanAnswer:
    async with reading(house.engine) as db:
        try:
            plan = await undo.load(db, plan_id)
        except LookupError as unknown:
            raise Problem(404, "unknown-plan", str(unknown)) from unknown
        items = [ItemAnswer.of(each) for each in await undo.items(db, plan_id)]
    return WholePlanAnswer(items=items, **PlanAnswer.of(plan).model_dump())


async def release(house: House, plan_id: str, said: Said, version: str) -> WholePlanAnswer:
    desk = UndoDesk(house.engine, house.temporal, house.settings)
    return await _said(house, plan_id, desk.release(plan_id, said, version))


async def cancel(house: House, plan_id: str, said: Said) -> WholePlanAnswer:
    return await _said(house, plan_id, _cancelled(house, plan_id, said))


async def _cancelled(house: House, plan_id: str, said: Said) -> Plan:
    async with house.engine.begin() as db:
        return await undo.cancel(db, plan_id, said)


async def _said(house: House, plan_id: str, deed: Awaitable[Plan]) -> WholePlanAnswer:
    try:
        await deed
    except LookupError as unknown:
        raise Problem(404, "unknown-plan", str(unknown)) from unknown
    except UndoRefused as refused:
        raise Problem(409, "undo-refused", str(refused)) from refused
    except TemporalAway as away:
        raise Problem(503, "unavailable", str(away), headers={"retry-after": "5"}) from away
    return await show(house, plan_id)
