"""What is undone in bulk as it comes and goes over HTTP, and as commands show it."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from api.money_bodies import SaidAnswer
from api.schemas import Id, Moment, Strict
from domain.money import Money
from domain.undo import Plan, Trade, Verdict
from persistence.undo import KnownItem
from ports.undo import ItemState

MOST_IN_A_BODY = 1000
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class TradeBody(Strict):
    """A trade as its provider has it. `out_trade_no` names order and part: `shop_number` or `shop_number_part`."""

    provider: Id
    account: Id
    trade_no: Id
    out_trade_no: Id
    amount_minor: Annotated[int, Field(ge=1, le=10**12)]
    currency: str = "CNY"
    paid_at: Moment

    def trade(self) -> Trade:
        """Raises InvalidMoney."""
        amount = Money(self.amount_minor, self.currency)
        return Trade(self.provider, self.account, self.trade_no, self.out_trade_no, amount, self.paid_at)


class FindBody(Strict):
    """`by`: the token's person, or nothing."""

    by: Id | None = None
    reason: Reason
    trades: Annotated[list[TradeBody], Field(min_length=1, max_length=MOST_IN_A_BODY)]


class ReleaseBody(Strict):
    """`version`: of what was looked at."""

    by: Id | None = None
    reason: Reason
    version: Id


class CancelBody(Strict):
    by: Id | None = None
    reason: Reason


class SumAnswer(BaseModel):
    amount_minor: int
    currency: str


class PlanAnswer(BaseModel):
    """`trades` and `totals` are of what would be undone. `version` goes into the release."""

    plan: str
    version: str
    trades: int
    totals: list[SumAnswer]
    found: SaidAnswer | None
    released: SaidAnswer | None
    cancelled: SaidAnswer | None

    @classmethod
    def of(cls, plan: Plan) -> Self:
        return cls(
            plan=plan.id,
            version=plan.version,
            trades=plan.trades,
            totals=[SumAnswer(amount_minor=each.amount_minor, currency=each.currency) for each in plan.totals],
            found=SaidAnswer.of(plan.found),
            released=SaidAnswer.of(plan.released),
            cancelled=SaidAnswer.of(plan.cancelled),
        )


class ItemAnswer(BaseModel):
    """`refund_stage`: of the refund by which it goes back; `refund_no`: its provider's reference once it is back."""

    number: int
    trade_no: str
    out_trade_no: str
    order: str | None
    amount_minor: int
    currency: str
    paid_at: datetime
    verdict: Verdict
    why: str
    state: ItemState
    said: str
    refund: str | None
    refund_stage: str | None
    refund_no: str | None
    is_back: bool

    @classmethod
    def of(cls, item: KnownItem) -> Self:
        trade = item.found.trade
        return cls(
            number=item.number,
            trade_no=trade.trade_no,
            out_trade_no=trade.out_trade_no,
            order=str(trade.order_id) if trade.order_id else None,
            amount_minor=trade.amount.amount_minor,
            currency=trade.amount.currency,
            paid_at=trade.paid_at,
            verdict=item.found.verdict,
            why=item.found.why,
            state=item.state,
            said=item.said,
            refund=item.refund_id,
            refund_stage=item.stage,
            refund_no=item.refund_no,
            is_back=item.is_back,
        )


class WholePlanAnswer(PlanAnswer):
    items: list[ItemAnswer]


class PlansAnswer(BaseModel):
    plans: list[PlanAnswer]
