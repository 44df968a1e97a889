"""One case for many refunds: an empty merchant account, with what it takes to release them."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.refund_leg import RefundOutcome, Told
from ports.refunds import LegAnswered, RefundView
from tests.builders import ORDER_ID
from tests.persistence.test_refunds import ONE, Desk, about

pytestmark = pytest.mark.slow
OPEN = "select string_agg(detail, '; ') from cases where settled_at is null"
SHORT = RefundOutcome.SHORT_OF_BALANCE


class Account(Desk):
    """Two refunds of one merchant account."""

    async def said(self, refund_id: str, outcome: RefundOutcome) -> RefundView:
        return await self.refunds.record_answer(LegAnswered(refund_id, ORDER_ID, "t", 1, Told(outcome)))

    async def says(self) -> str | None:
        found: str | None = await self.value(OPEN)
        return found


@pytest.fixture
async def desk(record: AsyncEngine) -> Account:
    opened = Account(record)
    await opened.delivered()
    for refund_id in ("r1", "r2"):
        await opened.open(ONE, refund_id)
        await opened.asked(refund_id)
    return opened


async def test_one_case_says_how_much_releases_how_many_and_settles_itself(desk: Account) -> None:
    await desk.said("r1", SHORT)
    assert await desk.says() == "alipay/main: top up 68.00 CNY to release 1 refund"
    view = await desk.said("r2", SHORT)
    assert await desk.says() == "alipay/main: top up 136.00 CNY to release 2 refunds"
    assert view.open_cases == 0, "it is nobody's alone"
    case_id = await desk.value("select id from cases")
    await desk.refunds.ask_leg(about("r1", 1))  # it is tried again, and still waits
    await desk.said("r1", SHORT)
    assert await desk.value("select id from cases") == case_id
    await desk.said("r1", RefundOutcome.DONE)
    assert await desk.says() == "alipay/main: top up 68.00 CNY to release 1 refund"
    await desk.said("r2", RefundOutcome.DONE)
    assert await desk.says() is None
    assert await desk.value("select decided_by from cases") == "workflow"


async def test_an_account_that_is_empty_again_is_another_case(desk: Account) -> None:
    await desk.said("r1", SHORT)
    await desk.said("r1", RefundOutcome.DONE)
    await desk.said("r2", SHORT)
    assert await desk.value("select count(*) from cases") == 2
    assert await desk.says() == "alipay/main: top up 68.00 CNY to release 1 refund"
