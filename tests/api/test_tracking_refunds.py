"""What the tracking page and its JSON say of refunds: only with proof, and never that money is back too early."""

from collections.abc import Mapping
from typing import Any

import pytest

from api.templates.refund_words import CHINESE_REFUNDS, ENGLISH_REFUNDS, RefundWords
from domain.brake import Said
from domain.limits import Limits
from domain.refund import Kind, RefundStage
from domain.refund_leg import RefundOutcome
from domain.refund_money import RefundRequest, Units
from domain.refund_promise import TARGETS, RefundMilestone
from persistence import brake
from persistence.refunds import PostgresRefunds
from ports.refunds import RefundView
from tests.api.conftest import Edge
from tests.builders import ORDER_ID, yuan
from tests.persistence.test_refunds import ALL, ONE, Desk, about

NUMBER_ALONE = "/track/1001?shop=tea"


class Shop(Desk):
    """A delivered order's refunds, on the record that the edge reads."""

    def __init__(self, edge: Edge) -> None:
        self.record = edge.house.engine
        self.refunds = PostgresRefunds(edge.house.engine, edge.clock, Limits())


@pytest.fixture
async def shop(edge: Edge) -> Shop:
    await edge.shipped()
    await edge.parcel(delivered=True)
    return Shop(edge)


async def told(edge: Edge) -> dict[str, Any]:
    found: list[dict[str, Any]] = (await edge.page(edge.link().replace("?", ".json?"))).json()["refunds"]
    return found[0]


def reached(refund: Mapping[str, Any]) -> list[str]:
    return [each["name"] for each in refund["steps"] if each["reached"]]


@pytest.mark.slow
async def test_a_refund_is_shown_from_the_request_to_the_providers_reference(edge: Edge, shop: Shop) -> None:
    await shop.open(ONE)
    refund = await told(edge)
    assert (refund["stage"], refund["amount"]) == ("awaiting_approval", {"amount_minor": 6800, "currency": "CNY"})
    assert (reached(refund), refund["next"]) == (["requested"], {"stage": "approved", "by": "shop"})
    assert refund["expected"]["basis"] == "promise"
    await edge.later(hours=1)
    await shop.asked()
    refund = await told(edge)
    assert reached(refund) == ["requested", "approved", "paying_back"]
    assert (refund["paid_back"]["amount_minor"], refund["movements"]) == (0, [])
    for language, early, gets in (("en", "Paid back</h2>", "You get ¥68.00"), ("zh", "已退款</h2>", "您将收到 ¥68.00")):
        page = (await edge.page(edge.link(), language)).text
        assert (early in page, gets in page) == (False, True)
    await shop.told(RefundOutcome.DONE, refund_no="R-1", amount=yuan("68.00"), at=edge.clock.now())
    refund = await told(edge)
    assert (refund["stage"], refund["paid_back"], refund["expected"]) == ("paid_back", refund["amount"], None)
    assert [(each["provider"], each["reference"]) for each in refund["movements"]] == [("alipay", "R-1")]
    for language, words in (
        ("en", ("Paid back</h2>", "¥68.00 by Alipay", "Refund reference R-1")),
        ("zh", ("已退款</h2>", "¥68.00，支付宝", "退款流水号 R-1")),
    ):
        page = (await edge.page(edge.link(), language)).text
        assert [each for each in words if each not in page] == []


@pytest.mark.slow
async def test_an_unknown_answer_is_money_on_its_way(edge: Edge, shop: Shop) -> None:
    await shop.open(ONE)
    await shop.asked()
    await shop.told(RefundOutcome.UNKNOWN)
    refund = await told(edge)
    assert (refund["stage"], refund["movements"]) == ("paying_back", [])


@pytest.mark.slow
async def test_money_that_we_keep_is_not_said_to_be_on_its_way_and_is_overdue_soon(edge: Edge, shop: Shop) -> None:
    await shop.open(ONE)
    async with shop.record.begin() as db:
        await brake.stop(db, Said("mei", "something is odd", edge.clock.now()))
    await shop.asked()
    refund = await told(edge)
    assert (refund["stage"], reached(refund)) == ("approved", ["requested", "approved"])
    assert refund["next"] == {"stage": "paying_back", "by": "shop"}
    await edge.later(hours=1)
    assert (await told(edge))["overdue"]
    assert "on its way to you" not in (await edge.page(edge.link(), "en")).text


@pytest.mark.slow
async def test_without_proof_there_is_no_refund_and_no_amount(edge: Edge, shop: Shop) -> None:
    await shop.open(ONE)
    for url in (NUMBER_ALONE, NUMBER_ALONE.replace("?", ".json?")):
        answer = (await edge.page(url)).text.partition("</style>")
        said = (answer[2] or answer[0]).lower()
        assert [each for each in ("refund", "68.00", "6800", "r1") if each in said] == []


@pytest.mark.slow
async def test_the_workflow_says_where_it_stands_else_the_record_as_of_when(edge: Edge, shop: Shop) -> None:
    await shop.open(ONE)
    await edge.later(hours=2)
    refund = await told(edge)
    assert (refund["source"], refund["as_of"]) == ("record", refund["requested_at"])
    assert "This is as of" in (await edge.page(edge.link())).text
    edge.workflows.refund_view = RefundView(
        "r1", ORDER_ID, known=True, limits=Limits(), stage=RefundStage.APPROVED, amount=yuan("68.00")
    )
    refund = await told(edge)
    assert (refund["source"], refund["stage"]) == ("workflow", "approved")
    edge.workflows.pause_seconds, answered = 30, edge.workflows.answered
    assert (await told(edge))["source"] == "record"
    assert edge.workflows.answered == answered, "the customer does not wait for it"


@pytest.mark.slow
async def test_a_late_refund_says_so(edge: Edge, shop: Shop) -> None:
    await shop.open(ONE)
    await edge.later(hours=11)
    refund = await told(edge)
    assert refund["overdue"]
    assert refund["due"] < refund["expected"]["earliest"]
    assert "taking longer than it should" in (await edge.page(edge.link())).text


@pytest.mark.slow
async def test_goods_that_are_to_come_back_have_their_own_way(edge: Edge, shop: Shop) -> None:
    await shop.open(RefundRequest(units=(Units("1", 1),)), kind=Kind.RETURN)
    assert (await told(edge))["next"] == {"stage": "awaiting_return", "by": "shop"}
    await shop.approve()
    await shop.refunds.expect_return(about())
    refund = await told(edge)
    assert (refund["stage"], refund["next"]["by"], refund["overdue"]) == ("awaiting_return", "buyer", False)
    assert refund["send_by"] is not None
    assert "Please send the goods before" in (await edge.page(edge.link())).text


@pytest.mark.slow
async def test_what_was_refused_at_once_is_no_refund(edge: Edge, shop: Shop) -> None:
    await shop.open(ALL)
    await shop.open(ALL, "r2")
    refunds = (await edge.page(edge.link().replace("?", ".json?"))).json()["refunds"]
    assert [each["refund"] for each in refunds] == ["r1"]


@pytest.mark.slow
@pytest.mark.parametrize(("earlier", "basis"), [(29, "promise"), (30, "history")])
async def test_with_enough_earlier_refunds_the_range_is_theirs(
    edge: Edge, shop: Shop, earlier: int, basis: str
) -> None:
    await shop.open(ONE)
    await shop.asked()
    await edge.later(hours=3)
    await shop.told(RefundOutcome.DONE, refund_no="R-1", amount=yuan("68.00"), at=edge.clock.now())
    await edge.sql(
        "insert into refunds select (jsonb_populate_record(r, jsonb_build_object('id', 'h' || n))).*"
        " from refunds r, generate_series(2, :n) n where id = 'r1'",
        n=earlier,
    )
    await edge.sql(
        "insert into refund_legs select (jsonb_populate_record(l, jsonb_build_object("
        "'refund_id', 'h' || n, 'out_refund_no', 'h' || n, 'amount_minor', 1))).*"
        " from refund_legs l, generate_series(2, :n) n where refund_id = 'r1'",
        n=earlier,
    )
    await shop.open(RefundRequest(shipping=yuan("1.00")), "new")
    refunds = (await edge.page(edge.link().replace("?", ".json?"))).json()["refunds"]
    new = next((each for each in refunds if each["refund"] == "new"), None)
    assert new is not None
    assert new["expected"]["basis"] == basis


@pytest.mark.parametrize("words", [CHINESE_REFUNDS, ENGLISH_REFUNDS], ids=["zh", "en"])
def test_every_word_of_a_refund_is_there(words: RefundWords) -> None:
    assert set(words.headline) == set(RefundStage)
    assert set(words.milestone) == set(RefundMilestone)
    assert set(words.upcoming) == {RefundStage.AWAITING_RETURN, *(after for _, after, _ in TARGETS.values())}


@pytest.mark.parametrize("words", [CHINESE_REFUNDS, ENGLISH_REFUNDS], ids=["zh", "en"])
def test_no_other_stage_is_called_paid_back(words: RefundWords) -> None:
    back = words.headline[RefundStage.PAID_BACK]
    early = [stage for stage, said in words.headline.items() if back in said and stage is not RefundStage.PAID_BACK]
    assert early == []
    assert [said for said in words.upcoming.values() if back in said] == []
