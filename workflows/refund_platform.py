"""Refunds whose money a marketplace moves: our approval is its agree, its deadline is ours, and then we observe."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import exceptions, workflow

from activities.after_sales import AfterSaleActivities
from activities.refunds import RefundActivities
from domain import after_sale
from domain.after_sale import AfterSale, AtDeadline, SaleState, Turn
from domain.approval import TaskState
from domain.case import Cause
from domain.reference import OrderId
from domain.refund import RefundStage
from domain.refund_leg import TO_BE_ASKED_ABOUT, RefundOutcome, Told
from domain.route import Route
from ports.after_sales import SaleAnswer, SaleOrder, SaleOutcome
from ports.refunds import DecidedAtDeadline, LegView, PlatformTold
from workflows import options
from workflows.refund_legs import MOST_DOUBLINGS, RefundOfMoney

Word = Callable[[AfterSaleActivities, SaleOrder], Awaitable[SaleAnswer]]
TRIES = 3  # to say no, until a person answers at the platform


class RefundOfPlatform(RefundOfMoney):
    """docs/sop.md, step 9.8. Nothing here is ever done for a refund of the own shop."""

    def __init__(self, refund_id: str, order_id: OrderId) -> None:
        super().__init__(refund_id, order_id)
        self._extended = False
        self._late: list[datetime] = []  # when the last superior was paged, then when the platform was asked

    @workflow.signal(description="its marketplace told how the after-sale stands")
    def platform_told(self, fact: PlatformTold) -> None:
        self._inbox.append(fact)

    @property
    def _sale(self) -> AfterSale:
        assert self._refund.sale is not None
        return self._refund.sale

    async def _page(self) -> None:
        raise NotImplementedError

    # Before its deadline

    @property
    def _by(self) -> datetime | None:
        """When people here must have decided."""
        sale = self._refund.sale
        return sale.deadline - self._refund.limits.platform_margin if sale and sale.deadline else None

    def _turn(self, route: Route) -> tuple[datetime, Turn] | None:
        """What is next about the platform's deadline, and when."""
        if self._refund.sale is None:
            return None
        limits = self._refund.limits
        found = after_sale.turn(
            self._sale, route.at_deadline, limits.platform_margin, extended=self._extended, paged=bool(self._late)
        )
        if found is None or len(self._late) < 2:  # noqa: PLR2004 - paged, and not yet asked
            return found
        pause = limits.refund_first_pause * 2 ** min(len(self._late) - 2, MOST_DOUBLINGS)
        return self._late[-1] + min(pause, limits.refund_longest_pause), Turn.ASK

    async def _time_is_up(self, turn: Turn, route: Route) -> None:
        """The deadline, less our margin, has come, and nobody has decided: what the policy wants then."""
        if turn is Turn.EXTEND:
            self._extended = True
            await self._say(AfterSaleActivities.extend, "extend")
        elif turn is Turn.PAGE:
            self._late.append(workflow.now())
            await self._page()
        elif turn is Turn.ASK:
            self._late.append(workflow.now())
            await self._say(AfterSaleActivities.ask, "ask")
        else:
            step, is_agreed = self._step("decide_at_deadline"), route.at_deadline is AtDeadline.AGREE
            why = f"nobody signed before {self._sale.deadline}: the policy says {route.at_deadline}"
            fact = DecidedAtDeadline(
                step.refund_id, step.order_id, step.transaction_id, f"{route.policy}@{route.version}", is_agreed, why
            )
            await self._record_step(RefundActivities.decide_at_deadline, fact)

    # What was decided here

    @property
    def _must_refuse(self) -> bool:
        """Not where the record refused it: that is a case, and no answer to a buyer."""
        said_no = self._refund.stage is RefundStage.REFUSED and not self._refund.refusal
        return said_no and self._sale.state is SaleState.ASKED

    async def _refusal_told(self) -> None:
        """With the reasons as evidence. Where the platform does not take it, a person answers there."""
        tries = 0
        while self._must_refuse:
            answer = await self._say(AfterSaleActivities.refuse, "refuse", self._evidence)
            tries += 1
            if not self._must_refuse or (tries < TRIES and answer and answer.outcome is SaleOutcome.UNKNOWN):
                continue
            said = (answer and (answer.code or answer.outcome)) or "nothing"
            await self._open_case(Cause.AFTER_SALE_STUCK, f"after-sale {self._sale.number} refused: it says {said}")
            if await self._decided(Cause.AFTER_SALE_STUCK, unless=lambda: not self._must_refuse) is None:
                await self._settle_answered(Cause.AFTER_SALE_STUCK)
            await self._say(AfterSaleActivities.ask, "ask")

    @property
    def _evidence(self) -> str:
        tasks = self._refund.approval.tasks if self._refund.approval else ()
        return "; ".join(task.reason for task in tasks if task.state is TaskState.REFUSED and task.reason)

    async def _told(self, leg: LegView) -> Told | None:
        """Of its leg the marketplace is asked to agree, then what became of it."""
        if self._refund.sale is None:
            return await super()._told(leg)
        if leg.leg.state in TO_BE_ASKED_ABOUT:
            answer = await self._say(AfterSaleActivities.ask, "ask")
        else:
            answer = await self._say(AfterSaleActivities.agree, "agree")
        if answer is None or self._refund.legs[leg.leg.number - 1].leg.ended:
            return None
        if self._sale.state is SaleState.AGREED:
            return Told(RefundOutcome.PROCESSING)
        if answer.outcome is SaleOutcome.UNKNOWN:
            return Told(RefundOutcome.UNKNOWN)
        if answer.outcome is SaleOutcome.REFUSED or self._sale.state is SaleState.REFUSED:
            return Told(RefundOutcome.REFUSED, code=answer.code)
        return Told(RefundOutcome.NOT_FOUND)  # it was not told yet: once more, the same

    async def _say(self, activity: Word, verb: str, evidence: str = "") -> SaleAnswer | None:
        """One word to the platform; what it says is in the record. None when it told something newer by itself."""
        known, order = self._sale.revision, self._said(verb, evidence)
        try:
            answer = await self._attempt(
                lambda: workflow.start_activity_method(activity, order, **options.platform_call(self._refund.limits)),
                lambda: self._sale.revision != known,
            )
        except exceptions.ActivityError:
            return SaleAnswer(SaleOutcome.UNKNOWN)
        if answer is not None and answer.sale is not None:
            fact = PlatformTold(self._refund.refund_id, self._refund.order_id, answer.sale)
            await self._record(RefundActivities.hear_platform, fact)
        return answer

    def _said(self, verb: str, evidence: str) -> SaleOrder:
        order, number = self._refund.order_id, self._sale.number
        return SaleOrder(order, number, self._amount, self._step(verb).transaction_id, evidence)
