"""Nobody acts in another's name: who decides comes from the token, never from the body."""

from typing import Any

import pytest
from sqlalchemy import text

from domain.case import Cause
from tests.api.conftest import Edge
from tests.api.test_cases import opened

pytestmark = pytest.mark.slow

CLOSE = {"choice": "close", "reason": "paid back by hand"}
REFUND = "4f0c2a9b81d3e6f7"
DECISION = {"verb": "approve", "version": 1, "task": 0}
ASKED = {"shop_id": "tea", "order_no": "1001", "reason": "damaged", "shipping_minor": 1}


async def test_a_decision_is_the_deed_of_the_tokens_person(edge: Edge) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    mei = await edge.token("cases:write", "cases:read", person="mei")
    answer = await edge.browser.post(f"/cases/{case_id}/decide", json=CLOSE, headers=mei)
    assert answer.status_code == 200
    shown = await edge.browser.get(f"/cases/{case_id}", headers=mei)
    assert shown.json()["decided_by"] == "mei"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/cases/{case_id}/decide", {**CLOSE, "by": "bo"}),
        ("POST", f"/refunds/{REFUND}/decisions", {**DECISION, "by": "bo"}),
        ("POST", f"/refunds/{REFUND}/assessment", {"reason": "a dent", "by": "bo"}),
        ("POST", f"/refunds/{REFUND}/withdrawal", {"by": "bo"}),
        ("PUT", f"/refunds/{REFUND}/waybill", {"by": "bo", "carrier": "sf", "waybill_no": "SF-B1000"}),
        ("POST", "/refunds", {**ASKED, "applicant": "bo"}),
    ],
)
async def test_anothers_name_is_refused_wherever_a_body_may_name_somebody(
    edge: Edge, method: str, path: str, body: dict[str, Any]
) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    mei = await edge.token("cases:write", "orders:write", person="mei")
    headers = {**mei, "Idempotency-Key": "k"}
    answer = await edge.browser.request(method, path.format(case_id=case_id), json=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["type"] == "urn:lockstep:problem:anothers-name"
    assert "mei" not in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/cases/{case_id}/decide", {**CLOSE, "by": "mei"}),
        (f"/refunds/{REFUND}/decisions", {**DECISION, "by": "mei"}),
        (f"/refunds/{REFUND}/assessment", {"reason": "a dent", "by": "mei"}),
    ],
)
async def test_a_programs_token_decides_nothing(edge: Edge, path: str, body: dict[str, Any]) -> None:
    case_id = await opened(edge, Cause.UNKNOWN_TRADE)
    program = await edge.token("cases:write")
    answer = await edge.browser.post(path.format(case_id=case_id), json=body, headers=program)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:lockstep:problem:nobodys-token")


async def test_nobody_asks_in_the_name_of_what_goes_back_by_itself(edge: Edge) -> None:
    program = {**await edge.token("orders:write"), "Idempotency-Key": "k"}
    answer = await edge.browser.post("/refunds", json={**ASKED, "applicant": "lockstep"}, headers=program)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:lockstep:problem:anothers-name")


async def test_the_token_of_somebody_who_has_left_opens_nothing(edge: Edge) -> None:
    mei = await edge.token("cases:read", person="mei")
    assert (await edge.browser.get("/cases", headers=mei)).status_code == 200
    async with edge.house.engine.begin() as db:
        await db.execute(text("update people set active = false where id = 'mei'"))
    assert (await edge.browser.get("/cases", headers=mei)).status_code == 401
