"""The shop's API over the wire: what is taken, what is answered once more, what is refused and with which words."""

import asyncio
import re
from collections import Counter
from typing import Any

import httpx
import pytest

from api.app import create_app
from persistence import access
from tests.journeys.orders import ORDER, RECIPIENT, amend, order_body, placed, send_order
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

COPIES = 20
SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
INSIDE = ("traceback", 'file "', "sqlalchemy", "psycopg", "temporalio", "select ", "insert ", "lockstep.api", ".py")


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"payment_plan": [{"part": 1, "amount_minor": 14401, "pay_within_seconds": 1800}]}, "refused"),
    ({"payment_plan": [{"part": 2, "amount_minor": 14400, "pay_within_seconds": 1800}]}, "refused"),
    ({"shop_id": "nowhere"}, "unknown-shop"),
    ({"channel": "jd"}, "unknown-shop"),
    ({"channel": "ebay"}, "refused"),
    ({"shop_id": "tea/../x"}, "refused"),
    ({"order_no": "tea_1"}, "refused"),
    ({"order_no": "1" * 25}, "refused"),
    ({"order_no": ""}, "invalid-request"),
    ({"currency": "XXXX"}, "refused"),
    ({"placed_at": "9999-12-31T23:59:59+00:00"}, "invalid-request"),
    ({"placed_at": "0001-01-01T00:00:00+08:00"}, "invalid-request"),
    ({"customer_id": "c\x00"}, "invalid-request"),
    ({"recipient": {**RECIPIENT, "detail": "x\x00"}}, "invalid-request"),
    ({"lines": [{**ORDER["lines"][0], "line_id": "1\x00"}]}, "invalid-request"),
]


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem document that tells nothing of the inside."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["title"]
    assert said["detail"]
    assert [word for word in INSIDE if word in answer.text.lower()] == []
    return answer.status_code, said["type"].removeprefix("urn:lockstep:problem:")


async def test_the_same_key_and_body_get_the_same_answer_and_one_effect(stage: Stage) -> None:
    body = await placed(stage, "5001")
    answers = [await send_order(stage, body) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    said = answers[0].json()
    assert (said["order"], said["out_trade_nos"]) == ("shop/tea/5001", ["tea_5001"])
    assert said["status_url"].endswith("/orders/shop/tea/5001")
    assert await stage.value("select count(*) from orders") == 1
    assert await stage.value("select count(*) from audit_log where step = 'place'") == 1


async def test_a_key_belongs_to_one_body(stage: Stage) -> None:
    body = await placed(stage, "5002")
    other = {**body, "order_no": "5003"}
    assert problem(await send_order(stage, other, key="5002")) == (422, "idempotency-key-reused")
    assert await stage.stage_of("5003") is None
    assert not await stage.has_workflow("5003")


async def test_another_key_for_the_same_order_is_taken_without_a_second_effect(stage: Stage) -> None:
    body = await placed(stage, "5004")
    again = await send_order(stage, body, key="another")
    assert (again.status_code, again.json()["order"]) == (202, "shop/tea/5004")
    assert await stage.value("select string_agg(verdict, ' ' order by id) from inbound_events") == "accepted repeat"
    assert await stage.value("select count(*) from audit_log where step = 'place'") == 1


async def test_an_order_number_belongs_to_one_content(stage: Stage) -> None:
    body = await placed(stage, "5005")
    changes: list[dict[str, Any]] = [
        {"shipping_minor": 0, "payment_plan": _plan(13600)},
        {"recipient": {**RECIPIENT, "phone": "1"}},
    ]
    for number, change in enumerate(changes):
        assert problem(await send_order(stage, {**body, **change}, key=str(number))) == (409, "order-exists")
    assert await stage.value("select amount_minor from orders") == 14400


async def test_a_refused_placing_does_not_use_up_its_key(stage: Stage) -> None:
    body = order_body(stage, "5006")
    assert problem(await send_order(stage, {**body, "shop_id": "nowhere"}, key="k")) == (422, "unknown-shop")
    assert (await send_order(stage, body, key="k")).status_code == 202


async def test_twenty_copies_at_once_make_one_order(stage: Stage) -> None:
    body = order_body(stage, "5007")
    same_key = [send_order(stage, body) for _ in range(COPIES)]
    own_keys = [send_order(stage, body, key=f"copy-{number}") for number in range(COPIES)]
    answers = await asyncio.gather(*same_key, *own_keys)
    assert Counter(answer.status_code for answer in answers) == {202: 2 * COPIES}
    await stage.until_stage("5007", "awaiting_payment")
    assert await stage.value("select count(*) from orders") == 1
    assert await stage.value("select count(*) from audit_log where step = 'place'") == 1


async def test_of_two_contents_at_once_only_one_is_accepted(stage: Stage) -> None:
    """Nobody may be told that an order is taken whose content then counts for nothing."""
    one = order_body(stage, "5008")
    other = {**one, "shipping_minor": 0, "payment_plan": _plan(13600)}
    sent = [send_order(stage, body, key=f"{n}/{body['shipping_minor']}") for n in range(5) for body in (one, other)]
    answers = await asyncio.gather(*sent)
    taken = {body: Counter(each.status_code for each in answers[start::2]) for start, body in enumerate((800, 0))}
    assert sorted(taken.values(), key=str) == [{202: 5}, {409: 5}]
    await stage.until_stage("5008", "awaiting_payment")
    winner = next(body for body, statuses in taken.items() if 202 in statuses)
    assert await stage.value("select shipping_minor from orders") == winner


async def test_only_a_token_with_the_scope_may_place_orders(stage: Stage) -> None:
    async with stage.house.engine.begin() as db:
        reader = await access.create_token(db, "reader", ["orders:read"], stage.house.clock.now())
    body, key = order_body(stage, "5009"), {"Idempotency-Key": "k"}
    for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic c2hvcDp0ZWE="}):
        async with httpx.AsyncClient(base_url=stage.shop.base_url) as anybody:
            answer = await anybody.post("/orders", json=body, headers={**key, **given})
        assert problem(answer) == (401, "unauthorised")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = await stage.shop.post("/orders", json=body, headers={**key, "Authorization": f"Bearer {reader}"})
    assert problem(answer) == (403, "forbidden")
    assert await stage.value("select count(*) from inbound_events") == 0


async def test_malformed_fields_are_named_and_never_quoted(stage: Stage) -> None:
    secret = "云小满的秘密"
    changes: dict[str, Any] = {
        "recipient": {**RECIPIENT, "name": secret * 100},
        "customer_note": secret * 1000,
        "placed_at": f"yesterday {secret}",
        "shipping_minor": secret,
        "lines": [{"line_id": "1", "platform_sku": "x", "title": secret, "quantity": secret, "list_price_minor": -1}],
        "gift_wrap": secret,
    }
    answer = await send_order(stage, order_body(stage, "5010", **changes))
    assert problem(answer) == (422, "invalid-request")
    assert secret not in answer.json()["detail"] + str(answer.json()["errors"])
    assert {each["field"] for each in answer.json()["errors"]} == {
        "recipient.name",
        "customer_note",
        "placed_at",
        "shipping_minor",
        "lines.0.quantity",
        "lines.0.list_price_minor",
        "gift_wrap",
    }


async def test_an_order_that_cannot_be_is_refused_before_anything_happens(stage: Stage) -> None:
    body = order_body(stage, "5011")
    for change, kind in IMPOSSIBLE:
        assert problem(await send_order(stage, {**body, **change}, key="k")) == (422, kind), change
    assert await stage.value("select count(*) from inbound_events") == 0
    assert await stage.value("select count(*) from idempotency_keys") == 0


async def test_bodies_that_are_no_json_and_missing_keys_are_refused(stage: Stage) -> None:
    json, key = {"Content-Type": "application/json"}, {"Idempotency-Key": "k"}
    for content in (b"", b"{", b"\xff", b"[" * 50_000, b'"text"'):
        answer = await stage.shop.post("/orders", content=content, headers={**json, **key})
        assert problem(answer)[0] in (400, 422), content[:10]
    assert problem(await stage.shop.post("/orders", json=order_body(stage, "5012")))[0] == 422
    huge = await stage.shop.post("/orders", content=b"x" * 300_000, headers={**json, **key})
    assert problem(huge) == (413, "too-large")


async def test_bad_ids_in_the_path_are_refused_and_unknown_orders_are_not_found(stage: Stage) -> None:
    reason, key = {"reason": "x"}, {"Idempotency-Key": "k"}
    wanted = {
        "/orders/shop/tea/none/cancel": 404,
        "/orders/shop/nowhere/1/cancel": 404,
        "/orders/ebay/tea/1/cancel": 422,
        "/orders/shop/tea/a_b/cancel": 422,
        "/orders/shop/tea/%00/cancel": 422,
        "/orders/shop/tea%2F..%2Fx/1/cancel": 404,
    }
    for path, status in wanted.items():
        assert problem(await stage.shop.post(path, json=reason, headers=key))[0] == status, path
    assert problem(await amend(stage, "none", RECIPIENT)) == (404, "unknown-order")
    assert await stage.value("select count(*) from idempotency_keys") == 0


async def test_every_answer_wears_safe_headers(stage: Stage) -> None:
    await placed(stage, "5013")
    key = {"Idempotency-Key": "k"}
    asked = [
        await send_order(stage, order_body(stage, "5014")),
        await stage.shop.post("/orders", json={}, headers=key),
        await stage.shop.post("/orders", json={}, headers={**key, "Authorization": ""}),
        await stage.shop.post("/orders", content=b"x" * 300_000, headers=key),
        await stage.shop.get("/nowhere"),
        await stage.shop.delete("/orders"),
        await stage.shop.get("/health/live"),
        await stage.shop.get("/health/ready"),
        await stage.shop.get("/openapi.json"),
        await stage.notify(b""),
        await stage.shop.post("/webhooks/warehouse", content=b"{}"),
    ]
    assert [answer.status_code for answer in asked] == [202, 422, 401, 413, 404, 405, 200, 200, 200, 400, 400]
    for answer in asked:
        assert SAFE_HEADERS.items() <= dict(answer.headers).items(), answer.request.url


async def test_the_api_describes_all_its_routes(stage: Stage) -> None:
    served = (await stage.shop.get("/openapi.json")).json()
    assert served == create_app(stage.house).openapi()
    described = {(method, path) for path, methods in served["paths"].items() for method in methods}
    order = "/orders/{channel}/{shop_id}/{order_no}"
    assert {
        ("post", "/orders"),
        ("post", f"{order}/cancel"),
        ("put", f"{order}/recipient"),
        ("post", "/webhooks/{provider}"),
        ("post", "/webhooks/warehouse"),
        ("get", "/health/live"),
        ("get", "/health/ready"),
    } <= described
    for method, path in described:
        somewhere = re.sub(r"{\w+}", "x", path)
        assert (await stage.shop.request(method, somewhere)).status_code != 405, path


def _plan(amount_minor: int) -> list[dict[str, int]]:
    return [{"part": 1, "amount_minor": amount_minor, "pay_within_seconds": 1800}]
