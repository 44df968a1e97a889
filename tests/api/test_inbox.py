"""The inbox of the staff: whose turn it is, in his own name, what is due first."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.approval import Mode, StepPlan, start
from domain.approval_verbs import Deed, approve, reminded
from domain.people import Person, StandIn
from domain.refund import Asking
from domain.refund_money import RefundRequest, Units
from persistence.people import save_people
from ports.refunds import ApprovalMoved, RefundAsked
from tests.api.conftest import Edge
from tests.api.test_refund_wishes import Desk, desk
from tests.builders import NOON, ORDER_ID, yuan

__all__ = ["desk"]
pytestmark = pytest.mark.slow
STAFF = (
    Person("boss", "Boss"),
    Person("lin", "Lin", superior="boss", stand_ins=(StandIn("wu", NOON - timedelta(1), NOON + timedelta(30)),)),
    Person("wu", "Wu", superior="boss"),
)
PLAN = (StepPlan("support", Mode.SEQUENCE, ("lin", "wu")),)


async def asked(edge: Edge, desk: Desk, refund_id: str, line: str = "1", after: int = 0) -> ApprovalMoved:
    """One unit, its approval opened so many minutes later."""
    asking = Asking(refund_id, ORDER_ID, "c-17", request=RefundRequest((Units(line, 1),)))
    await desk.ask(RefundAsked(asking, "damaged", ""))
    approval = start("c-17", yuan("68.00"), PLAN, edge.clock.now() + timedelta(minutes=after))
    opened = ApprovalMoved(refund_id, ORDER_ID, "t", 1, approval, "workflow", "route")
    await desk.refunds.move_approval(opened)
    return opened


@pytest.fixture
async def staff(edge: Edge) -> None:
    async with edge.house.engine.begin() as db:
        await save_people(db, STAFF, "test", edge.clock.now(), seen={})


async def of(edge: Edge, person: str, **headers: str) -> httpx.Response:
    return await edge.browser.get("/me/tasks", headers={**await edge.token("cases:read", person=person), **headers})


async def tasks(edge: Edge, person: str) -> list[tuple[Any, ...]]:
    return [(each["refund"], each["signer"], each["task"]) for each in (await of(edge, person)).json()["tasks"]]


@pytest.mark.usefixtures("staff")
async def test_whose_turn_it_is_sees_it_first_what_is_due_first(edge: Edge, desk: Desk) -> None:
    late = await asked(edge, desk, "late", after=60)
    await asked(edge, desk, "soon")
    assert await tasks(edge, "lin") == [("soon", "lin", 0), ("late", "lin", 0)]
    assert await tasks(edge, "wu") == [("soon", "lin", 0), ("late", "lin", 0)], "he stands in for lin"
    assert await tasks(edge, "boss") == []
    seen = (await of(edge, "lin")).headers["etag"]
    assert (await of(edge, "lin", **{"If-None-Match": seen})).status_code == 304

    told = reminded(late.approval, 0, "boss")
    await desk.refunds.move_approval(ApprovalMoved("late", ORDER_ID, "t", 2, told, "workflow", "remind"))
    assert await tasks(edge, "boss") == [("late", "lin", 0)]
    signed = approve(told, 0, Deed("boss", edge.clock.now(), 1))
    await desk.refunds.move_approval(ApprovalMoved("late", ORDER_ID, "t", 3, signed, "boss", "approve"))
    assert (await tasks(edge, "boss"), await tasks(edge, "lin")) == ([], [("soon", "lin", 0)])
    changed = await of(edge, "wu", **{"If-None-Match": seen})
    assert sorted(each["signer"] for each in changed.json()["tasks"]) == ["lin", "wu"]
    (mine,) = [each for each in changed.json()["tasks"] if each["signer"] == "wu"]
    assert (mine["moves"], mine["version"], mine["amount_minor"], mine["overdue"]) == (3, 1, 6800, False)
    assert mine["decide_at"].endswith("/refunds/late/decisions")


@pytest.mark.usefixtures("staff")
async def test_what_is_late_says_so_and_nobody_is_asked_of_his_own_request(edge: Edge, desk: Desk) -> None:
    await asked(edge, desk, "r1")
    await edge.later(minutes=24 * 60 + 1)
    assert [each["overdue"] for each in (await of(edge, "lin")).json()["tasks"]] == [True]
    await edge.sql("update refunds set approval = jsonb_set(approval, '{applicant}', '\"lin\"')")
    assert await tasks(edge, "lin") == []


async def test_a_programs_token_has_no_inbox(edge: Edge) -> None:
    answer = await edge.browser.get("/me/tasks", headers=await edge.token("cases:read"))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:lockstep:problem:nobodys-token")
