"""Several merchant numbers at WeChat Pay, and the keys of each."""

from typing import Any

import httpx
import pytest

from adapters.http import open_client
from adapters.payments.wechatpay import WechatPay
from ports.clock import FixedClock, SystemClock
from ports.errors import RefusalReason
from tests.contracts.wechatpay_wire import (
    API_V3_KEY,
    APP_ID,
    CERTIFICATE_SERIAL,
    MCHID,
    NOW,
    PUBLIC_KEY_ID,
    account,
    certificate_pem,
    notice,
    platform_keys,
    private_pem,
    public_pem,
    refused,
    wechatpay,
)

GOOD = notice()


def second_account(**changes: Any) -> Any:
    own = {"name": "other", "mchid": "1900000200", "app_ids": ("wx0000000000000002",), "api_v3_keys": ("y" * 32,)}
    return account(**(own | changes))


def test_each_account_reads_its_own_notices() -> None:
    both = wechatpay(None, second_account())
    theirs = notice({"mchid": "1900000200", "appid": "wx0000000000000002"}, api_v3_key="y" * 32)
    assert both.read_notice(GOOD).account == "tool-entity"
    assert both.read_notice(theirs).account == "other"


def test_an_account_is_paid_through_its_own_apps_and_keys_alone() -> None:
    both = wechatpay(None, second_account())
    theirs = {"mchid": "1900000200", "appid": "wx0000000000000002"}
    assert refused(notice({**theirs, "appid": APP_ID}, api_v3_key="y" * 32), both).reason is RefusalReason.APP
    assert refused(notice(theirs), both).reason is RefusalReason.SELLER
    apart = wechatpay(None, second_account(platform_keys={PUBLIC_KEY_ID: public_pem("public key")}))
    assert refused(notice(theirs, api_v3_key="y" * 32), apart).reason is RefusalReason.MALFORMED


def test_accounts_may_share_an_apiv3_key() -> None:
    both = wechatpay(None, second_account(api_v3_keys=(API_V3_KEY,)))
    theirs = notice({"mchid": "1900000200", "appid": "wx0000000000000002"})
    assert (both.read_notice(GOOD).account, both.read_notice(theirs).account) == ("tool-entity", "other")


def test_without_an_account_nothing_is_believed() -> None:
    nobody = WechatPay([], httpx.AsyncClient(), SystemClock())
    assert refused(GOOD, nobody).reason is RefusalReason.SIGNATURE


@pytest.mark.parametrize("changes", [{"name": "tool-entity"}, {"mchid": MCHID}])
async def test_accounts_that_cannot_be_told_apart_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="share"):
        wechatpay(None, second_account(**changes))


def test_one_id_cannot_stand_for_two_keys() -> None:
    with pytest.raises(ValueError, match="different keys under the id PUB_KEY_ID"):
        wechatpay(None, second_account(platform_keys={PUBLIC_KEY_ID: public_pem("stranger")}))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"platform_keys": {}}, "no key of WeChat Pay's"),
        ({"platform_keys": {PUBLIC_KEY_ID: "secret"}}, "PUB_KEY_ID.* is not readable"),
        ({"platform_keys": {CERTIFICATE_SERIAL: "secret"}}, "no certificate: .* begins with PUB_KEY_ID_"),
        ({"platform_keys": {CERTIFICATE_SERIAL: public_pem("public key")}}, "no certificate"),
        ({"platform_keys": {CERTIFICATE_SERIAL: "-----BEGIN CERTIFICATE-----secret"}}, "not readable"),
        ({"platform_keys": {"0B": certificate_pem()}}, "another serial number"),
        ({"platform_keys": {PUBLIC_KEY_ID: certificate_pem()}}, "not readable"),
        ({"merchant_private_key": "secret"}, "the merchant's private key is not readable"),
        ({"merchant_private_key": public_pem("merchant")}, "not readable"),
        ({"platform_keys": {PUBLIC_KEY_ID: private_pem("merchant")}}, "not readable"),
        ({"api_v3_keys": ()}, "32 characters"),
        ({"api_v3_keys": (API_V3_KEY, "secret")}, "32 characters"),
        ({"app_ids": ()}, "no appid"),
    ],
)
def test_a_key_that_is_none_is_told_at_the_start_without_its_text(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"WeChat Pay account tool-entity: .*{named}") as told:
        wechatpay(**changes)
    assert "secret" not in str(told.value)


async def test_the_clock_is_the_ports() -> None:
    late = FixedClock(NOW.replace(hour=3))
    async with open_client() as client:
        assert refused(GOOD, WechatPay([account()], client, late)).reason is RefusalReason.STALE


def test_a_serial_number_may_begin_with_nothing() -> None:
    assert CERTIFICATE_SERIAL.startswith("0")
    assert list(platform_keys()) == [PUBLIC_KEY_ID, CERTIFICATE_SERIAL]
