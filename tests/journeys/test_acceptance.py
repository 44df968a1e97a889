"""Acknowledged only once durably accepted: crashes between evidence and acceptance, and servers that are away."""

import asyncio
from pathlib import Path

import httpx
import pytest

from drill.real.gate import Gate
from runtime.embedded import EmbeddedPostgres, EmbeddedTemporal
from tests.journeys.orders import ON_ITS_WAY, WAITING_FOR_MONEY, order_body, placed, send_order
from tests.journeys.programs import local_house, running_api
from tests.journeys.staging import Stage

pytestmark = pytest.mark.slow

APPLIED = "select count(*) from inbound_events where message_id = :id and applied_at is not null"
PAID = "select count(*) from audit_log where step = 'record_payment'"


async def until_evidence(stage: Stage, message_id: str) -> None:
    async def visible() -> bool:
        return bool(await stage.verdicts(message_id))

    await stage.until(visible, f"evidence of {message_id}")


async def until_taken(stage: Stage, notice: bytes) -> None:
    """As the provider does: again until it hears of success."""

    async def taken() -> bool:
        return (await stage.notify(notice)).text == "success"

    await stage.until(taken, "a taken notice")


async def paid_once(stage: Stage, order_no: str) -> None:
    await stage.until_stage(order_no, *ON_ITS_WAY)
    order_id = f"shop/tea/{order_no}"
    for count in (
        "select count(*) from payments where order_id = :id",
        "select count(*) from ledger_entries where order_id = :id and kind = 'captured'",
        "select count(*) from outbound_orders where order_id = :id",
        f"{PAID} and order_id = :id",
    ):
        assert await stage.value(count, id=order_id) == 1, count


async def test_a_crash_between_evidence_and_acceptance_does_not_turn_the_resend_into_a_repeat(
    stage: Stage, temporal: EmbeddedTemporal, tmp_path: Path
) -> None:
    await placed(stage, "7001")
    notice = stage.pen.notice("tea_7001", "T7001")
    async with Gate(temporal.address).standing() as gate:
        behind_gate = stage.house.settings.model_copy(update={"temporal_address": gate.address})
        first = local_house(behind_gate, tmp_path / "first")
        async with running_api(first) as api:
            gate.shut()
            asked = asyncio.create_task(stage.notify(notice, url=first.api_url))
            await until_evidence(stage, "notice-of-T7001")
            await api.kill()
            with pytest.raises(httpx.TransportError):
                await asked
    assert await stage.verdicts("notice-of-T7001") == [("accepted", None)]
    assert await stage.value(APPLIED, id="notice-of-T7001") == 0
    assert await stage.stage_of("7001") == WAITING_FOR_MONEY

    second = local_house(stage.house.settings, tmp_path / "second")
    async with running_api(second):
        answer = await stage.notify(notice, url=second.api_url)
    assert (answer.status_code, answer.text) == (200, "success")
    assert await stage.verdicts("notice-of-T7001") == [("accepted", None)] * 2
    await paid_once(stage, "7001")


async def test_while_temporal_is_away_the_sender_hears_no_success_and_the_resend_has_one_effect(
    stage: Stage, temporal: EmbeddedTemporal
) -> None:
    await placed(stage, "7002")
    notice = stage.pen.notice("tea_7002", "T7002")
    async with temporal.away():
        answers = await asyncio.gather(*(stage.notify(notice) for _ in range(3)))
        order = await send_order(stage, order_body(stage, "7003"))
        ready = await stage.shop.get("/health/ready")
    assert [answer.status_code for answer in answers] == [503] * 3
    assert all("success" not in answer.text for answer in answers)
    assert (order.status_code, order.headers["retry-after"]) == (503, "5")
    assert (ready.status_code, ready.json()) == (503, {"postgres": "ok", "temporal": "away"})
    assert await stage.verdicts("notice-of-T7002") == [("accepted", None)] * 3
    assert await stage.value("select count(*) from payments") == 0

    await until_taken(stage, notice)
    assert (await send_order(stage, order_body(stage, "7003", placed_at=_placed_at(order)))).status_code == 202
    await paid_once(stage, "7002")
    await stage.until_stage("7003", WAITING_FOR_MONEY)
    assert (await stage.notify(notice)).text == "success"
    assert (await stage.verdicts("notice-of-T7002"))[-1] == ("repeat", None)
    await paid_once(stage, "7002")


async def test_while_postgres_is_away_nobody_hears_success_and_afterwards_all_goes_on(
    stage: Stage, postgres: EmbeddedPostgres
) -> None:
    await placed(stage, "7004")
    notice = stage.pen.notice("tea_7004", "T7004")
    async with postgres.away():
        answer = await stage.notify(notice)
        order = await send_order(stage, order_body(stage, "7005"))
        ready = await stage.shop.get("/health/ready")
    for refused in (answer, order):
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["x-content-type-options"] == "nosniff"
        assert "psycopg" not in refused.text
    assert (ready.status_code, ready.json()["postgres"]) == (503, "away")

    await until_taken(stage, notice)
    assert (await send_order(stage, order_body(stage, "7005"))).status_code == 202
    await stage.until_stage("7005", WAITING_FOR_MONEY)
    await paid_once(stage, "7004")


def _placed_at(answer: httpx.Response) -> str:
    """The moment that stood in the order which got this answer: a resend says the same."""
    return str(httpx.Response(200, content=answer.request.content).json()["placed_at"])
