"""Tracking over the whole house: the link the shop gets back, followed until the goods arrived."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from api.tracking_links import signed_link
from domain.order import Stage as OrderStage
from runtime.embedded import EmbeddedTemporal
from runtime.wiring import open_house
from tests.builders import ORDER_ID, placed
from tests.journeys.conftest import Stage, stage, temporal, world_folder
from tests.journeys.orders import AMOUNT_MINOR, order_body, paid, send_order
from tests.journeys.staging import settings_for
from workflows import identity
from workflows.messages import OrderStart
from workflows.order import OrderWorkflow

__all__ = ["stage", "temporal", "world_folder"]  # fixtures

pytestmark = pytest.mark.slow


async def answered(stage: Stage, url: str) -> dict[str, Any]:
    found: dict[str, Any] = (await stage.shop.get(url)).json()
    return found


async def test_the_link_that_the_shop_gets_shows_the_order_on_its_whole_way(stage: Stage) -> None:
    stage.pace(600)
    taken = (await send_order(stage, order_body(stage, "3001"))).json()
    link = httpx.URL(taken["track_url"]).raw_path.decode()
    assert (await stage.shop.get(link)).status_code == 200  # in the record or still coming: never unknown
    await stage.until_stage("3001", "awaiting_payment")
    as_json = link.replace("?", ".json?")
    waiting = await answered(stage, as_json)
    assert (waiting["stage"], waiting["source"]) == ("awaiting_payment", "workflow")
    trade_no = await paid(stage, "3001")
    await stage.until_stage("3001", "completed")
    done = await answered(stage, as_json)
    assert (done["stage"], done["source"]) == ("completed", "record")
    assert [each["reference"] for each in done["payments"]] == [trade_no]
    assert all(each["at"] for each in done["steps"])
    assert done["amount"]["amount_minor"] == AMOUNT_MINOR
    timeline = await answered(stage, "/orders/shop/tea/3001/timeline")
    assert all(each["caused_by"] for each in timeline["entries"] if each["step"] in ("place", "record_payment"))


async def test_with_all_workers_away_the_record_answers_within_a_second(
    record: AsyncEngine, record_url: str, temporal: EmbeddedTemporal, world_folder: Path
) -> None:
    del record  # steps outside a workflow count as `test`
    settings = settings_for(record_url, temporal.address, world_folder, "http://127.0.0.1:9")
    async with open_house(settings) as house:
        await house.orders.place(placed())
        await house.temporal.start_workflow(
            OrderWorkflow.run,
            OrderStart(ORDER_ID),
            id=identity.order_workflow_id(ORDER_ID),
            task_queue="nobody-listens",
            search_attributes=identity.search_attributes(ORDER_ID, OrderStage.AWAITING_PAYMENT),
        )
        app = create_app(house)
        app.state.house = house
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as browser:
            link = signed_link(settings, ORDER_ID).removeprefix(settings.public_url).replace("?", ".json?")
            body = (await browser.get(link)).json()
        await house.temporal.get_workflow_handle(identity.order_workflow_id(ORDER_ID)).terminate()
    assert (body["stage"], body["source"]) == ("awaiting_payment", "record")
