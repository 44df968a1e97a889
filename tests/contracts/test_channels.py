"""The contract of ports/channels.py, written once for every channel's adapter; then what is the own shop's alone."""

import json
from collections.abc import Callable

import pytest

from adapters.standard_webhooks import StandardWebhooks
from ports.channels import ShopLevel
from ports.clock import FixedClock
from ports.errors import AnswerNotUnderstood, PortError, Unavailable
from ports.messages import RawMessage
from tests.contracts.channel_under_test import (
    NEXT,
    NOW,
    SECRET,
    URL,
    ChannelUnderTest,
    DocumentedShop,
    OwnShopUnderTest,
    own_shop,
)

CHANNELS: tuple[Callable[[], ChannelUnderTest], ...] = (OwnShopUnderTest,)
LEVELS = (ShopLevel("TEA & 茶", 7, 41), ShopLevel("TEA-GIFTBOX", 0, 42))
SHOWN = {"TEA & 茶": 7, "TEA-GIFTBOX": 0}


@pytest.fixture(params=CHANNELS, ids=lambda side: side.__name__)
def side(request: pytest.FixtureRequest) -> ChannelUnderTest:
    made: ChannelUnderTest = request.param()
    return made


async def test_levels_are_shown_and_a_repeat_changes_nothing(side: ChannelUnderTest) -> None:
    for _ in range(2):
        await side.channel.push_levels(LEVELS)
        assert side.shown() == SHOWN


async def test_a_level_that_comes_late_does_not_replace_a_newer_one(side: ChannelUnderTest) -> None:
    await side.channel.push_levels(LEVELS)
    await side.channel.push_levels((ShopLevel("TEA & 茶", 9, 40), ShopLevel("TEA-GIFTBOX", 3, 43)))
    assert side.shown() == {"TEA & 茶": 7, "TEA-GIFTBOX": 3}


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_lost_answer_is_an_outage_and_the_repeat_is_harmless(
    side: ChannelUnderTest, *, after_effect: bool
) -> None:
    side.fail(after_effect=after_effect)
    with pytest.raises(Unavailable):
        await side.channel.push_levels(LEVELS)
    await side.channel.push_levels(LEVELS)
    assert side.shown() == SHOWN


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, AnswerNotUnderstood),
        (400, AnswerNotUnderstood),
        (401, AnswerNotUnderstood),
        (404, AnswerNotUnderstood),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_whatever_is_no_success_is_an_error_that_names_no_content(
    side: ChannelUnderTest, status: int, error: type[PortError]
) -> None:
    side.answer(status)
    with pytest.raises(error, match=str(status)) as raised:
        await side.channel.push_levels(LEVELS)
    assert "库存" not in str(raised.value)


@pytest.mark.parametrize("status", [200, 202])
async def test_any_success_will_do(side: ChannelUnderTest, status: int) -> None:
    side.answer(status)
    await side.channel.push_levels(LEVELS)


async def test_the_message_is_the_documented_one_and_our_own_check_believes_it() -> None:
    shop = DocumentedShop()
    await own_shop(shop).push_levels(LEVELS)
    (request,) = shop.requests
    assert (request.method, str(request.url)) == ("PUT", URL)
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == [
        {"platform_sku": "TEA & 茶", "available": 7, "version": 41},
        {"platform_sku": "TEA-GIFTBOX", "available": 0, "version": 42},
    ]
    message = RawMessage(dict(request.headers), request.content)
    message_id = StandardWebhooks((SECRET,), FixedClock(NOW)).verified_id(message)
    assert message_id.startswith("levels/shop/tea/")


async def test_only_the_same_content_has_the_same_message_id() -> None:
    shop = DocumentedShop()
    for levels in (LEVELS, LEVELS, LEVELS[:1], (ShopLevel("TEA & 茶", 7, 44),)):
        await own_shop(shop).push_levels(levels)
    ids = [request.headers["webhook-id"] for request in shop.requests]
    assert (ids[0] == ids[1], len(set(ids))) == (True, 3)


@pytest.mark.parametrize("known", [SECRET, NEXT])
async def test_while_secrets_rotate_the_shop_may_know_either(known: str) -> None:
    shop = DocumentedShop(known)
    await own_shop(shop, f"whsec_{SECRET}", NEXT).push_levels(LEVELS)
    assert len(shop.levels) == 2


async def test_a_shop_with_another_secret_turns_us_away() -> None:
    with pytest.raises(AnswerNotUnderstood, match=r"shop\.example/api/stock: answered 401"):
        await own_shop(DocumentedShop(NEXT), SECRET).push_levels(LEVELS)


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64!", "c2hvcnQ="])
def test_a_secret_that_is_none_is_refused_without_being_told(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as refused:
        own_shop(DocumentedShop(), secret)
    assert secret in ("", "whsec_") or secret not in str(refused.value)
