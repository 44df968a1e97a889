"""The tracking page and its JSON: who sees what, and how it looks to whom it does not concern."""

import re
from dataclasses import replace

import pytest

from api.dependencies import FAILURES_ALLOWED
from api.templates.page import LIVE
from domain.axis import Fulfilment, Payment
from domain.order import Stage
from domain.reference import OrderId
from tests.api.conftest import RECIPIENT, TITLE, Edge
from tests.builders import ORDER_ID, line, order

pytestmark = pytest.mark.slow

NUMBER_ALONE = "/track/1001?shop=tea"
PRIVATE = (
    *(RECIPIENT.name, RECIPIENT.phone, RECIPIENT.phone[-4:], RECIPIENT.city, RECIPIENT.detail),
    *(TITLE, "龙井", "144.00", "14400", "136.00", "2026112222001", "SFP-2", "c-17", "轻放"),
)
SHIPPED = {"stage": Stage.SHIPPED, "payment": Payment.PAID, "fulfilment": Fulfilment.SHIPPED}
SECOND_SHOP = "insert into shops (channel, shop_id, entity_id, name, provider, account) values (:c, :s, 'teahouse', :n, 'alipay', 'main')"  # noqa: E501


async def by_phone(edge: Edge, digits: str, url: str = NUMBER_ALONE) -> tuple[int, str, str]:
    answer = await edge.browser.post(url, data={"phone_tail": digits}, headers={"Accept-Language": "en"})
    return answer.status_code, answer.text, answer.headers.get("location", "")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_number_alone_shows_stage_and_expected_end_and_nothing_private(edge: Edge, language: str) -> None:
    await edge.shipped()
    edge.answers(**SHIPPED)
    for url in (NUMBER_ALONE, "/track/1001", "/track/1001.json?shop=tea"):
        answer = await edge.page(url, language)
        assert answer.status_code == 200
        assert [each for each in PRIVATE if each in answer.text.replace("1001", "")] == []
    page = (await edge.page(language=language)).text
    assert {"zh": "运输中", "en": "On its way"}[language] in page
    assert {"zh": "11月24日", "en": "24 Nov"}[language] in page


async def test_the_number_alone_as_json(edge: Edge) -> None:
    await edge.shipped()
    edge.answers(**SHIPPED)
    assert (await edge.page("/track/1001.json?shop=tea")).json() == {
        "order_no": "1001",
        "stage": "shipped",
        "source": "workflow",
        "as_of": "2026-11-22T10:04:00Z",
        "updated_at": "2026-11-22T10:04:00Z",
        "expected": {"earliest": "2026-11-23T22:04:00Z", "latest": "2026-11-27T10:04:00Z", "basis": "promise"},
        "overdue": False,
    }


async def test_a_signed_link_shows_everything(edge: Edge) -> None:
    await edge.shipped()
    edge.answers(**SHIPPED)
    page = (await edge.page(edge.link())).text
    for each in (TITLE, "× 2", "¥144.00", "¥136.00", "2026112222001", "SFP-2", "SF Express", "22 Nov 12:03"):
        assert each in page
    assert page.count('aria-current="step"') == 1
    assert "Next: the goods arrive" in page
    assert "The carrier has it" in page
    assert RECIPIENT.name not in page
    assert RECIPIENT.detail not in page


async def test_a_signed_link_as_json(edge: Edge) -> None:
    await edge.shipped()
    edge.answers(**SHIPPED)
    body = (await edge.page(edge.link().replace("?", ".json?"))).json()
    assert body["next"] == {"stage": "delivered", "by": "carrier"}
    assert [each["name"] for each in body["steps"] if each["reached"]][-1] == "shipped"
    assert all(each["at"] for each in body["steps"] if each["reached"])
    assert body["amount"] == {"amount_minor": 14400, "currency": "CNY"}
    assert body["payments"][0]["reference"] == "2026112222001"
    assert body["parcels"][0]["contents"] == [{"title": TITLE, "quantity": 2}]


async def test_the_phone_tail_leads_to_the_signed_page(edge: Edge) -> None:
    await edge.shipped()
    status, _, location = await by_phone(edge, RECIPIENT.phone[-4:])
    assert (status, location) == (303, edge.link().removeprefix(edge.house.settings.public_url))
    assert TITLE in (await edge.page(location)).text
    assert (await by_phone(edge, "１２３４"))[0] == 303
    answer = await edge.browser.post("/track/1001.json?shop=tea", data={"phone_tail": RECIPIENT.phone[-4:]})
    assert answer.json()["lines"][0]["title"] == TITLE


@pytest.mark.parametrize("digits", ["0000", "", "123", "12345", "１２３５", "a1b2", "1234567890" * 200])
async def test_a_wrong_tail_looks_like_an_unknown_number(edge: Edge, digits: str) -> None:
    await edge.placed()
    assert await by_phone(edge, digits) == await by_phone(edge, digits, "/track/7777?shop=tea")
    assert (await by_phone(edge, digits))[0] == 404


async def test_a_recipient_without_a_phone_is_proven_by_no_tail(edge: Edge) -> None:
    await edge.placed()
    await edge.sql("update orders set phone_tail = :tail", tail=edge.house.customers.phone_tail(ORDER_ID, ""))
    assert (await by_phone(edge, ""))[0] == 404


@pytest.mark.parametrize("wrong", ["&proof=0", "&proof=" + "f" * 32, "&proof=%F0%9F%8D%B5", "&proof=%00"])
async def test_a_wrong_link_is_an_unknown_number_byte_for_byte(edge: Edge, wrong: str) -> None:
    await edge.placed()
    for kind in ("", ".json"):
        answers = [await edge.page(f"/track/{number}{kind}?shop=tea{wrong}") for number in ("1001", "7777", "%00")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert len({tuple(answer.headers.items()) for answer in answers}) == 1


async def test_another_orders_link_proves_nothing(edge: Edge) -> None:
    await edge.placed()
    await edge.placed(order(OrderId("shop", "tea", "1002")))
    proof = edge.link(OrderId("shop", "tea", "1002")).partition("proof=")[2]
    assert (await edge.page(f"{NUMBER_ALONE}&proof={proof}")).status_code == 404


async def test_a_shop_may_switch_the_number_off_but_not_the_proofs(edge: Edge) -> None:
    await edge.placed()
    await edge.sql("update shops set track_by_number = false")
    hidden, unknown = await edge.page(), await edge.page("/track/7777?shop=tea")
    assert (hidden.status_code, hidden.content) == (404, unknown.content)
    assert (await edge.page(edge.link())).status_code == 200
    assert (await by_phone(edge, RECIPIENT.phone[-4:]))[0] == 303


async def test_a_number_that_two_shops_have_needs_its_shop(edge: Edge) -> None:
    await edge.sql(SECOND_SHOP, c="shop", s="cups", n="Cup shop")
    await edge.placed()
    assert (await edge.page("/track/1001")).status_code == 200
    await edge.placed(order(OrderId("shop", "cups", "1001")))
    assert (await edge.page("/track/1001")).status_code == 404
    assert (await edge.page("/track/1001?shop=cups")).status_code == 200


async def test_a_link_finds_its_order_among_channels_of_one_shop_name(edge: Edge) -> None:
    await edge.sql(SECOND_SHOP, c="jd", s="tea", n="Tea on JD")
    await edge.placed()
    await edge.placed(order(OrderId("jd", "tea", "1001")))
    assert (await edge.page()).status_code == 404
    assert "Tea on JD" in (await edge.page(edge.link(OrderId("jd", "tea", "1001")))).text


async def test_who_guesses_too_often_waits(edge: Edge) -> None:
    await edge.placed()
    for _ in range(FAILURES_ALLOWED):
        assert (await edge.page("/track/7777")).status_code == 404
    assert (await edge.page(edge.link())).status_code == 200  # nobody guesses a link
    for url in ("/track/7777", NUMBER_ALONE, f"{NUMBER_ALONE}&proof=0"):
        refused = await edge.page(url)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
        assert "Too many attempts" in refused.text
    as_json = await edge.page("/track/1001.json?shop=tea")
    assert (as_json.status_code, as_json.headers["content-type"]) == (429, "application/problem+json")
    await edge.later(minutes=11)
    assert (await edge.page()).status_code == 200


async def test_guesses_at_one_phone_are_counted_for_all_callers_together(edge: Edge) -> None:
    await edge.placed()
    for number in ("1001", "7777"):
        for _ in range(FAILURES_ALLOWED):
            await by_phone(edge, "0000", f"/track/{number}?shop=tea")
            await edge.sql("delete from rate_limits where subject like 'track/%'")  # each from another address
        assert (await by_phone(edge, RECIPIENT.phone[-4:], f"/track/{number}?shop=tea"))[0] == 429
    assert (await edge.page(edge.link())).status_code == 200


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_need_nothing_from_outside_and_no_script_but_their_own(edge: Edge, language: str) -> None:
    await edge.shipped()
    for url in (NUMBER_ALONE, edge.link(), "/track/7777"):
        answer = await edge.page(url, language)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert answer.headers["content-language"].startswith(language)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = answer.text.replace(f"<script>{LIVE}</script>", "")
        for never in ("<script", "javascript:", " style=", " src=", "<link", "@import", "url("):
            assert never not in page
        assert re.search(r"<[^>]+\son\w+=", page) is None
        assert '<html lang="' + answer.headers["content-language"] in answer.text
        assert "<main" in answer.text


async def test_the_language_can_be_chosen_and_the_proof_stays(edge: Edge) -> None:
    await edge.shipped()
    page = (await edge.page(edge.link(), "zh")).text
    proof = edge.link().partition("proof=")[2]
    assert f"?shop=tea&amp;proof={proof}&amp;lang=en" in page
    assert "On its way" in (await edge.page(f"{edge.link()}&lang=en", "zh")).text


async def test_what_others_wrote_is_escaped(edge: Edge) -> None:
    evil = "<script>alert(1)</script>{{7*7}}"
    await edge.placed(order(lines=(replace(line(), title=evil),)))
    await edge.sql("update shops set name = :name", name='"><img src=x>')
    await edge.sql("update orders set customer_note = :note", note=evil)
    await edge.later(minutes=1)
    await edge.paid(trade_no="<b>1</b>")
    page = (await edge.page(f"{edge.link()}&x=%22%3E%3Cscript%3E")).text
    assert "<script" not in page.replace(f"<script>{LIVE}</script>", "")
    assert "<img" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page
