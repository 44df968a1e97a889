"""Live pages: whoever has proof hears that his order has moved, without a script the page renews itself."""

import asyncio
import base64
import hashlib
import html
import re

import httpx
import pytest

from api import live
from api.templates.page import LIVE
from tests.api.conftest import Edge

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LASTS_SECONDS", 0.2)
    monkeypatch.setattr(live, "LOOK_EVERY_SECONDS", 0.02)


async def events_of(edge: Edge) -> str:
    """Where the page with proof says that its events are."""
    found = re.search(r'<body data-events="([^"]+)"', (await edge.page(edge.link())).text)
    assert found is not None
    return html.unescape(found[1])


async def listen(edge: Edge, url: str, heard: str = "") -> httpx.Response:
    return await edge.browser.get(url, headers={"Last-Event-ID": heard} if heard else {})


def told(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    return re.findall(r"^id: (\d+)\nevent: changed\n", answer.text, re.MULTILINE)


async def until_told(edge: Edge, url: str) -> str:
    """As a browser does: again when a stream ends."""
    while True:
        if versions := told(await listen(edge, url)):
            return versions[-1]


async def test_a_page_with_proof_listens_and_one_without_script_renews_itself(edge: Edge) -> None:
    await edge.shipped()
    answer = await edge.page(edge.link())
    digest = base64.b64encode(hashlib.sha256(LIVE.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'; connect-src 'self'" in answer.headers["content-security-policy"]
    assert f"<script>{LIVE}</script>" in answer.text
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in answer.text
    by_number = (await edge.page("/track/1001?shop=tea")).text
    assert ("data-events" in by_number, "<script" in by_number) == (False, False)


async def test_a_finished_order_has_nothing_more_to_tell(edge: Edge) -> None:
    await edge.completed()
    page = (await edge.page(edge.link())).text
    assert ("data-events" in page, "<script" in page) == (False, False)


async def test_a_move_is_told_once_and_nothing_is_told_of_an_order_that_rests(edge: Edge) -> None:
    await edge.shipped()
    url = await events_of(edge)
    rests = await listen(edge, url)
    assert (told(rests), rests.text) == ([], "retry: 1000\n\n")
    listening = asyncio.create_task(until_told(edge, url))
    await edge.parcel(delivered=True)
    version = await listening
    assert told(await listen(edge, url)) == [version], "who comes late hears of it all the same"
    assert told(await listen(edge, url, heard=version)) == []


async def test_nobody_listens_without_proof_or_with_a_wrong_one(edge: Edge) -> None:
    await edge.shipped()
    for url in ("/track/1001/events?shop=tea", "/track/1001/events?shop=tea&proof=x", "/track/7777/events?shop=tea"):
        refused = await listen(edge, url)
        assert (refused.status_code, refused.json()["title"]) == (404, "unknown order")
    assert (await listen(edge, f"{await events_of(edge)}x")).status_code == 422


async def test_too_many_pages_are_sent_away_and_each_that_ends_makes_room(edge: Edge) -> None:
    await edge.shipped()
    url, streams = await events_of(edge), edge.app.state.streams
    streams.open = live.MOST_STREAMS
    refused = await listen(edge, url)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    streams.open = live.MOST_STREAMS - 1
    assert (await listen(edge, url)).status_code == 200
    assert streams.open == live.MOST_STREAMS - 1
