"""Who listens is checked at the start; what is wrong is named, a secret never."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from domain.reference import ShopId
from runtime.config import Settings
from runtime.wiring import open_house

KEY = base64.b64encode(b"k" * 32).decode()
SECRET = base64.b64encode(b"s" * 32).decode()
TEA = {"shop_id": "tea", "stock_url": "https://shop.example/api/stock?of=tea", "secrets": f"whsec_{SECRET},{KEY}"}


def settings(*listeners: dict[str, Any]) -> Settings:
    return Settings.model_validate(
        {
            "database_url": "postgresql://nobody@127.0.0.1:1/nothing",
            "temporal_address": "127.0.0.1:1",
            "record_key": KEY,
            "payload_keys": f"test:{KEY}",
            "shop_listeners": listeners,
            "warehouse_secrets": KEY,
        }
    )


def test_without_listeners_nobody_is_told() -> None:
    assert settings().shop_listeners == ()


def test_a_listener_has_an_address_and_any_number_of_secrets() -> None:
    (listener,) = settings(TEA).shop_listeners
    assert str(listener.stock_url) == TEA["stock_url"]
    assert listener.secret_list == (f"whsec_{SECRET}", KEY)


@pytest.mark.parametrize(
    ("listeners", "sentence"),
    [
        ([TEA | {"stock_url": "shop.example/api/stock"}], "stock_url"),
        ([TEA | {"stock_url": "ftp://shop.example/stock"}], "URL scheme should be 'http' or 'https'"),
        ([TEA | {"shop_id": "the tea shop"}], "letters, digits or hyphens"),
        ([{"shop_id": "tea", "stock_url": TEA["stock_url"]}], "secrets"),
        ([TEA, TEA | {"stock_url": "https://else.example"}], "names a shop twice"),
    ],
)
def test_what_is_no_listener_is_refused_without_its_secret(listeners: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as refused:
        settings(*listeners)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("secrets", ["", "c2hvcnQ=", "no base64"])
async def test_a_secret_that_is_none_names_the_shop(secrets: str) -> None:
    wrong = settings(TEA | {"secrets": secrets})
    with pytest.raises(ValueError, match=r"LOCKSTEP_SHOP_LISTENERS \(tea\): .* webhook secret"):
        async with open_house(wrong):
            pass


def test_a_shop_is_named_by_its_channel_and_id() -> None:
    assert str(ShopId("shop", "tea")) == "shop/tea"
