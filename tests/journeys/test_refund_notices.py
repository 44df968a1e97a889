"""WeChat Pay tells of refunds by itself: its word reaches the workflow, a late change of its mind a person."""

import pytest

from persistence.people import save_people
from sandbox.faults import Fault, Place
from tests.journeys.orders import AMOUNT_MINOR, TOOLS, placed
from tests.journeys.staging import Stage
from tests.journeys.test_refunds import STAFF, ask, decide

pytestmark = pytest.mark.slow

ORDER_NO = "8101"
NUMBER = f"tools_{ORDER_NO}"


async def test_a_refund_that_was_told_as_done_and_then_as_abnormal_is_a_case(stage: Stage) -> None:
    stage.pace(600)
    await placed(stage, ORDER_NO, **TOOLS)
    await stage.control("payments", out_trade_no=NUMBER, amount_minor=AMOUNT_MINOR)
    await stage.until_stage(ORDER_NO, "delivered", "completed")
    async with stage.house.engine.begin() as db:
        await save_people(db, STAFF, "test", stage.house.clock.now(), seen={})
    await stage.control("faults", place=Place.REFUND, fault=Fault.REFUND_REVERSED, key=NUMBER)
    wish = {"shop_id": "tools", "order_no": ORDER_NO, "units": [{"line_id": "1", "quantity": 1}]}
    refund = (await ask(stage, "k1", **wish)).json()["refund"]
    await decide(stage, refund, "approve", "lin")
    await stage.until_value("paid_back", "select stage from refunds where id = :id", id=refund)
    await stage.until_value(1, "select count(*) from cases where cause = 'refund_reversed'")
    evidence = await stage.rows(
        "select verdict, order_id, applied_at is not null from inbound_events where kind = 'payment.notice' order by id"
    )
    assert {tuple(row)[1:] for row in evidence} == {(f"shop/tools/{ORDER_NO}", True)}
    assert [row.verdict for row in evidence][-1] == "accepted"
    assert await stage.value("select count(*) from ledger_entries where kind = 'refunded'") == 1
