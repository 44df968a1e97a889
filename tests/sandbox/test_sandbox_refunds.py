"""The pretend providers' own book of refunds."""

from sandbox.alipay.provider import NUMBERS
from sandbox.crew import Crew
from sandbox.faults import FaultBook
from sandbox.pace import Pace
from sandbox.payments.refunds import Denial, Refund, RefundBook
from sandbox.payments.trades import Trade, TradeBook

AN_HOUR = 3600.0


def paid(trades: TradeBook, out_trade_no: str) -> Trade:
    trade = trades.open(out_trade_no, 5000, "tea")
    trades.pay(trade)
    return trade


def test_a_while_lies_between_two_refunds_of_one_trade_and_none_between_those_of_two() -> None:
    trades = TradeBook("app", "seller", NUMBERS)
    one, other = paid(trades, "tea_1"), paid(trades, "tea_2")
    book = RefundBook(trades, FaultBook(), Pace(), Crew(), apart=AN_HOUR)
    first = book.ask(one, "tea_1_r1_1", 1000, "")
    assert isinstance(first, Refund)
    assert book.ask(one, "tea_1_r2_1", 1000, "") is Denial.TOO_SOON
    assert book.ask(one, "tea_1_r1_1", 1000, "") is first, "a number that is known is told again"
    assert isinstance(book.ask(other, "tea_2_r3_1", 1000, ""), Refund)
    assert (one.refunded_minor, other.refunded_minor) == (1000, 1000)
