"""The warehouse adapter's own: what goes over the wire and what each documented word means."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from adapters.http import open_client
from adapters.warehouse import http as tables
from adapters.warehouse.http import SKUS_PER_REQUEST, HttpWarehouse, WarehouseAccess
from ports.clock import SystemClock
from ports.errors import AnswerNotUnderstood, Unavailable
from ports.warehouse import HoldOutcome, PushLine, PushOutcome, PushRequest, Recipient, StopOutcome

SECRET = "c2VjcmV0" * 4
ACCESS = WarehouseAccess("https://warehouse.example/base/", "token-1", (SECRET,))
PUSH = PushRequest(
    "shop.tea.1001", "t/push", Recipient("李雷", "138-1", "浙", "杭", "西湖", "路 1"), (PushLine("1", "A", 2),)
)
Call = Callable[[HttpWarehouse], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "push": lambda warehouse: warehouse.push(PUSH),
    "stop": lambda warehouse: warehouse.stop("shop.tea.1001", "t/stop"),
    "hold": lambda warehouse: warehouse.hold("shop.tea.1001", "t/hold"),
    "resume": lambda warehouse: warehouse.resume("shop.tea.1001", "t/resume"),
    "stock": lambda warehouse: warehouse.stock(("A", "B")),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def facing(handler: Callable[[httpx.Request], httpx.Response]) -> HttpWarehouse:
    return HttpWarehouse(ACCESS, open_client(transport=httpx.MockTransport(handler)), SystemClock())


def answering(status: int, said: Any) -> HttpWarehouse:
    return facing(lambda _: httpx.Response(status, json=said))


@pytest.mark.parametrize(
    ("call", "sent", "said"),
    [
        ("push", "PUT /base/v1/outbound-orders/shop.tea.1001", {"outbound_no": "O-1", "state": "accepted"}),
        ("stop", "POST /base/v1/outbound-orders/shop.tea.1001/intercept", {"result": "stopped"}),
        ("hold", "POST /base/v1/outbound-orders/shop.tea.1001/hold", {"result": "held"}),
        ("resume", "POST /base/v1/outbound-orders/shop.tea.1001/release", {"result": "released"}),
        ("stock", "GET /base/v1/stock?sku=A&sku=B", {"levels": []}),
    ],
)
async def test_each_request_is_the_documented_one(call: str, sent: str, said: Any) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=said)

    await CALLS[call](facing(handle))
    assert f"{seen[0].method} {seen[0].url.raw_path.decode()}" == sent
    assert seen[0].headers["authorization"] == "Bearer token-1"
    assert seen[0].headers.get("idempotency-key") == (None if call == "stock" else f"t/{call}")


async def test_a_push_carries_recipient_lines_and_note() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {
            "recipient": {
                "name": "李雷",
                "phone": "138-1",
                "province": "浙",
                "city": "杭",
                "district": "西湖",
                "detail": "路 1",
            },
            "lines": [{"line_id": "1", "sku": "A", "quantity": 2}],
            "note": "",
        }
        return httpx.Response(201, json={"outbound_no": "O-1", "state": "accepted"})

    assert (await facing(handle).push(PUSH)).outbound_no == "O-1"


async def test_a_reference_cannot_leave_its_place_in_the_path() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.raw_path == b"/base/v1/outbound-orders/a%2Fb%3Fc%23d/intercept"
        return httpx.Response(200, json={"result": "stopped"})

    await facing(handle).stop("a/b?c#d", "t/stop")


async def test_stock_asks_in_portions_and_for_nothing_not_at_all() -> None:
    asked: list[int] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(len(request.url.params.get_list("sku")))
        return httpx.Response(200, json={"levels": []})

    await facing(handle).stock(tuple(map(str, range(SKUS_PER_REQUEST + 1))))
    await facing(handle).stock(())
    assert asked == [SKUS_PER_REQUEST, 1]


def test_the_tables_hold_each_documented_word_and_reach_each_outcome() -> None:
    refusals = {(409, "stopped"), (422, "unknown_sku"), (422, "address_rejected"), (422, "out_of_stock")}
    assert set(tables.PUSH_OUTCOMES) == {(201, "accepted"), (200, "accepted")} | refusals
    assert set(tables.STOP_OUTCOMES) == {(200, "stopped"), (200, "too_late")}
    assert set(tables.HOLD_OUTCOMES) == {(200, "held"), (200, "too_late"), (404, "not_found")}
    assert set(tables.RESUME_OUTCOMES) == {(200, "released"), (200, "too_late"), (404, "not_found")}
    assert set(tables.PUSH_OUTCOMES.values()) == set(PushOutcome)
    assert set(tables.STOP_OUTCOMES.values()) == set(StopOutcome)
    assert {*tables.HOLD_OUTCOMES.values(), *tables.RESUME_OUTCOMES.values()} == set(HoldOutcome)


@each_call
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, {}),
        (200, {"state": "held", "result": "paused", "levels": None}),
        (200, []),
        (200, {"state": 1, "result": None, "levels": [{"sku": "A"}]}),
        (202, {"outbound_no": "O-1", "state": "accepted", "result": "stopped", "levels": []}),
        (302, {"code": "moved"}),
        (400, {"code": "bad_request"}),
        (401, {"code": "unauthorized"}),
        (404, {"code": "no_such_route"}),
        (404, {"message": "138-1"}),
        (409, {"code": "different_content"}),
        (422, {"code": "something_new"}),
        (422, {"code": "138-1 李雷"}),
    ],
    ids=str,
)
async def test_words_outside_the_protocol_decide_nothing(call: Call, status: int, said: Any) -> None:
    with pytest.raises(AnswerNotUnderstood) as raised:
        await call(answering(status, said))
    assert f"answered {status}" in str(raised.value)
    assert "138-1" not in str(raised.value)


@each_call
async def test_a_page_of_some_proxy_decides_nothing(call: Call) -> None:
    for status in (200, 404, 409):
        with pytest.raises(AnswerNotUnderstood):
            await call(facing(lambda _, status=status: httpx.Response(status, text="<html>")))  # type: ignore[misc]


@each_call
async def test_an_outage_is_told_without_what_was_asked(call: Call) -> None:
    with pytest.raises(Unavailable) as raised:
        await call(answering(503, {"code": "stopped"}))
    assert not any(secret in str(raised.value) for secret in ("token-1", "138-1", "sku"))


@pytest.mark.parametrize("outbound_no", [None, "", 1])
async def test_an_acceptance_without_a_number_is_none(outbound_no: Any) -> None:
    with pytest.raises(AnswerNotUnderstood):
        await answering(201, {"state": "accepted", "outbound_no": outbound_no}).push(PUSH)


@pytest.mark.parametrize(
    "levels",
    [
        [{"sku": "A", "on_hand": 1}, {"sku": "A", "on_hand": 2}],
        [{"sku": "C", "on_hand": 1}],
        [{"sku": "A", "on_hand": "1"}],
        [{"sku": "A", "on_hand": 1.0}],
    ],
)
async def test_doubtful_levels_are_not_believed(levels: Any) -> None:
    with pytest.raises(AnswerNotUnderstood):
        await answering(200, {"levels": levels}).stock(("A", "B"))


def test_access_shows_no_secrets() -> None:
    assert not any(secret in repr(ACCESS) for secret in ("token-1", SECRET))
