"""News on a real record: written with the transition that it tells of, once, however often that is repeated."""

from typing import Any

import pytest
from sqlalchemy import text

from domain.refund_leg import RefundOutcome
from ports.refunds import ApprovalMoved, Reminder
from tests.builders import NOON, ORDER_ID, yuan
from tests.persistence.test_refunds import Desk, about

pytestmark = pytest.mark.slow


@pytest.fixture
async def desk(record: Any) -> Desk:
    opened = Desk(record)
    await opened.delivered()
    return opened


async def told(desk: Desk) -> list[tuple[str, str]]:
    async with desk.record.connect() as db:
        rows = await db.execute(text("select topic, recipient from news order by topic, recipient"))
        return [(row.topic, row.recipient) for row in rows]


async def test_customer_and_signer_are_told_once_of_each_step_that_is_repeated(desk: Desk) -> None:
    for _ in range(2):
        await desk.open()
        await desk.approve()
        await desk.refunds.plan(about())
    await desk.refunds.ask_leg(about(leg=1))
    for _ in range(2):
        await desk.told(RefundOutcome.DONE, refund_no="R-1", amount=yuan("144.00"), at=NOON)
    order = str(ORDER_ID)
    assert await told(desk) == [("refund_opened", order), ("refund_paid_back", order), ("to_sign", "lin")]


async def test_a_reminder_is_told_to_the_superior_and_not_to_whom_it_passes_by(desk: Desk) -> None:
    await desk.open()
    await desk.approve()
    view = await desk.refunds.load(about())
    assert view.approval is not None
    for _ in range(2):
        for number, skipped in ((3, "is the applicant"), (4, "")):
            note = Reminder(0, 1, f"boss-{number}", NOON, skipped)
            moved = ApprovalMoved("r1", ORDER_ID, "t", number, view.approval, "workflow", "remind", reminder=note)
            await desk.refunds.move_approval(moved)
    assert [each for each in await told(desk) if each[0] == "reminder"] == [("reminder", "boss-4")]


async def test_a_transition_that_fails_tells_nobody(desk: Desk) -> None:
    await desk.run("alter table audit_log add constraint nothing_more check (seq < 0) not valid")
    with pytest.raises(Exception, match="nothing_more"):
        await desk.open()
    assert await told(desk) == []
