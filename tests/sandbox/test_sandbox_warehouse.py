import asyncio
import json
import random  # noqa: TID251 - the floor rolls dice

import httpx
import pytest

from sandbox.warehouse.floor import pack
from sandbox.warehouse.outbound import Line
from sandbox.webhooks import webhook_signature
from tests.sandbox.town_under_test import RECIPIENT, in_process, over_sockets, until

SLOWLY = 0.01  # a time scale at which nothing is packed during a test


async def test_a_push_is_done_once() -> None:
    async with in_process(SLOWLY) as scene:
        first, repeat = await scene.push("shop.tea.1"), await scene.push("shop.tea.1")
        assert (first.status_code, repeat.status_code) == (201, 200)
        assert first.json() == repeat.json() == {"outbound_no": "OB00000001", "state": "accepted"}
        other = await scene.push("shop.tea.1", "k2", note="other")
        assert (other.status_code, other.json()["code"]) == (409, "different_content")
        (order,) = (await scene.dump())["warehouse"]["outbound"]
        assert order["idempotency_keys"] == ["k"]
        stock = await scene.warehouse("GET", "stock", params={"sku": ["TEA-GREEN-250", "NONE"]})
        assert stock.json() == {"levels": [{"sku": "TEA-GREEN-250", "on_hand": 99_998}]}


async def test_refusals_have_no_effect_and_end_with_their_cause() -> None:
    async with in_process(SLOWLY) as scene:
        lines = [{"line_id": "1", "sku": "NEW", "quantity": 2}]
        assert (await scene.push("r", lines=lines)).json()["code"] == "unknown_sku"
        await scene.control("stock", levels={"NEW": 1})
        assert (await scene.push("r", lines=lines)).json()["code"] == "out_of_stock"
        await scene.control("stock", levels={"NEW": 2})
        refused = await scene.push("r", lines=lines, recipient=RECIPIENT | {"detail": " "})
        assert (refused.status_code, refused.json()["code"]) == (422, "address_rejected")
        assert (await scene.push("r", lines=lines)).status_code == 201
        assert (await scene.push("r2", lines=[])).status_code == 400


async def test_an_unknown_order_is_stopped_in_advance() -> None:
    async with in_process(SLOWLY) as scene:
        for _ in range(2):
            stopped = await scene.warehouse("POST", "outbound-orders/r/intercept", "i")
            assert stopped.json() == {"result": "stopped"}
        push = await scene.push("r")
        assert (push.status_code, push.json()["code"]) == (409, "stopped")
        assert (await scene.warehouse("GET", "outbound-orders/r")).json()["state"] == "stopped"


async def test_stopping_gives_the_goods_back() -> None:
    async with in_process(SLOWLY) as scene:
        await scene.push("r")
        assert (await scene.warehouse("POST", "outbound-orders/r/intercept", "i")).json() == {"result": "stopped"}
        assert scene.town.warehouse.desk.shelves.levels["TEA-GREEN-250"] == 100_000
        assert (await scene.warehouse("POST", "outbound-orders/r/hold", "h")).json() == {"result": "too_late"}


async def test_held_orders_stay_until_released() -> None:
    async with in_process() as scene:
        await scene.push("r")
        assert (await scene.warehouse("POST", "outbound-orders/r/hold", "h")).json() == {"result": "held"}
        order = scene.town.warehouse.desk.find("r")
        assert order is not None
        await asyncio.sleep(0.3)  # twice as long as packing takes
        assert order.parcels == []
        assert (await scene.warehouse("POST", "outbound-orders/r/release", "l")).json() == {"result": "released"}
        await until(lambda: order.state == "delivered")
        assert (await scene.warehouse("POST", "outbound-orders/r/intercept", "i")).json() == {"result": "too_late"}
        assert (await scene.warehouse("POST", "outbound-orders/none/hold", "x")).status_code == 404


async def test_strangers_and_keyless_changes_are_turned_away() -> None:
    async with in_process(SLOWLY) as scene:
        assert (await scene.http.get("/warehouse/v1/outbound-orders/r")).status_code == 401
        assert (await scene.push("r", key="")).json()["code"] == "missing_key"
        await scene.warehouse("POST", "outbound-orders/r/intercept", "k")
        reused = await scene.warehouse("POST", "outbound-orders/other/intercept", "k")
        assert (reused.status_code, reused.json()["code"]) == (409, "different_content")


async def test_messages_are_repeated_under_their_id_until_taken() -> None:
    async with in_process() as scene:
        scene.stub.answers = [(500, ""), (404, "")]
        await scene.push("r")
        await until(lambda: len({name for name, _ in scene.stub.messages}) >= 2)
        order = scene.town.warehouse.desk.find("r")
        assert order is not None
        await until(lambda: order.state == "delivered")
        told = [json.loads(body) for _, body in scene.stub.messages]
        shipped = sum(line["quantity"] for each in told if each["type"] == "parcel.shipped" for line in each["lines"])
        assert shipped == 2
        assert max(len(message.deliveries) for message in scene.town.warehouse.post.sent) >= 2


async def test_delivered_can_be_told_before_shipped() -> None:
    async with in_process() as scene:
        await scene.control("faults", place="parcel", fault="delivered_first", key="r")
        await scene.push("r", lines=[{"line_id": "1", "sku": "TEA-GREEN-250", "quantity": 1}])
        await until(lambda: len(scene.stub.messages) == 2)
        told = [json.loads(body) for _, body in scene.stub.messages]
        assert [each["type"] for each in told] == ["parcel.delivered", "parcel.shipped"]
        assert told[0]["occurred_at"] >= told[1]["occurred_at"]


def test_two_parcels_carry_what_one_would() -> None:
    lines = [Line(line_id="1", sku="A", quantity=2), Line(line_id="2", sku="B", quantity=1)]
    packed = [pack(lines, random.Random(seed)) for seed in range(100)]
    assert {len(parcels) for parcels in packed} == {1, 2}
    for parcels in packed:
        assert sum(parcel.get("1", 0) for parcel in parcels) == 2
        assert sum(parcel.get("2", 0) for parcel in parcels) == 1
        assert all(parcels)


def test_the_scheme_s_published_example() -> None:
    """The example of the Standard Webhooks specification."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert (
        webhook_signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.slow
async def test_a_cut_comes_after_the_effect() -> None:
    async with over_sockets(SLOWLY) as scene:
        await scene.control("faults", place="warehouse", fault="cut", key="r")
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await scene.push("r")
        progress = (await scene.http.get("/control/progress")).json()
        assert (progress["pushes_accepted"], progress["pushes_unanswered"]) == (1, 1)
        assert (await scene.push("r")).status_code == 200
        progress = (await scene.http.get("/control/progress")).json()
        assert (progress["pushes_accepted"], progress["pushes_unanswered"]) == (1, 0)
        ledger = (await scene.dump())["warehouse"]["calls"]
        assert [call["status"] for call in ledger] == [None, 200]
        assert len({call["parameters_sha256"] for call in ledger}) == 1


async def test_errors_before_and_after_the_effect_and_an_outage() -> None:
    async with in_process(SLOWLY) as scene:
        await scene.control("faults", place="warehouse", fault="server_error", key="r")
        assert (await scene.push("r")).status_code == 500
        assert scene.town.warehouse.desk.find("r") is None
        await scene.control("faults", place="warehouse", fault="late_error", key="r")
        assert (await scene.push("r")).status_code == 500
        assert scene.town.warehouse.desk.find("r") is not None
        await scene.control("faults", place="warehouse", fault="outage", seconds=0.2)
        assert (await scene.push("r2")).status_code == 503
        assert (await scene.http.get("/control/progress")).json()["warehouse_out"] is True
        await scene.town.warehouse.door.opened()
        assert (await scene.push("r2")).status_code == 201
