"""What the tracking page says at each state of an order, and where it has it from."""

from datetime import timedelta

import pytest

from api.workflow_answers import QUERY_PATIENCE
from domain.axis import Fulfilment, Payment
from domain.case import Choice
from domain.order import HoldReason, Stage
from tests.api.conftest import Edge
from tests.builders import step

pytestmark = pytest.mark.slow

NUMBER_ALONE = "/track/1001?shop=tea"
SHIPPED = {"stage": Stage.SHIPPED, "payment": Payment.PAID, "fulfilment": Fulfilment.SHIPPED}


async def test_while_the_workers_are_away_the_record_answers_in_time_and_says_as_of_when(edge: Edge) -> None:
    await edge.shipped()
    await edge.later(hours=1)
    edge.answers(**SHIPPED)
    edge.workflows.pause_seconds = 30
    page = (await edge.page(edge.link())).text
    assert (edge.workflows.asked, edge.workflows.answered) == (1, 0)
    assert "This is as of <time" in page
    body = (await edge.page("/track/1001.json?shop=tea")).json()
    assert (body["stage"], body["source"], body["as_of"]) == ("shipped", "record", "2026-11-22T10:04:00Z")


def test_a_customer_waits_for_no_workflow_longer_than_the_second_that_is_promised() -> None:
    assert timedelta(seconds=1) > QUERY_PATIENCE


async def test_the_workflows_answer_counts_while_there_is_one(edge: Edge) -> None:
    await edge.placed()
    edge.answers(stage=Stage.ON_HOLD, payment=Payment.PAID, holds=(HoldReason.ADDRESS_INCOMPLETE,))
    page = (await edge.page(edge.link())).text
    assert "On hold" in page
    assert "address is not complete" in page
    assert "It is your turn" in page
    assert "as of" not in page


async def test_a_finished_order_is_answered_from_the_record_alone(edge: Edge) -> None:
    await edge.completed()
    page = (await edge.page(edge.link())).text
    assert edge.workflows.asked == 0
    assert "Completed" in page
    assert "as of" not in page
    assert 'http-equiv="refresh"' not in page
    assert "Expected to arrive" not in page


async def test_a_delivered_order_says_until_when_to_object(edge: Edge) -> None:
    await edge.shipped()
    await edge.parcel(delivered=True)
    page = (await edge.page(edge.link())).text
    assert "29 Nov 18:04" in page
    assert 'http-equiv="refresh"' not in page


async def test_a_page_renews_itself_while_the_goods_are_on_their_way(edge: Edge) -> None:
    await edge.shipped()
    for url in (NUMBER_ALONE, edge.link()):
        assert '<meta http-equiv="refresh" content="30">' in (await edge.page(url)).text


async def test_a_late_stage_says_so(edge: Edge) -> None:
    await edge.shipped()
    await edge.sql("update orders set updated_at = updated_at - interval '6 days'")
    for url in (NUMBER_ALONE, edge.link()):
        page = (await edge.page(url)).text
        assert "taking longer than it should" in page
        assert "We can't give an honest arrival time" in page.replace("&#39;", "'")
    body = (await edge.page("/track/1001.json?shop=tea")).json()
    assert (body["overdue"], body["expected"]) == (True, None)


async def test_causes_of_the_inside_stay_inside(edge: Edge) -> None:
    await edge.placed()
    await edge.paid()
    await edge.sql(
        "insert into cases"
        " (id, order_id, cause, subject, detail, owner, next_action, choices, waits, opened_at, due_at)"
        " select 'case-' || c, 'shop/tea/1001', c, c, 'the warehouse said 500', 'warehouse', 'call Wang', '{}', true,"
        " now(), now() from unnest(array['push_failed', 'provider_silent', 'out_of_stock']) c"
    )
    page = (await edge.page(edge.link())).text
    for inside in ("500", "Wang", "push", "silent", "case-"):
        assert inside not in page.partition("</style>")[2]
    assert page.count("Somebody at the shop is looking at it") == 1
    assert "Not everything is in stock" in page


async def test_a_closed_order_shows_how_far_it_came_and_what_goes_back(edge: Edge) -> None:
    await edge.placed()
    await edge.paid()
    await edge.sql("update orders set cancellation = 'requested'")
    await edge.house.orders.stop(step("stop"))
    page = (await edge.page(edge.link())).text
    for each in ("Cancelled", "To be paid back", "¥144.00", "Paid"):
        assert each in page
    assert "At the warehouse" not in page


async def test_a_link_that_is_faster_than_the_record_finds_its_order_coming(edge: Edge) -> None:
    page = await edge.page(edge.link())
    assert (page.status_code, "Order received" in page.text) == (200, True)
    as_json = await edge.page(edge.link().replace("?", ".json?"))
    assert (as_json.status_code, as_json.json()["type"]) == (409, "urn:lockstep:problem:order-on-its-way")
    assert (await edge.page("/track/1001?shop=tea&proof=" + "f" * 32)).status_code == 404


@pytest.mark.parametrize(
    ("language", "follows", "dropped"),
    [
        ("en", "the rest follows", "A part of the order will not come"),
        ("zh", "其余到货后另寄", "有一部分不再发货"),
    ],
)
async def test_a_rest_is_said_to_follow_until_it_is_said_not_to_come(
    edge: Edge, language: str, follows: str, dropped: str
) -> None:
    await edge.sent_ahead()
    page = (await edge.page(edge.link(), language)).text
    assert (follows in page, dropped in page) == (True, False)
    assert (await edge.page(edge.link().replace("?", ".json?"))).json()["on_hold"] == ["rest_follows"]
    await edge.parcel(units=1)
    assert follows in (await edge.page(edge.link(), language)).text
    await edge.decided(Choice.CANCEL)
    page = (await edge.page(edge.link(), language)).text
    assert (follows in page, dropped in page, "¥68.00" in page) == (False, True, True)
    body = (await edge.page(edge.link().replace("?", ".json?"))).json()
    assert (body["stage"], body["on_hold"]) == ("shipped", ["rest_dropped"])
    assert body["refund_due"] == {"amount_minor": 6800, "currency": "CNY"}


async def test_the_number_alone_tells_nothing_of_a_rest(edge: Edge) -> None:
    await edge.sent_ahead()
    assert "the rest follows" not in (await edge.page(NUMBER_ALONE)).text
