"""The customer who never looks away: what his page says is back is held against the provider's book at that moment."""

from collections.abc import Callable

from domain.money import Money, total
from domain.refund import RefundStage
from domain.refund_leg import Leg, LegState
from ports.refunds import RefundView


class Page:
    """`book`: what the provider of a leg has paid back under its number.

    `ahead`: where the page was the first to say so, in words.
    """

    def __init__(self, book: Callable[[Leg], Money | None]) -> None:
        self.ahead: list[str] = []
        self._book = book
        self._said: set[str] = set()

    def shows(self, view: RefundView) -> None:
        """What a step of the record left; workflow and record say no more before the next one."""
        back = [each.leg for each in view.legs if each.leg.state is LegState.DONE]
        news = [leg for leg in back if leg.out_refund_no not in self._said]
        self._said.update(leg.out_refund_no for leg in news)
        by_provider = [leg for leg in news if leg.said_by is None]  # else two people saw that it went another way
        self.ahead += [f"{leg.out_refund_no}: {leg.amount}" for leg in by_provider if self._book(leg) != leg.amount]
        ended = view.amount is not None and view.stage is RefundStage.PAID_BACK
        if ended and total((leg.amount for leg in back), back[0].amount.currency) != view.amount:
            self.ahead.append(f"{view.order_id}, refund {view.refund_id}: all of {view.amount}")
