"""Requests are timed by route and status; what the outside writes never becomes a label."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.api.conftest import Edge
from tests.collected import Collected

pytestmark = pytest.mark.slow

COUNT = "lockstep_request_seconds_count"


@pytest.fixture
def observed(edge: Edge, collected: Collected) -> Edge:
    edge.app.state.house = replace(edge.house, metrics=collected.metrics)
    return edge


async def test_a_request_is_timed_under_its_route_and_status(observed: Edge, collected: Collected) -> None:
    await observed.placed()
    await observed.page()
    await observed.page("/track/none?shop=tea&proof=abc")
    assert collected.value(COUNT, method="GET", route="/track/{order_no}", status="200") == 1
    assert collected.value(COUNT, method="GET", route="/track/{order_no}", status="404") == 1


async def test_what_has_no_route_or_no_known_method_shares_a_name(observed: Edge, collected: Collected) -> None:
    for path in ("/wp-login.php", "/" + quote("云小满 13900001234")):
        await observed.browser.get(path)
    for method in ("BREW", "PROPFIND"):
        await observed.browser.request(method, "/webhooks/alipay")
    assert collected.value(COUNT, method="GET", route="none", status="404") == 2
    assert collected.value(COUNT, method="other", route="/webhooks/{provider}", status="405") == 2
    assert {dict(labels)["method"] for name, labels in collected.samples() if name == COUNT} == {"GET", "other"}


async def test_a_request_that_nobody_foresaw_counts_as_failed(
    observed: Edge, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.tracking.progress.find", None)
    await observed.page()
    assert collected.value(COUNT, method="GET", route="/track/{order_no}", status="503") == 1
