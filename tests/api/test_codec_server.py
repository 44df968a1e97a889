"""The codec endpoint: what it shows, to whom, and to which browser."""

import base64
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import Payloads

import tests.replay
from api.codec_server import LARGEST_BODY_BYTES, CodecHouse, create_codec_app
from persistence import access
from ports.clock import FixedClock
from runtime.codec import EncryptionCodec
from runtime.temporal import data_converter
from tests.builders import NOON, settled
from tests.workflows.world import PAYLOAD_KEYS

UI = "http://ui.example:8080"
HISTORY = Path(str(tests.replay.__file__)).with_name("histories") / "straight.json"


class Desk:
    """The endpoint, and one browser before it. `secret` is a token that may read."""

    def __init__(self, house: CodecHouse, browser: httpx.AsyncClient) -> None:
        self.house = house
        self.browser = browser
        self.secret = ""

    async def token(self, name: str, *scopes: str) -> str:
        async with self.house.engine.begin() as db:
            return await access.create_token(db, name, scopes, NOON)

    async def decode(self, sent: Any, secret: str | None = None, **headers: str) -> httpx.Response:
        held = {} if secret == "" else {"Authorization": f"Bearer {secret or self.secret}"}
        return await self.browser.post("/decode", json=sent, headers={**held, **headers})


@pytest.fixture
async def desk(record: AsyncEngine) -> AsyncIterator[Desk]:
    async for each in desk_for(record, UI):
        yield each


async def desk_for(record: AsyncEngine, ui_url: str) -> AsyncIterator[Desk]:
    house = CodecHouse(record, FixedClock(NOON), EncryptionCodec(PAYLOAD_KEYS), ui_url)
    transport = httpx.ASGITransport(create_codec_app(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://codec.example:8081") as browser:
        opened = Desk(house, browser)
        opened.secret = await opened.token("lin", "payloads:read")
        yield opened


async def sealed(keys: dict[str, bytes] = PAYLOAD_KEYS) -> dict[str, Any]:
    """A payment, as Temporal keeps it and as the Web UI sends it."""
    told: dict[str, Any] = MessageToDict(Payloads(payloads=await data_converter(keys).encode([settled()])))
    return told


def clear(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [base64.b64decode(each["data"]).decode() for each in answer.json()["payloads"]]


async def test_a_payment_is_shown_in_clear_to_who_may_read_it(desk: Desk) -> None:
    sent = await sealed()
    assert "14400" not in json.dumps(sent)
    (shown,) = clear(await desk.decode(sent))
    assert json.loads(shown)["capture"]["amount"] == {"amount_minor": 14400, "currency": "CNY"}


async def test_the_payloads_of_a_saved_history_are_shown(desk: Desk) -> None:
    events = json.loads(HISTORY.read_text())["events"]
    signals = [each["workflowExecutionSignaledEventAttributes"]["input"] for each in events if "Signaled" in str(each)]
    shown = [text for sent in signals for text in clear(await desk.decode(sent))]
    assert any("TEA-GREEN-250" in text for text in shown)


async def test_payloads_that_were_never_encrypted_come_back_as_they_were(desk: Desk) -> None:
    plain = {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "ImEi"}]}
    assert (await desk.decode(plain)).json() == plain


async def test_nobody_reads_without_a_token_of_this_scope(desk: Desk) -> None:
    sent = await sealed()
    assert (await desk.decode(sent, "")).status_code == 401
    assert (await desk.decode(sent, "lk_guessed")).status_code == 401
    other = await desk.decode(sent, await desk.token("shop tea", "orders:write", "orders:read"))
    assert (other.status_code, "payloads:read" in other.text) == (403, True)
    async with desk.house.engine.begin() as db:
        await access.revoke_token(db, "lin", NOON)
    assert (await desk.decode(sent)).status_code == 401


async def test_guessing_is_slowed_down_and_a_right_token_still_reads(desk: Desk) -> None:
    sent = await sealed()
    answers = {(await desk.decode(sent, f"lk_{number}")).status_code for number in range(31)}
    assert answers == {401, 429}
    assert clear(await desk.decode(sent))


async def test_a_browser_signs_in_once_and_out_again(desk: Desk) -> None:
    sent = await sealed()
    signed_in = await desk.browser.post("/sign-in", data={"token": desk.secret})
    cookie = signed_in.headers["set-cookie"].lower()
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
    assert all(word in cookie for word in ("httponly", "samesite=strict", "max-age=28800"))
    assert "secure" not in cookie
    assert "Signed in" in (await desk.browser.get("/")).text
    assert clear(await desk.decode(sent, "", Origin=UI))
    await desk.browser.post("/sign-out")
    assert (await desk.decode(sent, "", Origin=UI)).status_code == 401


async def test_behind_https_the_cookie_goes_over_https_alone(record: AsyncEngine) -> None:
    async for desk in desk_for(record, "https://ui.example/temporal"):
        signed_in = await desk.browser.post("/sign-in", data={"token": desk.secret})
        assert "secure" in signed_in.headers["set-cookie"].lower()


@pytest.mark.parametrize(("token", "status"), [("lk_guessed", 401), ("", 401)])
async def test_a_wrong_token_signs_nobody_in(desk: Desk, token: str, status: int) -> None:
    refused = await desk.browser.post("/sign-in", data={"token": token})
    assert (refused.status_code, "set-cookie" in refused.headers) == (status, False)
    assert "unknown or was ended" in refused.text
    assert "令牌无效" in refused.text


async def test_a_revoked_token_signs_out_its_browser(desk: Desk) -> None:
    await desk.browser.post("/sign-in", data={"token": desk.secret})
    async with desk.house.engine.begin() as db:
        await access.revoke_token(db, "lin", NOON)
    page = await desk.browser.get("/")
    assert (page.status_code, "Signed in" in page.text) == (401, False)


async def test_a_browser_may_ask_from_the_web_ui_alone(desk: Desk) -> None:
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"}
    asked = {
        origin: await desk.browser.options("/decode", headers={"Origin": origin, **wish})
        for origin in (UI, "http://ui.example:9", "http://evil.example", "null")
    }
    allowed = {origin: answer.headers.get("access-control-allow-origin") for origin, answer in asked.items()}
    assert allowed == {UI: UI, "http://ui.example:9": None, "http://evil.example": None, "null": None}
    assert asked[UI].headers["access-control-allow-credentials"] == "true"
    foreign = await desk.decode(await sealed(), Origin="http://evil.example")
    assert (foreign.status_code, "access-control-allow-origin" in foreign.headers) == (403, False)
    refused = await desk.decode(await sealed(), "", Origin=UI)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, UI)


async def test_what_cannot_be_read_says_why(desk: Desk) -> None:
    other = await desk.decode(await sealed({"2027": b"o" * 32}))
    assert (other.status_code, "lacks the key '2027'" in other.json()["detail"]) == (422, True)
    damaged = await desk.decode(await sealed({"test": b"o" * 32}))
    assert (damaged.status_code, "damaged" in damaged.json()["detail"]) == (422, True)
    held = {"Authorization": f"Bearer {desk.secret}"}
    for nonsense in (b"", b"payloads", b"\xff", b'{"payloads": 3}', b'{"payloads": [{"data": 7}]}'):
        refused = await desk.browser.post("/decode", content=nonsense, headers=held)
        assert (refused.status_code, nonsense) == (400, nonsense)
    large = {"payloads": [{"data": "A" * LARGEST_BODY_BYTES}]}
    assert (await desk.decode(large)).status_code == 413


async def test_nothing_is_ever_encrypted_here(desk: Desk) -> None:
    held = {"Authorization": f"Bearer {desk.secret}"}
    assert (await desk.browser.post("/encode", json={"payloads": []}, headers=held)).status_code == 404


async def test_each_look_is_logged_by_the_name_of_its_token_and_without_what_it_saw(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "lockstep"):
        await desk.decode(await sealed(), **{"X-Namespace": "shops"})
    assert "lin read 1 payloads of namespace shops" in caplog.text
    assert "14400" not in caplog.text
    assert desk.secret not in caplog.text


async def test_the_page_runs_no_script_and_stands_in_no_frame(desk: Desk) -> None:
    page = await desk.browser.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert (await desk.browser.get("/health/live")).json() == {"status": "ok"}
