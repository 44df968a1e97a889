"""A trade in WeChat Pay's words, the same in a notice and in an answer."""

from sandbox.pace import wechat_time
from sandbox.payments.trades import Trade, TradeState

WORDS = {
    TradeState.WAITING: "NOTPAY",
    TradeState.PAID: "SUCCESS",
    TradeState.FINISHED: "SUCCESS",
    TradeState.CLOSED: "CLOSED",
}
COUPON_EVERY, COUPON_MINOR = 5, 100


def transaction(trade: Trade, total: int) -> dict[str, object]:
    """Only a paid one has a transaction_id. Every fifth buyer uses a coupon, and pays less than the total himself."""
    said: dict[str, object] = {
        "mchid": trade.seller_id,
        "appid": trade.app_id,
        "out_trade_no": trade.out_trade_no,
        "trade_state": "REFUND" if trade.refunded_minor else WORDS[trade.state],
        "amount": {"total": total, "currency": "CNY"},
    }
    if trade.paid_at is None:
        return said
    coupon = min(COUPON_MINOR, total - 1) if int(trade.trade_no) % COUPON_EVERY == 0 else 0
    return said | {
        "transaction_id": trade.trade_no,
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": wechat_time(trade.paid_at),
        "payer": {"openid": f"o{trade.buyer_id.replace('*', '0')}"},
        "amount": {"total": total, "payer_total": total - coupon, "currency": "CNY", "payer_currency": "CNY"},
    }
