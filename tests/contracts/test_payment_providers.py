"""The contract of ports/payments.py, written once for all providers."""

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ports.errors import AnswerNotUnderstood, MessageRefused, RefusalReason, Unavailable
from ports.messages import RawMessage
from ports.payments import CloseOutcome, NoticeKind, PaymentNotice, PaymentProvider, TradeState
from tests.contracts.alipay_under_test import AlipayUnderTest
from tests.contracts.provider_under_test import Genuine, ProviderUnderTest, Refused
from tests.contracts.wechatpay_under_test import WechatPayUnderTest

PROVIDERS: tuple[ProviderUnderTest, ...] = (AlipayUnderTest(), WechatPayUnderTest())

CLOSING = {
    TradeState.PAID: CloseOutcome.ALREADY_PAID,
    TradeState.REFUNDED: CloseOutcome.ALREADY_PAID,
    TradeState.UNPAID: CloseOutcome.CLOSED,
    TradeState.CLOSED: CloseOutcome.CLOSED,
    TradeState.NOT_FOUND: CloseOutcome.NOTHING_TO_CLOSE,
}

each_provider = pytest.mark.parametrize("side", PROVIDERS, ids=lambda side: side.name)
each_state = pytest.mark.parametrize("state", TradeState)


def stories(told: str) -> pytest.MarkDecorator:
    cases = [(side, story, case) for side in PROVIDERS for story, case in getattr(side, told)().items()]
    ids = [f"{side.name}: {story}" for side, story, _ in cases]
    return pytest.mark.parametrize(("side", "case"), [(side, case) for side, _, case in cases], ids=ids)


def facing(told: str) -> pytest.MarkDecorator:
    cases = [(side, what, provider) for side in PROVIDERS for what, provider in getattr(side, told)()]
    ids = [f"{side.name}: {what}" for side, what, _ in cases]
    return pytest.mark.parametrize(("side", "provider"), [(side, provider) for side, _, provider in cases], ids=ids)


def read_or_refused(provider: PaymentProvider, message: RawMessage) -> PaymentNotice | None:
    try:
        return provider.read_notice(message)
    except MessageRefused:
        return None


@stories("genuine")
def test_a_genuine_notice_is_read_as_what_it_says(side: ProviderUnderTest, case: Genuine) -> None:
    assert side.provider.read_notice(case.message) == case.says


@stories("genuine")
def test_times_are_aware_and_in_utc(side: ProviderUnderTest, case: Genuine) -> None:
    paid_at = side.provider.read_notice(case.message).paid_at
    assert paid_at is None or paid_at.tzinfo is UTC


@stories("refused")
def test_anything_else_is_refused_with_its_reason(side: ProviderUnderTest, case: Refused) -> None:
    with pytest.raises(MessageRefused) as refused:
        side.provider.read_notice(case.message)
    assert refused.value.reason is case.reason


@each_provider
def test_the_stories_cover_the_contract(side: ProviderUnderTest) -> None:
    assert {NoticeKind.CAPTURED, NoticeKind.REFUND} <= {case.says.kind for case in side.genuine().values()}
    usual = {RefusalReason.MALFORMED, RefusalReason.SIGNATURE, RefusalReason.SELLER, RefusalReason.CURRENCY}
    assert usual <= {case.reason for case in side.refused().values()}


@stories("genuine")
def test_no_flipped_bit_changes_what_is_believed(side: ProviderUnderTest, case: Genuine) -> None:
    body = case.message.body
    for place in range(len(body)):
        # Each byte in every story; each bit where it would pay most: a refund taken for a payment.
        for bit in range(8) if case.says.kind is NoticeKind.REFUND else [place % 8]:
            flipped = body[:place] + bytes([body[place] ^ 1 << bit]) + body[place + 1 :]
            read = read_or_refused(side.provider, replace(case.message, body=flipped))
            assert read in {None, case.says}, f"bit {bit} of byte {place}"


@stories("genuine")
def test_no_part_of_a_notice_is_believed(side: ProviderUnderTest, case: Genuine) -> None:
    for end in range(0, len(case.message.body), 3):
        read = read_or_refused(side.provider, replace(case.message, body=case.message.body[:end]))
        assert read in {None, case.says}


@each_provider
def test_noise_is_refused_and_nothing_worse(side: ProviderUnderTest) -> None:
    headers = side.genuine()["captured"].message.headers

    @settings(derandomize=True, max_examples=200, deadline=None)
    @given(body=st.binary(max_size=600))
    def noise(body: bytes) -> None:
        with pytest.raises(MessageRefused):
            side.provider.read_notice(RawMessage(headers, body))

    noise()


@each_provider
def test_only_acceptance_makes_the_provider_stop(side: ProviderUnderTest) -> None:
    accepted, refused = side.provider.answer(accepted=True), side.provider.answer(accepted=False)
    assert accepted.status in {200, 204}
    assert refused.status >= 400
    assert accepted.body != refused.body


@each_provider
@each_state
async def test_every_state_of_a_trade_is_learned(side: ProviderUnderTest, state: TradeState) -> None:
    answer = await side.provider_where(state).query_trade(side.question)
    assert answer.state is state
    if state is TradeState.PAID:
        assert answer == side.paid


@each_provider
@each_state
async def test_closing_tells_what_became_of_the_trade(side: ProviderUnderTest, state: TradeState) -> None:
    assert (await side.provider_where(state).close_trade(side.question)).outcome is CLOSING[state]


def test_every_outcome_of_closing_is_reached() -> None:
    assert set(CLOSING) == set(TradeState)
    assert set(CLOSING.values()) == set(CloseOutcome)


@facing("provider_in_trouble")
@pytest.mark.parametrize("call", ["query_trade", "close_trade"])
async def test_an_outage_is_told_as_one(side: ProviderUnderTest, provider: Any, call: str) -> None:
    with pytest.raises(Unavailable):
        await getattr(provider, call)(side.question)


@facing("provider_babbling")
@pytest.mark.parametrize("call", ["query_trade", "close_trade"])
async def test_babble_is_not_taken_for_an_answer(side: ProviderUnderTest, provider: Any, call: str) -> None:
    with pytest.raises(AnswerNotUnderstood):
        await getattr(provider, call)(side.question)


@each_provider
async def test_an_account_that_is_not_configured_decides_nothing(side: ProviderUnderTest) -> None:
    with pytest.raises(Unavailable, match="nobody"):
        await side.provider.query_trade(replace(side.question, account="nobody"))
