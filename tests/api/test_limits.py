"""Who may ask how often, and what is kept of messages that are not what they claim to be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from opentelemetry.metrics import NoOpMeter
from pydantic import ValidationError
from sqlalchemy import text

from adapters.http import open_client
from adapters.warehouse.http import HttpWarehouse, WarehouseAccess
from api.acceptance import ALL_SENDERS, KEPT_BYTES
from api.allowances import SHARES, Allowances, Limit
from api.app import create_app
from api.dependencies import FAILURES_ALLOWED
from api.errors import Problem
from persistence import access
from runtime.metrics import Metrics
from tests.adapters.test_warehouse_events import NEXT, SECRET, message
from tests.api.conftest import Edge
from tests.contracts import alipay_under_test as alipay_side
from tests.persistence.test_refusals import rows

pytestmark = pytest.mark.slow

A_MINUTE = timedelta(minutes=1)
FORGED = b"notify_id=n&sign=Zm9yZ2Vk"
ONE_SENDER, ANOTHER = "198.51.100.7", "198.51.100.8"
Asking = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture
async def guarded(edge: Edge) -> AsyncIterator[Edge]:
    """An edge with both senders of webhooks, where three of everything are allowed."""
    few = {"shop_requests_per_minute": 3, "staff_requests_per_minute": 3, "refusals_kept_per_hour": 3}
    async with open_client() as client:
        warehouse = HttpWarehouse(WarehouseAccess("http://unused", "t", (SECRET, NEXT)), client, edge.clock)
        edge.clock.time = alipay_side.NOW
        edge.house = replace(
            edge.house,
            settings=edge.house.settings.model_copy(update=few),
            providers={"alipay": alipay_side.alipay()},
            warehouse=warehouse,
        )
        edge.app = create_app(edge.house)
        edge.app.state.house = edge.house
        async with from_address(edge, ONE_SENDER) as browser:
            edge.browser = browser
            yield edge


def from_address(edge: Edge, address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(edge.app, client=(address, 1)), base_url="http://api")


async def statuses(ask: Asking, times: int) -> list[int]:
    return [(await ask()).status_code for _ in range(times)]


def post(edge: Edge, path: str, body: bytes, headers: dict[str, str] | None = None) -> Asking:
    return lambda: edge.browser.post(path, content=body, headers=headers)


async def evidence(edge: Edge) -> dict[str, int]:
    return dict(await rows(edge.house.engine, "select verdict, count(*)::int from inbound_events group by 1"))


# Tokens


@pytest.mark.parametrize(
    ("scope", "ask"),
    [
        ("orders:write", lambda edge, token: edge.browser.post("/orders", json={}, headers=token)),
        ("orders:read", lambda edge, token: edge.browser.get("/orders/shop/tea/1", headers=token)),
        ("cases:read", lambda edge, token: edge.browser.get("/cases", headers=token)),
        ("cases:write", lambda edge, token: edge.browser.post("/cases/x/decide", json={}, headers=token)),
    ],
)
async def test_a_token_may_ask_so_often_a_minute_and_is_told_when_to_come_again(
    guarded: Edge, scope: str, ask: Any
) -> None:
    token = await guarded.token(scope)
    assert 429 not in await statuses(lambda: ask(guarded, token), 3)
    refused = await ask(guarded, token)
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert refused.json()["type"] == "urn:lockstep:problem:too-many-requests"
    assert refused.headers["retry-after"] == "31"  # the clock stands at half past the minute
    await guarded.later(seconds=30)
    assert (await ask(guarded, token)).status_code != 429


async def test_a_token_without_the_scope_is_counted_too(guarded: Edge) -> None:
    token = await guarded.token("orders:read")
    assert await statuses(lambda: guarded.browser.get("/cases", headers=token), 4) == [403, 403, 403, 429]


async def test_one_token_takes_nothing_from_another(guarded: Edge) -> None:
    busy, quiet = await guarded.token("cases:read"), await guarded.token("cases:read", "orders:read")
    await statuses(lambda: guarded.browser.get("/cases", headers=busy), 4)
    assert (await guarded.browser.get("/cases", headers=quiet)).status_code == 200


# Webhooks


@pytest.mark.parametrize(("path", "first"), [("/webhooks/alipay", 400), ("/webhooks/warehouse", 400)])
async def test_of_a_flood_of_forged_messages_a_few_are_kept_and_the_rest_cost_no_table(
    guarded: Edge, path: str, first: int
) -> None:
    flood = post(guarded, path, FORGED, {"content-type": alipay_side.form({}).headers["content-type"]})
    assert await statuses(flood, 10) == [first] * 3 + [429] * 7
    refused = await flood()
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert await evidence(guarded) == {"refused": 3}
    await guarded.later(hours=1)
    assert (await flood()).status_code == first
    assert await evidence(guarded) == {"refused": 4}


class Counted(Metrics):
    def __init__(self) -> None:
        super().__init__(NoOpMeter("test"))
        self.messages: list[tuple[str | None, ...]] = []

    def message(self, source: str, kind: str, verdict: str, reason: str | None) -> None:
        self.messages.append((source, kind, verdict, reason))


async def test_an_hour_of_impostors_is_as_short_as_the_worlds_hour(guarded: Edge) -> None:
    guarded.house.settings.time_scale = 60
    flood = post(guarded, "/webhooks/warehouse", FORGED)
    assert await statuses(flood, 4) == [400] * 3 + [429]
    await guarded.later(minutes=1)
    assert (await flood()).status_code == 400


async def test_what_is_not_kept_is_counted(guarded: Edge) -> None:
    counted = Counted()
    guarded.app.state.house = replace(guarded.house, metrics=counted)
    await statuses(post(guarded, "/webhooks/warehouse", FORGED), 5)
    assert counted.messages == [("warehouse", "parcel", "refused", "malformed")] * 5


async def test_a_flood_costs_no_question_to_the_record_once_its_limit_is_reached(guarded: Edge) -> None:
    flood = post(guarded, "/webhooks/alipay", FORGED)
    await statuses(flood, 4)
    await guarded.house.engine.dispose()
    await guarded.sql("alter table rate_limits rename to gone")
    assert await statuses(flood, 3) == [429] * 3


async def test_genuine_messages_are_acknowledged_while_their_sender_is_over_the_limit(guarded: Edge) -> None:
    """A forger behind the same address must not silence Alipay or the warehouse."""
    for path in ("/webhooks/alipay", "/webhooks/warehouse"):
        await statuses(post(guarded, path, FORGED), 4)
    for number in range(10):
        paid = alipay_side.notice({"notify_id": f"n-{number}", "trade_no": f"t-{number}", "out_trade_no": "elsewhere"})
        answer = await post(guarded, "/webhooks/alipay", paid.body, dict(paid.headers))()
        assert (answer.status_code, answer.text) == (200, "success")
        left = message()
        assert (await post(guarded, "/webhooks/warehouse", left.body, dict(left.headers))()).status_code == 204
    assert await evidence(guarded) == {"refused": 6, "quarantined": 20}


async def test_senders_have_their_own_limits_and_all_of_them_together_one(guarded: Edge) -> None:
    await statuses(post(guarded, "/webhooks/alipay", FORGED), 4)
    for number in range(ALL_SENDERS):
        async with from_address(guarded, f"203.0.113.{number}") as other:
            answers = [(await other.post("/webhooks/alipay", content=FORGED)).status_code for _ in range(3)]
            assert answers == [400] * 3 if number < ALL_SENDERS - 1 else [429] * 3
    assert await evidence(guarded) == {"refused": 3 * ALL_SENDERS}


async def test_of_a_long_forged_message_the_beginning_is_kept(guarded: Edge) -> None:
    await post(guarded, "/webhooks/warehouse", b"x" * (KEPT_BYTES + 1))()
    async with guarded.house.engine.connect() as db:
        sealed = (await db.execute(text("select body from inbound_events"))).scalar_one()
    assert guarded.house.evidence.clear("warehouse", sealed) == b"x" * KEPT_BYTES


# Several processes


async def test_a_limit_holds_for_all_processes_together_and_seldom_asks_the_record(edge: Edge) -> None:
    limit = Limit("test", 100, A_MINUTE, "too often")
    first, second = Allowances(), Allowances()
    granted = 0
    for number in range(150):
        try:
            await (first, second)[number % 2].spend(edge.house, limit, "somebody")
            granted += 1
        except Problem:
            continue
    assert granted == 100
    assert await rows(edge.house.engine, "select used from rate_limits") == [(100 + 2 * (100 // SHARES),)]


async def test_requests_at_once_ask_for_one_share(edge: Edge) -> None:
    limit = Limit("test", 100, A_MINUTE, "too often")
    one = Allowances()
    await asyncio.gather(*(one.spend(edge.house, limit, "somebody") for _ in range(5)))
    assert await rows(edge.house.engine, "select used from rate_limits") == [(100 // SHARES,)]


async def test_limits_that_are_long_over_are_cleared_away(edge: Edge) -> None:
    async with edge.house.engine.begin() as db:
        for number in range(15):
            await access.count_failure(db, f"track/{number}", A_MINUTE, edge.clock.now())
    await edge.later(days=2)
    for name in ("a", "b"):
        await Allowances().spend(edge.house, Limit("test", 10, A_MINUTE, ""), name)
    assert await rows(edge.house.engine, "select subject from rate_limits order by 1") == [("test/a",), ("test/b",)]


async def test_a_process_remembers_so_many_subjects_and_no_more(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.allowances.MOST_SUBJECTS", 3)
    one = Allowances()
    for number in range(10):
        await one.spend(edge.house, Limit("test", 1, A_MINUTE, ""), str(number))
    assert len(one._left) == 3
    with pytest.raises(Problem):
        await one.spend(edge.house, Limit("test", 1, A_MINUTE, ""), "0")


# Who is asking


async def wrong_guesses(browser: httpx.AsyncClient, headers: dict[str, str], times: int) -> int:
    for _ in range(times):
        last = await browser.get("/track/7777.json?shop=tea", headers=headers)
    return last.status_code


async def trusting(edge: Edge, proxies: str) -> Edge:
    edge.house = replace(edge.house, settings=edge.house.settings.model_copy(update={"trusted_proxies": proxies}))
    edge.app = create_app(edge.house)
    edge.app.state.house = edge.house
    return edge


async def test_customers_behind_a_proxy_of_ours_are_told_apart(edge: Edge) -> None:
    edge = await trusting(edge, "10.0.0.0/8, 192.0.2.1")
    async with from_address(edge, "10.1.2.3") as proxy:
        guesser, neighbour = {"X-Forwarded-For": ONE_SENDER}, {"X-Forwarded-For": f"{ONE_SENDER}, {ANOTHER}"}
        assert await wrong_guesses(proxy, guesser, FAILURES_ALLOWED + 1) == 429
        assert await wrong_guesses(proxy, neighbour, 1) == 404
        through_two = {"X-Forwarded-For": f"{ONE_SENDER}, 192.0.2.1"}
        assert await wrong_guesses(proxy, through_two, 1) == 429


async def test_nobody_else_is_believed_whom_he_says_he_passes_on(edge: Edge) -> None:
    for proxies in ("", "10.0.0.0/8"):
        edge = await trusting(edge, proxies)
        async with from_address(edge, ANOTHER) as stranger:
            for number in range(FAILURES_ALLOWED):
                await wrong_guesses(stranger, {"X-Forwarded-For": f"203.0.113.{number}"}, 1)
            assert await wrong_guesses(stranger, {"X-Forwarded-For": "203.0.113.99"}, 1) == 429
        await edge.sql("delete from rate_limits")


async def test_all_addresses_of_one_ipv6_household_count_as_one(edge: Edge) -> None:
    for number in range(FAILURES_ALLOWED):
        async with from_address(edge, f"2001:db8:0:1::{number:x}") as guesser:
            await wrong_guesses(guesser, {}, 1)
    async with from_address(edge, "2001:db8:0:1:ffff::1") as guesser:
        assert await wrong_guesses(guesser, {}, 1) == 429
    async with from_address(edge, "2001:db8:0:2::1") as neighbour:
        assert await wrong_guesses(neighbour, {}, 1) == 404


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/8,all"])
def test_a_proxy_that_is_no_address_is_refused_at_the_start(edge: Edge, wrong: str) -> None:
    usual = edge.house.settings.model_dump(include={"database_url", "temporal_address", "record_key", "payload_keys"})
    with pytest.raises(ValidationError, match="is no address or network: write one such as"):
        type(edge.house.settings)(**usual, trusted_proxies=wrong)
