"""A customer's own page, through real workflows: he asks, withdraws, asks again, and gets his money once."""

import asyncio
import html
import re

import httpx
import pytest

from api.tracking_links import signed_link
from domain.reference import OrderId
from tests.journeys.staging import Stage
from tests.journeys.test_refunds import ORDER_NO, arrived, decide, until

pytestmark = pytest.mark.slow

ONE = {"after": "0", "units.1": "1", "kind": "refund_only", "reason": "damaged"}
ENGLISH = {"Accept-Language": "en"}


class Customer:
    """A browser without scripts, opened by the signed link."""

    def __init__(self, stage: Stage, browser: httpx.AsyncClient) -> None:
        self._browser = browser
        self.page = httpx.URL(signed_link(stage.house.settings, OrderId("shop", "tea", ORDER_NO))).raw_path.decode()

    async def look(self) -> str:
        return (await self._browser.get(self.page, headers=ENGLISH)).text

    async def ask(self, **wish: str) -> httpx.Response:
        url = self.page.replace("?", "/refund?")
        return await self._browser.post(url, data={**ONE, **wish}, headers=ENGLISH, follow_redirects=True)

    async def withdraw(self, page: str) -> httpx.Response:
        form = re.search(r'action="([^"]+/withdrawal[^"]+)"', page)
        assert form is not None, page
        url = html.unescape(form[1])
        return await self._browser.post(url, data={"version": "1"}, headers=ENGLISH, follow_redirects=True)


async def test_a_customer_asks_withdraws_and_asks_again_on_his_page(stage: Stage) -> None:
    await arrived(stage)
    async with httpx.AsyncClient(base_url=stage.shop.base_url, timeout=20, trust_env=False) as browser:
        customer = Customer(stage, browser)
        clicks = await asyncio.gather(customer.ask(), customer.ask())
        assert [each.status_code for each in clicks] == [200, 200]
        assert await stage.value("select count(*) from refunds where refusal = ''") == 1
        page = clicks[0].text
        assert ("You get ¥68.00" in page, "The shop is looking at your request" in page) == (True, True)
        assert "Withdrawn</h2>" in (await customer.withdraw(page)).text

        again = await customer.ask(after="1")
        page = again.text
        refund = await stage.value("select id from refunds where decision = 'pending'")
        refused = await customer.ask(after="2", **{"units.1": "2"})
        assert ("more than can still go back" in refused.text, "at most 1, ¥68.00" in refused.text) == (True, True)
        assert (await decide(stage, refund, "approve", "lin")).status_code == 200
        await until(stage, refund, "paid_back")
        assert "Too late to withdraw" in (await customer.withdraw(page)).text
        said = await customer.look()
        reference = await stage.value("select trade_no from refund_legs where refund_no is null")
        assert ("¥68.00 by Alipay" in said, f"Refund reference {reference}" in said) == (True, True)
        assert await stage.value("select refunded_minor from order_money") == 6800
