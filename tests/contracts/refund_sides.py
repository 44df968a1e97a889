"""Both pretended providers and the fake, each with a paid trade: for what a refund call and its question mean."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.http import open_client
from adapters.payments.alipay import Alipay, AlipayAccount
from adapters.payments.wechatpay import WechatPay, WechatPayAccount
from domain.money import Money
from domain.refund_leg import RefundOutcome
from drill.virtual.fakes import FakeProvider
from ports.clock import SystemClock
from ports.payments import PaymentProvider, RefundAnswer, RefundOrder, RefundQuestion
from tests.sandbox.town_under_test import Scene, a_world, in_process
from verify.refunds import ASKS

DONE, UNKNOWN, NOT_FOUND = RefundOutcome.DONE, RefundOutcome.UNKNOWN, RefundOutcome.NOT_FOUND
SHOPS = {"alipay": "tea", "wechatpay": "tools"}
PLACES = {"alipay": "gateway", "wechatpay": "wechatpay"}
PAID = 13800


def private(key: rsa.RSAPrivateKey) -> str:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def public(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def adapter(name: str, client: httpx.AsyncClient) -> PaymentProvider:
    world = a_world()
    if name == "alipay":
        who = (world.accounts.app_id, world.accounts.seller_id, (public(world.alipay_private),))
        url = "http://sandbox/alipay/gateway.do"
        return Alipay([AlipayAccount("main", *who, private(world.app_private), url)], client, SystemClock())
    keys, accounts = world.wechatpay, world.wechatpay.accounts
    account = WechatPayAccount(
        name="main",
        mchid=accounts.mchid,
        app_ids=(accounts.app_id,),
        platform_keys={accounts.public_key_id: public(keys.key)},
        api_v3_keys=(accounts.api_v3_key,),
        merchant_serial=accounts.merchant_serial,
        merchant_private_key=private(keys.merchant),
        api_url="http://sandbox/wechatpay",
    )
    return WechatPay([account], client, SystemClock())


@dataclass
class Side:
    """One provider with a paid trade. `moved`: what went back in its own book, by number."""

    provider: PaymentProvider
    order: RefundOrder
    moved: Callable[[], dict[str, int]]
    lose_the_next_answer: Callable[[], Any]
    scene: Scene | None = None

    @property
    def question(self) -> RefundQuestion:
        return RefundQuestion(**{name: value for name, value in vars(self.order).items() if name != "reason"})

    async def refund(self, **changes: Any) -> RefundAnswer:
        return await self.provider.refund(replace(self.order, **changes))

    async def asked(self) -> RefundAnswer:
        return await self.provider.query_refund(self.question)

    async def ended(self) -> RefundAnswer:
        """What the question tells once the provider has an end to tell."""
        async with asyncio.timeout(20):
            while (answer := await self.asked()).outcome in {NOT_FOUND, RefundOutcome.PROCESSING}:  # noqa: ASYNC110 - it answers when asked
                await asyncio.sleep(0.01)
        return answer

    async def plant(self, fault: str, **more: Any) -> None:
        assert self.scene is not None
        await self.scene.control("faults", place="refund", fault=fault, key=self.order.out_trade_no, **more)

    async def calls(self) -> list[tuple[str, str]]:
        """Each call that asked for money: its parameters, and what its caller could read."""
        assert self.scene is not None
        rows = (await self.scene.dump())[self.order.provider]["calls"]
        asks = [row for row in rows if row["method"] == ASKS[self.order.provider]]
        assert {row["out_refund_no"] for row in asks} <= {self.order.out_refund_no}
        return [(row["parameters"], row["answer_code"]) for row in asks]

    def number(self, ending: str) -> str:
        return f"{self.order.out_trade_no}_4f0c2a9b81d3e6f7_{ending}"


def order(name: str, trade_no: str, out_trade_no: str) -> RefundOrder:
    number = f"{out_trade_no}_4f0c2a9b81d3e6f7_1"
    return RefundOrder(name, "main", trade_no, out_trade_no, number, Money(1000), Money(PAID), "破损", "refund/4f/1")


def wire(scene: Scene) -> Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]:
    """To the town in this process; what it cuts ends as it does on a network."""

    async def send(request: httpx.Request) -> httpx.Response:
        try:
            return await scene.http.send(request)
        except ConnectionResetError as cut:
            raise httpx.ReadError(str(cut)) from cut

    return send


@asynccontextmanager
async def standing(name: str) -> AsyncIterator[Side]:
    if name == "fake":
        fake = FakeProvider(SystemClock())
        paid = fake.pay("tea_1", Money(PAID))
        moved = lambda: {number: each.amount.amount_minor for number, each in fake.refunded.items()}  # noqa: E731
        yield Side(fake, order("alipay", paid.trade_no, "tea_1"), moved, lambda: fake.refund_script.append(UNKNOWN))
        return
    async with in_process() as scene, open_client(transport=httpx.MockTransport(wire(scene))) as client:
        scene.town.wechatpay.signer.rotate()  # a public key needs no certificate around it
        number = f"{SHOPS[name]}_1"
        trade = await scene.control("payments", out_trade_no=number, amount_minor=PAID)

        def moved_there() -> dict[str, int]:
            book = scene.town.providers[name].refunds
            return {each.out_refund_no: each.amount_minor for each in book if each.done_at is not None}

        async def lose() -> None:
            await scene.control("faults", place=PLACES[name], fault="late_error", key=number)

        yield Side(adapter(name, client), order(name, trade["trade_no"], number), moved_there, lose, scene)


each_side = pytest.mark.parametrize("name", ["alipay", "wechatpay", "fake"])
each_provider = pytest.mark.parametrize("name", ["alipay", "wechatpay"])
