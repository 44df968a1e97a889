"""The cases API over a real record: lists, pages, and what is decided without any workflow."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from domain.case import Cause, NewCase
from domain.limits import Limits
from persistence import cases
from persistence.audit import first_bad_entry
from persistence.reminders import PostgresReminders
from tests.api.conftest import Edge
from tests.builders import NOON, ORDER_ID

pytestmark = pytest.mark.slow

CLOSE = {"choice": "close", "by": "mei", "reason": "paid back by hand"}


async def opened(edge: Edge, cause: Cause, order_id: str | None = None, *, subject: str = "x", hours: int = 24) -> str:
    async with edge.house.engine.begin() as db:
        new = NewCase(cause, subject, f"about {subject}")
        await cases.open_case(db, order_id, new, now=NOON, limit=timedelta(hours=hours))
        return str((await db.execute(text("select id from cases where subject = :s"), {"s": subject})).scalar_one())


async def ids(edge: Edge, **asked: Any) -> list[str]:
    answer = await edge.browser.get("/cases", params=asked, headers=await edge.token("cases:read"))
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["cases"]]


async def decide(edge: Edge, case_id: str, body: dict[str, Any], **headers: str) -> Any:
    token = await edge.token("cases:write", person=body.get("by", "mei"))
    return await edge.browser.post(f"/cases/{case_id}/decide", json=body, headers={**token, **headers})


async def test_cases_are_listed_by_due_time_and_filtered(edge: Edge) -> None:
    late = await opened(edge, Cause.UNKNOWN_TRADE, subject="late", hours=9)
    soon = await opened(edge, Cause.OUT_OF_STOCK, str(ORDER_ID), subject="soon", hours=1)
    middle = await opened(edge, Cause.REFUND_DUE, str(ORDER_ID), subject="middle", hours=5)
    assert await ids(edge) == [soon, middle, late]
    assert await ids(edge, cause="refund_due") == [middle]
    assert await ids(edge, owner="warehouse") == [soon]
    assert await ids(edge, order="shop/tea/1001") == [soon, middle]
    assert (await decide(edge, late, CLOSE)).status_code == 200
    assert await ids(edge) == [soon, middle]
    assert await ids(edge, state="settled") == [late]
    assert await ids(edge, state="all") == [soon, middle, late]


async def test_pages_follow_each_other_without_gaps_even_when_all_are_due_at_once(edge: Edge) -> None:
    every = {await opened(edge, Cause.UNKNOWN_TRADE, subject=f"trade {n}") for n in range(7)}
    token, cursor, seen = await edge.token("cases:read"), None, []
    for _ in range(3):
        asked = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await edge.browser.get("/cases", params=asked, headers=token)).json()
        seen += [each["id"] for each in page["cases"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(seen) == 7
    assert set(seen) == every


@pytest.mark.parametrize("cursor", ["nonsense", "5L2g", "MjAyNi0xMS0yMlQwNDowMDowMCBjYXNl"])
async def test_a_cursor_of_somebody_elses_making_is_refused(edge: Edge, cursor: str) -> None:
    answer = await edge.browser.get("/cases", params={"cursor": cursor}, headers=await edge.token("cases:read"))
    assert answer.status_code == 422
    assert "next_cursor" in answer.json()["detail"]


@pytest.mark.parametrize("asked", [{"cause": "bad luck"}, {"state": "ajar"}, {"limit": "0"}, {"limit": "201"}])
async def test_a_question_that_makes_no_sense_is_answered_422(edge: Edge, asked: dict[str, str]) -> None:
    answer = await edge.browser.get("/cases", params=asked, headers=await edge.token("cases:read"))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_one_case_says_what_each_choice_will_do(edge: Edge) -> None:
    case_id = await opened(edge, Cause.PUSH_FAILED, str(ORDER_ID))
    answer = await edge.browser.get(f"/cases/{case_id}", headers=await edge.token("cases:read"))
    assert set(answer.json()["choices"]) == {"retry", "skip", "cancel"}
    assert "due back to the buyer" in answer.json()["choices"]["cancel"]


async def test_scopes_are_asked_for(edge: Edge) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    reader = await edge.token("cases:read")
    assert (await edge.browser.get("/cases")).status_code == 401
    assert (await edge.browser.get("/cases", headers=await edge.token("orders:read"))).status_code == 403
    assert (await edge.browser.post(f"/cases/{case_id}/decide", json=CLOSE, headers=reader)).status_code == 403


async def test_a_case_that_is_not_there_is_404(edge: Edge) -> None:
    assert (await decide(edge, "case-000000000000", CLOSE)).status_code == 404
    answer = await edge.browser.get("/cases/case-000000000000", headers=await edge.token("cases:read"))
    assert answer.json()["type"] == "urn:lockstep:problem:unknown-case"


async def test_a_money_case_is_closed_in_the_record_and_stands_in_its_orders_log(edge: Edge) -> None:
    await edge.placed()
    case_id = await opened(edge, Cause.SURPLUS_PAYMENT, str(ORDER_ID))
    answer = await decide(edge, case_id, CLOSE)
    assert (answer.status_code, answer.json()["stage"]) == (200, "awaiting_payment")
    async with edge.house.engine.connect() as db:
        assert await first_bad_entry(db, str(ORDER_ID)) is None
        last = (await db.execute(text("select actor, step, change from audit_log order by seq desc limit 1"))).one()
    change = {"case": case_id, "choice": "close", "reason": "paid back by hand"}
    assert tuple(last) == ("mei", "settle_case", change)


async def test_a_case_without_an_order_leaves_no_log(edge: Edge) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    assert (await decide(edge, case_id, CLOSE)).json()["order"] is None
    async with edge.house.engine.connect() as db:
        of_orders = text("select count(*) from audit_log where order_id <> 'installation'")
        assert (await db.execute(of_orders)).scalar_one() == 0


async def test_the_first_decision_counts_and_the_second_is_told_who_and_when(edge: Edge) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    assert (await decide(edge, case_id, CLOSE)).status_code == 200
    assert (await decide(edge, case_id, CLOSE)).status_code == 200, "my own decision, sent again"
    answer = await decide(edge, case_id, {**CLOSE, "by": "bo"})
    assert answer.status_code == 409
    assert "mei decided this case at 2026-11-22T04:00:00+00:00" in answer.json()["detail"]


async def test_of_many_at_once_one_wins(edge: Edge) -> None:
    case_id = await opened(edge, Cause.SURPLUS_PAYMENT, str(ORDER_ID))
    url, body = f"/cases/{case_id}/decide", {"choice": "close", "reason": "paid back by hand"}
    tokens = [await edge.token("cases:write", person=f"p{n}") for n in range(6)]
    answers = await asyncio.gather(*(edge.browser.post(url, json=body, headers=token) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    async with edge.house.engine.connect() as db:
        assert (await db.execute(text("select count(*) from audit_log"))).scalar_one() == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({**CLOSE, "choice": "retry"}, "allows close, not retry"),
        ({**CLOSE, "choice": "forget"}, "choose one of"),
        ({**CLOSE, "reason": "   "}, "`errors`"),
        ({"choice": "close"}, "`errors`"),
        ({**CLOSE, "colour": "red"}, "`errors`"),
    ],
)
async def test_a_decision_that_is_no_decision_is_refused(edge: Edge, body: dict[str, str], sentence: str) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    answer = await decide(edge, case_id, body)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]
    assert await ids(edge) == [case_id]


async def test_an_idempotency_key_belongs_to_one_body(edge: Edge) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    key = {"Idempotency-Key": "k-1"}
    assert (await decide(edge, case_id, CLOSE, **key)).status_code == 200
    assert (await decide(edge, case_id, CLOSE, **key)).status_code == 200
    answer = await decide(edge, case_id, {**CLOSE, "reason": "another"}, **key)
    assert answer.json()["type"] == "urn:lockstep:problem:idempotency-key-reused"


async def test_money_at_risk_is_listed_for_those_who_may_read_cases(edge: Edge) -> None:
    await edge.placed()
    case = await opened(edge, Cause.OUT_OF_STOCK, str(ORDER_ID))
    await opened(edge, Cause.UNKNOWN_TRADE, subject="no money of an order")
    answer = await edge.browser.get("/money-at-risk", headers=await edge.token("cases:read"))
    assert (answer.status_code, answer.json()["total"]) == (200, 1)
    assert {"about": "case", "id": case, "owner": "warehouse", "amount_minor": 14_400}.items() <= answer.json()[
        "things"
    ][0].items()
    edge.clock.time += timedelta(days=1)
    assert await PostgresReminders(edge.house.engine, edge.clock, Limits(), {}).look() == 0, "nobody is there yet"
    answer = await edge.browser.get("/money-at-risk", headers=await edge.token("cases:read"))
    (told,) = answer.json()["things"][0]["reminders"]
    assert (told["level"], told["person"]) == (1, "")
    assert told["skipped"] == "nobody is there to be told of what warehouse owns"
    assert (await edge.browser.get("/money-at-risk", headers=await edge.token("orders:read"))).status_code == 403
    refused = await edge.browser.get("/money-at-risk?limit=0", headers=await edge.token("cases:read"))
    assert refused.status_code == 422
