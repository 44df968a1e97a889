"""Everything open, out of the record: whose it is and until when; what has nobody is found, and fails the drill."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.approval import Mode, StepPlan, start
from domain.case import Cause, NewCase
from domain.limits import Limits
from domain.money_at_risk import OpenThing
from domain.refund_leg import RefundOutcome
from drill.virtual import judgement
from persistence import cases, money_at_risk
from ports.refunds import ApprovalMoved
from tests.builders import NOON, ORDER_ID, yuan
from tests.cli.conftest import CommandLine
from tests.persistence.test_refunds import Desk

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
SIX_HOURS = '{"case_decision": 21600}'


@pytest.fixture
async def desk(record: AsyncEngine) -> Desk:
    opened = Desk(record)
    await opened.delivered()
    return opened


@pytest.fixture
def lockstep(record_url: str) -> CommandLine:
    return CommandLine({"DATABASE_URL": record_url})


async def open_case(desk: Desk, cause: Cause, order_id: str | None) -> None:
    async with desk.record.begin() as db:
        await cases.open_case(db, order_id, NewCase(cause, "x", "about x"), now=NOON, limit=DAY)


async def at_risk(desk: Desk) -> list[OpenThing]:
    async with desk.record.connect() as db:
        return await money_at_risk.money_at_risk(db, NOON, Limits())


async def orphans(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    async with desk.record.connect() as db:
        return [(each.about, each.lacks) for each in await money_at_risk.orphans(db, Limits())]


async def test_a_refund_is_in_the_list_from_its_request_until_its_money_is_back(desk: Desk) -> None:
    view = await desk.open()
    assert [(each.about, each.owner, each.amount) for each in await at_risk(desk)] == [
        ("refund", "lockstep", yuan("144.00"))
    ]
    assert view.amount is not None
    asked = start("shop tea", view.amount, (StepPlan("support", Mode.ANY, ("lin",)),), NOON)
    await desk.refunds.move_approval(ApprovalMoved("r1", ORDER_ID, "t", 1, asked, "workflow", "route"))
    assert [(each.about, each.owner, each.due_at) for each in await at_risk(desk)] == [("approval", "lin", NOON + DAY)]
    await desk.asked()
    assert [(each.about, each.id) for each in await at_risk(desk)] == [("leg", "r1/tea_1001_r1_1")]
    assert await orphans(desk) == []
    await desk.told(RefundOutcome.DONE)
    assert await at_risk(desk) == []


async def test_a_case_is_in_the_list_with_the_money_it_is_about(desk: Desk) -> None:
    await open_case(desk, Cause.UNKNOWN_TRADE, None)
    await open_case(desk, Cause.OUT_OF_STOCK, str(ORDER_ID))
    (found,) = await at_risk(desk)
    assert (found.about, found.owner, found.due_at, found.amount) == ("case", "warehouse", NOON + DAY, yuan("144.00"))


async def test_the_command_goes_by_the_limits_and_the_pace_that_are_set(desk: Desk, record_url: str) -> None:
    await desk.open()
    for settings, hours in (({}, 24), ({"LOCKSTEP_TIME_SCALE": "2"}, 12), ({"LOCKSTEP_LIMITS": SIX_HOURS}, 6)):
        lockstep = CommandLine({"DATABASE_URL": record_url, **settings})
        (thing,) = (await lockstep.data("risk"))["things"]
        assert datetime.fromisoformat(thing["due_at"]) == NOON + timedelta(hours=hours)


async def test_a_leg_whose_case_is_gone_is_found(desk: Desk) -> None:
    await desk.open()
    await desk.asked()
    await desk.told(RefundOutcome.REFUSED)
    assert await orphans(desk) == []
    assert [each.about for each in await at_risk(desk)] == ["case"]
    await desk.run("delete from cases")
    assert await orphans(desk) == [("leg", ("next action", "owner"))]


async def test_a_planted_orphan_fails_the_drill_and_the_command(
    desk: Desk, lockstep: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgement, "check", lambda *_: [])
    await open_case(desk, Cause.OUT_OF_STOCK, str(ORDER_ID))
    said = await lockstep("orphans")
    assert (said.code, "next action, owner and due time" in said.out) == (0, True)
    assert "warehouse" in (await lockstep("risk")).out
    assert (await lockstep.data("risk"))["things"][0]["amount_minor"] == 14_400
    assert "nothing-without-an-owner" not in {each.invariant for each in await judgement.judge({}, "", desk.record)}
    await desk.run("update cases set owner = ''")
    assert (await lockstep("orphans")).code == 1
    assert (await lockstep.data("orphans"))["things"][0]["owner"] == ""
    assert "nothing-without-an-owner" in {each.invariant for each in await judgement.judge({}, "", desk.record)}
