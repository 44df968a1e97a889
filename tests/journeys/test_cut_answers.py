"""47 orders, each notice twice three seconds apart because its first answer was cut off: paid once, nothing to undo."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.journeys.orders import AMOUNT_MINOR, placed
from tests.journeys.staging import FORM, TIME_SCALE, Stage

pytestmark = pytest.mark.slow

ORDERS = [str(number) for number in range(4701, 4748)]
AT_ONCE = 6
APART_SECONDS = 3 / TIME_SCALE
ON_HAND = "select coalesce(sum(on_hand), 0) from stock where sku = 'TEA-GREEN-250'"


async def cut_off(stage: Stage, form: bytes) -> None:
    """The notice is taken and answered, but of the answer only one byte arrives."""
    where = httpx.URL(str(stage.shop.base_url))
    reader, writer = await asyncio.open_connection(where.host, where.port)
    head = f"POST /webhooks/alipay HTTP/1.1\r\nHost: {where.host}\r\nContent-Type: {FORM}\r\n"
    writer.write(head.encode() + f"Content-Length: {len(form)}\r\n\r\n".encode() + form)
    assert await reader.readexactly(1) == b"H"
    writer.transport.abort()


async def told_twice(stage: Stage, order_no: str) -> str:
    """Placed, paid and told as by a provider who never heard an answer to the first notice; what it heard then."""
    await placed(stage, order_no)
    trade: dict[str, Any] = await stage.silent_payment(order_no, amount_minor=AMOUNT_MINOR)
    form = stage.pen.notice(trade["out_trade_no"], trade["trade_no"])
    await cut_off(stage, form)
    await asyncio.sleep(APART_SECONDS)
    return (await stage.notify(form)).text


@pytest.mark.timeout(240)
async def test_notices_repeated_after_a_cut_answer_pay_each_order_once(stage: Stage) -> None:
    stage.pace(600)
    before = await stage.value(ON_HAND)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(order_no: str) -> str:
        async with room:
            return await told_twice(stage, order_no)

    heard = await asyncio.gather(*(one(order_no) for order_no in ORDERS))
    assert set(heard) == {"success"}
    count = len(ORDERS)
    await stage.until_value(count, "select count(*) from orders where stage in ('delivered', 'completed')")
    assert await stage.value("select count(*) from payments") == count
    assert await stage.value("select count(distinct order_id) from payments where matched") == count
    assert await stage.value("select count(*) from ledger_entries where kind = 'captured'") == count
    assert await stage.value("select count(*) from inbound_events where source = 'alipay'") == 2 * count
    assert await stage.value("select count(*) from reservations") == count
    assert before - await stage.value(ON_HAND) == 2 * count  # two packs of tea each
    pushed = [call.reference for call in stage.town.warehouse.counter.calls if call.verb == "push"]
    assert (len(pushed), len(set(pushed))) == (count, count)
    assert await stage.value("select count(*) from refunds") == 0
    assert await stage.cases() == []
