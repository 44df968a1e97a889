"""A marketplace that moves the money: asked there, agreed by our approval, or decided there without us."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.payment import Capture
from domain.reference import OrderId
from persistence import shops, stock
from persistence.people import save_people
from ports.records import OrderPlaced, PaymentSettled
from ports.warehouse import Recipient
from runtime.messenger import signal_order
from sandbox.bazaar.house import Message
from sandbox.faults import Fault, Place
from sandbox.webhooks import webhook_signature
from tests import builders
from tests.journeys.staging import Stage
from tests.journeys.test_refunds import STAFF, decide
from verify import check
from workflows import identity
from workflows.messages import Fact

pytestmark = pytest.mark.slow
ORDER = OrderId("bazaar", "tea", "2001")
RECIPIENT = Recipient("云小满", "13900000001", "浙江省", "杭州市", "西湖区", "假想路 1 号")
ONE_PACK: dict[str, Any] = {"order_no": "2001", "amount_minor": 6800, "units": {"1": 1}}


async def arrived(stage: Stage) -> None:
    """Two packs that were sold there, and delivered; the bazaar owes 144.00 for them."""
    house, now = stage.house, stage.house.clock.now()
    stage.pace(600)
    order = builders.order(ORDER, placed_at=now)
    async with house.engine.begin() as db:
        await shops.add_shop(db, shops.Shop("bazaar", "tea", "teahouse", "Stand", "bazaar", "tea"))
        component = {"sku": "TEA-GREEN-250", "quantity": 1, "price_weight": 1}
        await stock.add_match(db, ("bazaar", "tea", "TEA-GREEN-250"), [component], now)
        await save_people(db, STAFF, "test", now, seen={})
        recipient = await house.customers.seal_recipient(db, "c-17", RECIPIENT)
        note = await house.customers.seal_note(db, "c-17", "")
    await _tell(stage, "order_placed", OrderPlaced(order, "c-17", recipient, note, "tail"))
    sold = await stage.control("bazaar-orders", order_no="2001", amount_minor=order.amount.amount_minor)
    paid_at = datetime.fromisoformat(sold["paid_at"])
    capture = Capture("bazaar", "tea", sold["settlement_no"], 1, order.amount, paid_at)
    await _tell(stage, "payment_settled", PaymentSettled(ORDER, capture, "notice"))
    await stage.until_stage("2001", "delivered", "completed")


async def _tell(stage: Stage, signal: str, fact: Fact) -> None:
    await signal_order(stage.house.temporal, ORDER, signal, fact, timedelta(seconds=4), None)


async def until_refund(stage: Stage, number: str, wanted: str) -> None:
    await stage.until(lambda: _is(stage, number, wanted), f"{number} {wanted}")


async def _is(stage: Stage, number: str, wanted: str) -> bool:
    refund_id = identity.platform_refund_id(ORDER, number)
    rows = await stage.rows("select stage from refunds where id = :id", id=refund_id)
    return bool(rows) and rows[0][0] == wanted


async def forged(stage: Stage, number: str) -> httpx.Response:
    """Somebody tells that the money went back."""
    sale = stage.town.bazaar.sales[number].wire() | {"revision": 9, "state": "succeeded"}
    content = {"type": "after_sale.changed", "shop_id": "tea", "after_sale": sale}
    secret = "whsec_" + "QUFB" * 8
    request = stage.shop.build_request("POST", "/webhooks/bazaar/tea", json=content)
    timestamp = int(stage.house.clock.now().timestamp())
    request.headers["webhook-id"] = "msg_forged"
    request.headers["webhook-timestamp"] = str(timestamp)
    request.headers["webhook-signature"] = webhook_signature(secret, "msg_forged", timestamp, request.content)
    return await stage.shop.send(request)


async def again(stage: Stage, message: Message) -> httpx.Response:
    return await stage.shop.post("/webhooks/bazaar/tea", content=message.body, headers=signed_now(stage, message))


def signed_now(stage: Stage, message: Message) -> dict[str, str]:
    timestamp = int(stage.house.clock.now().timestamp())
    secret = stage.town.world.accounts.bazaar_secret
    return {
        "webhook-id": message.webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhook_signature(secret, message.webhook_id, timestamp, message.body),
    }


async def test_the_platform_pays_back_what_was_signed_and_what_it_decided_itself_and_each_once(
    stage: Stage, record_url: str
) -> None:
    await arrived(stage)
    signed = (await stage.control("after-sales", **ONE_PACK, hours=2000))["after_sale_no"]
    await until_refund(stage, signed, "awaiting_approval")

    await stage.control("faults", place=Place.BAZAAR, fault=Fault.CUT, key=signed)
    refund = identity.platform_refund_id(ORDER, signed)
    await stage.until_value("open", "select approval ->> 'status' from refunds where id = :id", id=refund)
    answer = await decide(stage, refund, "approve", "lin")
    assert answer.status_code == 200, answer.text
    await until_refund(stage, signed, "paid_back")

    there = (await stage.control("after-sales", **ONE_PACK, hours=2000))["after_sale_no"]
    await until_refund(stage, there, "awaiting_approval")
    await stage.control("after-sale-decisions", number=there, state="agreed")
    await until_refund(stage, there, "paid_back")

    calls = [call["number"] for call in stage.town.bazaar.calls if call["verb"] == "agree"]
    assert set(calls) == {signed}, "what the platform decided is never asked for"
    owed = "select sum(amount_minor) from ledger_postings where account = 'platform_receivable'"
    assert await stage.value(owed) == 800
    policies = await stage.rows("select policy from refunds order by id")
    assert [row.policy for row in policies] == ["refunds@0", "bazaar/platform"]

    late = next(each for each in stage.town.bazaar.sent if each.number == there)
    assert (await again(stage, late)).status_code == 204, "the first word of all, once more"
    found = {each.name: each.evidence for each in check(stage.town.dump(), record_url) if not each.held}
    assert found == {}
    assert (await forged(stage, signed)).status_code == 400
    assert await stage.verdicts("msg_forged") == [("refused", "signature")]
