"""An edge over a real record with a pretended workflow: quick to set up, and its workers leave when told to."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.app import create_app
from api.tracking_links import signed_link
from domain.case import CaseDecision, Cause, Choice
from domain.limits import Limits
from domain.order import Order
from domain.reference import OrderId
from persistence import access
from persistence.customers import Customers
from persistence.evidence import Evidence
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from ports.records import CaseSettled, OrderPlaced, OrderView, PushRecorded
from ports.refunds import RefundView
from ports.warehouse import Recipient, Warehouse
from runtime.config import Settings
from runtime.wiring import House
from tests.api.people import hired
from tests.builders import NOON, ORDER_ID, capture, line, order, parcel, reported, settled, step
from workflows.refund import RefundWorkflow

KEY = base64.b64encode(b"k" * 32).decode()
RECIPIENT = Recipient("云小满", "13900001234", "浙江省", "杭州市", "西湖区", "假想路 1 号")
TITLE = "明前龙井 250 克"


class PretendedWorkflows:
    """Stands where the Temporal client stands. Without a view, nobody answers."""

    def __init__(self) -> None:
        self.view: OrderView | None = None
        self.refund_view: RefundView | None = None
        self.pause_seconds = 0.0
        self.asked = 0
        self.answered = 0

    def get_workflow_handle(self, _: str) -> "PretendedWorkflows":
        return self

    async def query(self, what: object, **__: object) -> OrderView | RefundView:
        self.asked += 1
        await asyncio.sleep(self.pause_seconds)
        view = self.refund_view if what is RefundWorkflow.progress else self.view
        if view is None:
            raise RPCError("no worker", RPCStatusCode.DEADLINE_EXCEEDED, b"")
        self.answered += 1
        return view


@dataclass
class Edge:
    """The API over one record. `clock` stands still until it is moved."""

    house: House
    app: FastAPI
    clock: FixedClock
    workflows: PretendedWorkflows
    browser: httpx.AsyncClient

    async def placed(self, what: Order | None = None) -> None:
        what = what or order(lines=(replace(line(), title=TITLE),))
        async with self.house.engine.begin() as db:
            sealed = await self.house.customers.seal_recipient(db, "c-17", RECIPIENT)
            note = await self.house.customers.seal_note(db, "c-17", "<i>请轻放</i>")
        tail = self.house.customers.phone_tail(what.id, RECIPIENT.phone)
        await self.house.orders.place(OrderPlaced(what, "c-17", sealed, note, tail))

    async def paid(self, order_id: OrderId = ORDER_ID, trade_no: str = "2026112222001") -> None:
        paid = capture(trade_no=trade_no, paid_at=self.clock.now())
        await self.house.orders.record_payment(settled(paid, order_id))

    async def pushed(self, order_id: OrderId = ORDER_ID) -> None:
        await self.house.orders.reserve_stock(step("reserve", order_id))
        await self.house.orders.record_push(PushRecorded(order_id, f"order/{order_id}/push", "OUT-1"))

    async def decided(self, choice: Choice, order_id: OrderId = ORDER_ID) -> None:
        """A person decides the case of short stock that is open, and the workflow goes on."""
        view = await self.house.orders.reserve_stock(step("reserve", order_id))
        case_id = next(case.case_id for case in view.cases if case.cause is Cause.OUT_OF_STOCK)
        decision = CaseDecision(case_id, choice, "lin", "it was agreed")
        await self.house.orders.settle_case(CaseSettled(order_id, decision))

    async def sent_ahead(self) -> None:
        """One of two packs is at the warehouse; the other one is short."""
        await self.sql("update stock set on_hand = 1 where sku = 'TEA-GREEN-250'")
        await self.placed()
        await self.paid()
        await self.decided(Choice.SPLIT)
        await self.pushed()
        await self.house.orders.reserve_stock(step("reserve"))

    async def parcel(self, order_id: OrderId = ORDER_ID, *, delivered: bool = False, units: int = 2) -> None:
        told = parcel(f"P-{units}", units, delivered=delivered, at=self.clock.now())
        await self.house.orders.report_parcel(reported(told, order_id))

    async def shipped(self) -> None:
        """The usual order, as far as the carrier."""
        await self.placed()
        await self.later(minutes=3)
        await self.paid()
        await self.later(minutes=1)
        await self.pushed()
        await self.later(hours=6)
        await self.parcel()

    async def completed(self) -> None:
        await self.shipped()
        await self.later(hours=30)
        await self.parcel(delivered=True)
        await self.later(days=7)
        await self.house.orders.complete(step("complete"))

    def answers(self, **axes: Any) -> None:
        """From now on the workflow answers, and says this."""
        self.workflows.view = OrderView(ORDER_ID, known=True, limits=Limits(), **axes)

    async def later(self, **passed: float) -> None:
        self.clock.time += timedelta(**passed)

    async def sql(self, statement: str, **values: Any) -> None:
        async with self.house.engine.begin() as db:
            await db.execute(text(statement), values)

    async def token(self, *scopes: str, person: str | None = None) -> dict[str, str]:
        async with self.house.engine.begin() as db:
            if person is not None:
                await hired(db, person)
            name = "-".join((*scopes, person) if person else scopes) or "none"
            secret = await access.create_token(db, name, scopes, self.clock.now(), person)
        return {"Authorization": f"Bearer {secret}"}

    def link(self, order_id: OrderId = ORDER_ID) -> str:
        return signed_link(self.house.settings, order_id)

    async def page(self, url: str = "/track/1001?shop=tea", language: str = "en") -> httpx.Response:
        return await self.browser.get(url, headers={"Accept-Language": language})


@pytest.fixture
async def edge(record: AsyncEngine) -> AsyncIterator[Edge]:
    clock, workflows = FixedClock(NOON), PretendedWorkflows()
    settings = Settings(
        database_url="postgresql://unused", temporal_address="unused", record_key=KEY, payload_keys=f"test:{KEY}"
    )
    customers = Customers(settings.record_key_bytes, clock)
    house = House(
        settings,
        clock,
        record,
        cast("Client", workflows),
        customers,
        Evidence(settings.record_key_bytes),
        PostgresOrders(record, customers, clock, settings.scaled_limits),
        {},
        cast("Warehouse", None),
    )
    app = create_app(house)
    app.state.house = house
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as browser:
        yield Edge(house, app, clock, workflows, browser)
