"""What a refund call and its question mean together: the same of both providers' pretended sides and of the fake."""

import asyncio
from collections.abc import AsyncIterator, Callable
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
from ports.messages import RawMessage
from ports.payments import PaymentProvider, RefundAnswer, RefundFact, RefundOrder, RefundQuestion
from sandbox.wechatpay.notices import SealedNotice
from tests.sandbox.town_under_test import Scene, a_world, in_process, until
from verify.refunds import asked_parameters, provider_refunds

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

    def number(self, ending: str) -> str:
        return f"{self.order.out_trade_no}_4f0c2a9b81d3e6f7_{ending}"


def order(name: str, trade_no: str, out_trade_no: str) -> RefundOrder:
    number = f"{out_trade_no}_4f0c2a9b81d3e6f7_1"
    return RefundOrder(name, "main", trade_no, out_trade_no, number, Money(1000), Money(PAID), "破损", "refund/4f/1")


@asynccontextmanager
async def standing(name: str) -> AsyncIterator[Side]:
    if name == "fake":
        fake = FakeProvider(SystemClock())
        paid = fake.pay("tea_1", Money(PAID))
        moved = lambda: {number: each.amount.amount_minor for number, each in fake.refunded.items()}  # noqa: E731
        yield Side(fake, order("alipay", paid.trade_no, "tea_1"), moved, lambda: fake.refund_script.append(UNKNOWN))
        return
    async with in_process() as scene, open_client(transport=httpx.MockTransport(scene.http.send)) as client:
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


@each_side
async def test_a_number_that_was_never_asked_for_is_not_found(name: str) -> None:
    async with standing(name) as side:
        assert (await side.asked()).outcome is NOT_FOUND


@each_side
async def test_one_number_moves_money_once_however_often_it_is_asked_for(name: str) -> None:
    async with standing(name) as side:
        for _ in range(3):
            assert (await side.refund()).outcome in {DONE, RefundOutcome.PROCESSING, UNKNOWN}
        answer = await side.ended()
        assert (answer.outcome, answer.amount) == (DONE, Money(1000))
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_side
async def test_a_lost_answer_is_unknown_until_the_question_finds_the_money(name: str) -> None:
    async with standing(name) as side:
        if (losing := side.lose_the_next_answer()) is not None:
            await losing
        assert (await side.refund()).outcome is UNKNOWN
        assert (await side.ended()).outcome is DONE
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_provider
async def test_the_same_number_for_another_amount_moves_nothing_more(name: str) -> None:
    async with standing(name) as side:
        await side.refund()
        assert (await side.refund(amount=Money(1001))).outcome is UNKNOWN
        assert (await side.ended()).amount == Money(1000)
        assert side.moved() == {side.order.out_refund_no: 1000}


@each_provider
async def test_refunds_together_never_come_to_more_than_was_paid(name: str) -> None:
    async with standing(name) as side:
        await side.refund()
        answer = await side.refund(out_refund_no=side.number("2"), amount=Money(PAID - 999))
        assert answer.outcome is (RefundOutcome.REFUSED if name == "alipay" else UNKNOWN)
        await side.ended()
        rest = await side.refund(out_refund_no=side.number("3"), amount=Money(PAID - 1000))
        assert rest.outcome in {DONE, RefundOutcome.PROCESSING}


@each_provider
async def test_an_empty_account_moves_the_same_number_later(name: str) -> None:
    async with standing(name) as side:
        await side.plant("short_of_balance")
        assert (await side.refund()).outcome is RefundOutcome.SHORT_OF_BALANCE
        assert (await side.asked()).outcome is NOT_FOUND
        await side.refund()
        assert (await side.ended()).outcome is DONE


@each_provider
async def test_a_refund_can_be_under_way_for_days(name: str) -> None:
    async with standing(name) as side:
        assert side.scene is not None
        await side.plant("refund_silent", seconds=48 * 3600.0)
        assert (await side.refund()).outcome in {UNKNOWN, RefundOutcome.PROCESSING}
        assert (await side.asked()).outcome in {NOT_FOUND, RefundOutcome.PROCESSING}
        assert side.moved() == {}


@each_provider
async def test_a_trade_nobody_paid_is_refused(name: str) -> None:
    async with standing(name) as side:
        answer = await side.refund(out_trade_no=f"{SHOPS[name]}_2")
        assert answer.outcome is RefundOutcome.REFUSED


@each_provider
async def test_the_dump_has_each_refund_and_each_call_with_its_parameters(name: str) -> None:
    async with standing(name) as side:
        assert side.scene is not None
        await side.refund()
        await side.refund()
        await side.ended()
        dump = await side.scene.dump()
        told, trade = f"{name}/{side.order.out_refund_no}", f"{name}/{side.order.trade_no}"
        ((found, refund),) = provider_refunds(dump).items()
        assert (found, refund.trade, refund.amount_minor, refund.state) == (told, trade, 1000, "done")
        assert refund.done_at is not None
        ((asked, (first, second)),) = asked_parameters(dump).items()
        assert asked == told
        assert first == second
        assert side.order.out_refund_no in first


# WeChat Pay tells


async def facts(side: Side, count: int) -> list[RefundFact | None]:
    assert side.scene is not None
    post, desk = side.scene.town.wechatpay.post, side.scene.town.wechatpay.desk

    def refunds() -> list[SealedNotice]:
        return [notice for notice in post.sent if notice.event_type.startswith("REFUND")]

    await until(lambda: len(refunds()) == count and all(notice.has_success for notice in refunds()))
    envelopes = [desk.envelope(notice) for notice in refunds()]
    messages = [RawMessage.arrived(envelope.headers.items(), envelope.body) for envelope in envelopes]
    return [side.provider.read_notice(message).refund for message in messages]


async def test_a_signed_notice_tells_of_the_refund_what_the_question_does() -> None:
    async with standing("wechatpay") as side:
        assert (await side.refund()).outcome is RefundOutcome.PROCESSING
        (fact,) = await facts(side, 1)
        asked = await side.asked()
        assert fact == RefundFact(side.order.out_refund_no, DONE, asked.refund_no, asked.amount, asked.at)


async def test_a_closed_number_is_dead_and_a_successor_moves_the_money() -> None:
    async with standing("wechatpay") as side:
        await side.plant("refund_closed")
        await side.refund()
        assert (await side.ended()).outcome is RefundOutcome.CLOSED
        assert (await side.refund()).outcome is RefundOutcome.CLOSED
        await side.refund(out_refund_no=side.number("2"))
        first, second = await facts(side, 2)
        assert first is not None
        assert second is not None
        assert (first.outcome, second.outcome) == (RefundOutcome.CLOSED, DONE)
        assert side.moved() == {side.number("2"): 1000}


async def test_money_that_was_told_as_paid_out_can_come_back() -> None:
    async with standing("wechatpay") as side:
        await side.plant("refund_reversed")
        await side.refund()
        first, second = await facts(side, 2)
        assert first is not None
        assert second is not None
        assert (first.outcome, second.outcome) == (DONE, RefundOutcome.ABNORMAL)
        assert (await side.asked()).outcome is RefundOutcome.ABNORMAL


async def test_the_notice_can_overtake_the_answer() -> None:
    async with standing("wechatpay") as side:
        assert side.scene is not None
        await side.plant("notice_first")
        answer = await side.refund()
        (notice,) = [each for each in side.scene.town.wechatpay.post.sent if each.event_type.startswith("REFUND")]
        assert notice.has_success
        assert answer.outcome is RefundOutcome.PROCESSING
