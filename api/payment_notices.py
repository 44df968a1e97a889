"""Payment notices of any provider: docs/sop.md, section 2."""

from dataclasses import replace

from api.acceptance import Acceptance
from api.refund_notices import take_refund_notice
from domain.case import Cause, NewCase
from domain.errors import InvalidReference
from domain.payment import Capture
from domain.reference import TradeReference
from persistence import evidence
from persistence.evidence import Arrival, Verdict
from ports.errors import MessageRefused, RefusalReason
from ports.messages import RawAnswer, RawMessage
from ports.payments import NoticeKind, PaymentNotice, PaymentProvider
from ports.records import PaymentSettled
from workflows.order import OrderWorkflow


async def take_notice(acceptance: Acceptance, provider: PaymentProvider, message: RawMessage) -> RawAnswer:
    """The provider's own success once the notice is durably accepted, its own failure when it is refused."""
    try:
        notice = provider.read_notice(message)
        await _accept(acceptance, notice, message)
    except MessageRefused as refused:
        arrival = Arrival(
            provider.name, refused.claimed_id, "payment.notice", message.body, Verdict.REFUSED, refused.reason
        )
        await acceptance.refuse(arrival)
        return provider.answer(accepted=False)
    return provider.answer(accepted=True)


async def _accept(acceptance: Acceptance, notice: PaymentNotice, message: RawMessage) -> None:
    arrival = _arrival(notice, message)
    if notice.kind is NoticeKind.REFUND:
        await take_refund_notice(acceptance, notice, arrival)
        return
    if notice.kind is not NoticeKind.CAPTURED:
        await acceptance.keep_alone(replace(arrival, verdict=Verdict.IGNORED, reason=notice.kind))
        return
    try:
        trade = TradeReference.parse(notice.out_trade_no)
    except InvalidReference as unreadable:
        await _quarantine_unknown(acceptance, notice, arrival, str(unreadable))
        return
    arrival = replace(arrival, order_id=str(trade.order_id))
    async with acceptance.house.engine.begin() as db:
        known = await evidence.known_of(db, notice, trade.order_id, arrival)
        if known.paid_to not in (None, (notice.provider, notice.account)):
            raise MessageRefused(RefusalReason.SELLER, "this shop is paid to another account", notice.notice_id)
        contradicted = known.contradicted or known.recorded not in (None, notice.amount.amount_minor)
        if known.paid_to and not contradicted:
            verdict = Verdict.ACCEPTED if known.recorded is None else Verdict.REPEAT
            event_id = await acceptance.keep(db, replace(arrival, verdict=verdict))
    if known.paid_to is None:
        await _quarantine_unknown(acceptance, notice, arrival, f"there is no shop {trade.order_id.shop_id}")
    elif contradicted:
        await _quarantine_contradiction(acceptance, notice, arrival)
    elif known.recorded is None:
        assert notice.paid_at is not None
        capture = Capture(notice.provider, notice.account, notice.trade_no, trade.part, notice.amount, notice.paid_at)
        fact = PaymentSettled(trade.order_id, capture, "notice", (event_id,))
        await acceptance.tell(trade.order_id, OrderWorkflow.payment_settled, fact)


def _arrival(notice: PaymentNotice, message: RawMessage) -> Arrival:
    fact = {
        "account": notice.account,
        "trade_no": notice.trade_no,
        "out_trade_no": notice.out_trade_no,
        "amount": str(notice.amount),
        "kind": notice.kind,
    }
    return Arrival(notice.provider, notice.notice_id, "payment.notice", message.body, Verdict.ACCEPTED, fact=fact)


async def _quarantine_unknown(acceptance: Acceptance, notice: PaymentNotice, arrival: Arrival, why: str) -> None:
    detail = f"{notice.amount} arrived as trade {notice.trade_no}: {why}"
    held = replace(arrival, verdict=Verdict.QUARANTINED, reason=Cause.UNKNOWN_TRADE)
    await acceptance.quarantine(held, NewCase(Cause.UNKNOWN_TRADE, notice.trade_no, detail))


async def _quarantine_contradiction(acceptance: Acceptance, notice: PaymentNotice, arrival: Arrival) -> None:
    detail = f"notice {notice.notice_id} of trade {notice.trade_no} says {notice.amount}; it said something else before"
    held = replace(arrival, verdict=Verdict.QUARANTINED, reason=Cause.OTHER_CONTENT)
    await acceptance.quarantine(held, NewCase(Cause.OTHER_CONTENT, notice.trade_no, detail))
