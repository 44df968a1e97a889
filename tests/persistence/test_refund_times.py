"""How long refunds took: only those that went back as a whole, in the month in which their last money did."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.refund_leg import RefundOutcome
from persistence.refund_times import RefundTimes, refund_times
from tests.builders import NOON, yuan
from tests.persistence.test_refunds import ONE, Desk

pytestmark = pytest.mark.slow

MONTH = (NOON - timedelta(days=1), NOON + timedelta(days=20))
ANOTHER = (
    (
        "insert into refunds select (jsonb_populate_record(r, jsonb_build_object('id', 'slow'))).*"
        " from refunds r where id = 'r1'"
    ),
    (
        "insert into refund_legs select (jsonb_populate_record(l, jsonb_build_object('refund_id', 'slow',"
        " 'out_refund_no', 'slow', 'done_at', done_at + interval '28 hours'))).* from refund_legs l"
    ),
)


@pytest.fixture
async def desk(record: AsyncEngine) -> Desk:
    opened = Desk(record)
    await opened.delivered()
    return opened


async def times(desk: Desk) -> list[RefundTimes]:
    async with desk.record.connect() as db:
        return await refund_times(db, *MONTH)


async def test_hours_and_the_share_within_18_are_those_of_what_went_back(desk: Desk) -> None:
    await desk.open(ONE)
    await desk.asked()
    assert await times(desk) == []
    done = NOON + timedelta(hours=2)
    await desk.told(RefundOutcome.DONE, refund_no="R-1", amount=yuan("68.00"), at=done)
    assert await times(desk) == [RefundTimes("shop", False, 1, 2.0, 2.0, 2.0, 1.0, 0, None)]
    for statement in ANOTHER:
        await desk.run(statement)
    assert await times(desk) == [RefundTimes("shop", False, 2, 16.0, 16.0, 27.2, 0.5, 0, None)]
    await desk.run("insert into refund_ratings values ('r1', 5, now()), ('slow', 2, now())")
    assert [(each.rated, each.score) for each in await times(desk)] == [(2, 3.5)]
    await desk.run("update refund_legs set done_at = done_at + interval '60 days' where refund_id = 'slow'")
    assert [each.refunds for each in await times(desk)] == [1]
