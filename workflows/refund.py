"""A refund's way from the request to the money."""

from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.approvers import ApproverActivities, Level, TaskAsked
from activities.messages import MessageActivities
from activities.refunds import RefundActivities
from domain import approval
from domain.approval import Status, Task
from domain.approval_verbs import VERBS, reminded
from domain.case import CaseDecision, Cause, Choice, check_decision
from domain.errors import ApprovalRefused, SkipRefused
from domain.people import BY_ITSELF
from domain.refund import RefundStage
from domain.refund_leg import Leg, check_confirmation
from domain.route import RefundFacts, Route
from ports.records import RefundMoved
from ports.refunds import PolicyApproved, Reminder
from workflows import options
from workflows.attended_refund import Spoken
from workflows.refund_goods import RefundOfGoods
from workflows.refund_messages import ApprovalCommand, RefundAsked, RefundEnd, RefundStart, RefundTold, RefundView
from workflows.refund_platform import RefundOfPlatform

DAY = timedelta(days=1)
UNDECIDED = (Status.OPEN, Status.RETURNED)


@workflow.defn(name="RefundWorkflow")
class RefundWorkflow(RefundOfGoods, RefundOfPlatform):
    """One refund: docs/sop.md, section 9."""

    @workflow.init
    def __init__(self, start: RefundStart) -> None:
        super().__init__(*start.about)
        self._asked = start.asked
        self._route = start.route
        self._asks.update(start.asks)
        self._order_knows = False
        self._levels: dict[object, tuple[datetime | None, list[Level]]] = {}  # by when, who is still to be reminded

    @workflow.run
    async def run(self, start: RefundStart) -> RefundEnd:
        await self._opened()
        await self._goods_stopped()
        await self._approved()
        while await self._returned():
            await self._approved()  # what came back is worth another amount
        if self._refund.sale:
            await self._refusal_told()  # a marketplace moves this money: it hears our no, or is asked to agree
        await self._paid_back()
        await self._tell_order(is_open=False)
        await self._all_heard()
        return RefundEnd(*start.about, self._refund.stage)

    # What the outside may ask and tell

    @workflow.query(description="where the refund stands")
    def progress(self) -> RefundView:
        return self._refund

    @workflow.update(description="open the refund: accepted, or refused with the maximum")
    async def open(self, _: RefundAsked) -> RefundView:
        await workflow.wait_condition(lambda: self._refund.known)
        return self._refund

    @workflow.signal(description="its provider told of it without being asked")
    def provider_told(self, fact: RefundTold) -> None:
        self._inbox.append(fact)

    @workflow.update(description="approve, refuse, withdraw, or another verb of the approval")
    async def act(self, command: ApprovalCommand) -> RefundView:
        spoken = Spoken(command)
        self._inbox.append(spoken)
        await workflow.wait_condition(lambda: spoken.done)
        if spoken.refused is not None:
            raise ApplicationError(str(spoken.refused), type=type(spoken.refused).__name__, non_retryable=True)
        return self._refund

    @act.validator
    def _may_act(self, command: ApprovalCommand) -> None:
        if command.verb not in VERBS:
            raise ApplicationError(f"choose one of {', '.join(VERBS)}", type="ApprovalRefused")
        if command.verb == "withdraw" and self._refund.approval is not None and not self._refund.ended:
            return
        if self._refund.approval is None or self._refund.approval.status not in UNDECIDED:
            raise ApplicationError(f"nothing is to be decided: it is {self._refund.stage}", type="ApprovalRefused")

    @workflow.update(description="decide a case that this refund waits for: retry, or what becomes of a refused leg")
    async def decide_case(self, decision: CaseDecision) -> RefundStage:
        if decision.choice is Choice.CONFIRM and (refusal := (await self._standing(decision.by)).refusal):
            raise ApplicationError(refusal, type="SkipRefused", non_retryable=True)
        self._decisions[decision.case_id] = decision
        await workflow.wait_condition(lambda: decision.case_id not in self._waiting_cases())
        return self._refund.stage

    @decide_case.validator
    def _may_decide_case(self, decision: CaseDecision) -> None:
        cause = self._waiting_cases().get(decision.case_id)
        if cause is None or decision.case_id in self._decisions:
            raise ApplicationError("this case is not open: somebody decided it before", type="CaseNotOpen")
        try:
            check_decision(cause, decision)
            if decision.choice is Choice.CONFIRM:
                check_confirmation(self._leg_of(decision), self._refund.applicant, decision.by)
        except SkipRefused as refused:
            raise ApplicationError(str(refused), type="SkipRefused") from refused

    # The steps, in the order of run()

    async def _opened(self) -> None:
        """9.1 It is in the record, within the ceilings, or refused with the maximum."""
        if self._asked is None:
            await self._record_step(RefundActivities.load, self._step("load"))
            self._order_knows = not self._refund.ended
        else:
            await self._record_step(RefundActivities.open, self._asked)
        if self._refund.sale:
            await self._tell_order(is_open=True)
            await self._until(lambda: True)  # what the platform, or the buyer there, has decided already

    async def _tell_order(self, *, is_open: bool) -> None:
        """Its after-sale axis, and its cases of money that is due. What was refused at once is none of its business."""
        if is_open:
            self._order_knows = not self._refund.ended
        if self._order_knows:
            fact = RefundMoved(self._refund.order_id, self._refund.refund_id, is_open)
            await workflow.execute_local_activity_method(MessageActivities.tell_order, fact, **options.RECORD)

    async def _approved(self) -> None:
        """9.3 Those whom the policy names have signed for this amount and version; superiors are reminded."""
        if self._refund.stage is not RefundStage.AWAITING_APPROVAL:
            if not self._order_knows:  # a policy approved it in a task that was lost
                await self._tell_order(is_open=True)
            return
        if self._route is None or self._refund.approval is None or self._approval.status not in UNDECIDED:
            self._route = await self._routed()
        route = self._route
        await self._tell_order(is_open=True)
        while not route.by_itself and self._approval.status in UNDECIDED:
            due, turn = await self._next_reminder(route), self._turn(route)
            by = min((each for each in (due and due[1].at, turn and turn[0]) if each), default=None)
            if await self._until(self._turns_change(), by=by, resting=True):
                continue  # decided, or somebody else's turn: whoever is to be told next is another one
            if turn is not None and turn[0] <= workflow.now():
                await self._time_is_up(turn[1], route)
            elif due is not None:
                self._levels[_clock_of(due[0])][1].clear()  # people are asked for anew: who has left is passed over
                due = await self._next_reminder(route)
                if due is not None and due[1].at <= workflow.now():
                    await self._remind(*due)

    async def _paid_back(self) -> None:
        """9.5 Each leg is written before its provider is asked, and asked about until it is known what became of it."""
        if self._refund.ended:
            return
        await self._record_step(RefundActivities.plan, self._step("plan"))
        while not self._refund.ended:
            for leg in self._refund.legs:
                if (at := self._due(leg)) is not None and at <= workflow.now():
                    await self._asked_once(leg)
            await self._something_to_do()
            if (decision := self._decision()) is not None:
                await self._carry_out(decision)

    async def _something_to_do(self) -> None:
        """A leg moved, a person decided, or it is time to ask again."""
        seen = self._refund.legs
        await self._until(
            lambda: self._refund.ended or self._refund.legs != seen or self._decision() is not None,
            by=self._next_due(),
            resting=True,
        )

    async def _all_heard(self) -> None:
        """Return only when every person has an answer."""
        await self._until(workflow.all_handlers_finished)
        self._show(resting=True)

    # Approval

    async def _routed(self) -> Route:
        """Who signs. Where the policy finds nobody, a person mends it."""
        while True:
            route: Route = await workflow.execute_local_activity_method(
                ApproverActivities.route, self._facts(), **options.RECORD
            )
            if route.by_itself:
                step, policy = self._step("approve_by_policy"), f"{route.policy}@{route.version}"
                fact = PolicyApproved(step.refund_id, step.order_id, step.transaction_id, policy, route.why)
                await self._record_step(RefundActivities.approve_by_policy, fact)
                return route
            stuck = route.stuck
            if not stuck:
                try:
                    new = approval.start(
                        self._refund.applicant, self._amount, route.steps, workflow.now(), version=self._refund.version
                    )
                except ApprovalRefused as refused:
                    stuck = str(refused)
                else:
                    policy = f"{route.policy}@{route.version}"
                    await self._move_approval(new, "workflow", "route", why=route.why, policy=policy)
                    return route
            await self._open_case(Cause.NOBODY_SIGNS, stuck)
            await self._decided(Cause.NOBODY_SIGNS)

    def _facts(self) -> RefundFacts:
        refund = self._refund
        assert refund.together is not None
        nobody_asked = refund.applicant == BY_ITSELF
        return RefundFacts(
            self._amount if nobody_asked else refund.together,
            refund.order_id.channel,
            refund.order_id.shop_id,
            reason=refund.reason,
            applicant=refund.applicant,
            basis="due" if nobody_asked else "sale",
            refund_id=refund.refund_id,
        )

    async def _next_reminder(self, route: Route) -> tuple[Task, Level] | None:
        """The open task whose superior is to be told first, and when."""
        found: list[tuple[Task, Level]] = []
        for task in self._approval.open_tasks:
            assert task.opened_at is not None
            before, levels = self._levels.get(_clock_of(task), (None, []))
            by = min((each for each in (before, self._by) if each), default=None)
            if not levels or by != before:  # more time from the platform moves no level
                applicant, limit = self._refund.applicant, route.limits[task.step]
                asked = TaskAsked(task.signer, applicant, route.entity_id, task.opened_at, limit, by)
                levels = list(
                    await workflow.execute_local_activity_method(ApproverActivities.levels, asked, **options.RECORD)
                )
                for _ in range(self._told_of(task)):
                    _pass(levels)
                self._levels[_clock_of(task)] = (by, levels)
            found.append((task, levels[0]))
        return min(found, key=lambda each: (each[1].at, each[0].task_id), default=None)

    async def _remind(self, task: Task, level: Level) -> None:
        """One message to each level; the last superior keeps being told, each day."""
        _pass(self._levels[_clock_of(task)][1])
        count = 1 + sum(each.task_id == task.task_id and not each.skipped for each in self._refund.reminders)
        for person, reason in level.skipped:
            note = Reminder(task.task_id, count, person, workflow.now(), reason)
            await self._move_approval(self._approval, "workflow", "remind", why=reason, reminder=note)
        after = reminded(self._approval, task.task_id, level.person) if level.person != task.signer else self._approval
        note = Reminder(task.task_id, count, level.person, workflow.now())
        await self._move_approval(after, "workflow", "remind", why=f"told {level.person}", reminder=note)

    async def _page(self) -> None:
        """The last superior of each open task, before the platform's clock decides."""
        for task in self._approval.open_tasks:
            await self._remind(task, Level(workflow.now(), self._levels[_clock_of(task)][1][-1].person))

    def _told_of(self, task: Task) -> int:
        """How many levels were told since it was opened: of a history that started anew, by the record."""
        assert task.opened_at is not None
        told = (each for each in self._refund.reminders if each.task_id == task.task_id and not each.skipped)
        return sum(each.at >= task.opened_at for each in told)

    def _start_anew(self) -> NoReturn:
        refund = self._refund
        workflow.continue_as_new(RefundStart(None, refund.refund_id, refund.order_id, self._route, self._asks))

    # Money

    def _decision(self) -> CaseDecision | None:
        waiting = self._waiting_cases()
        return next((each for case_id, each in self._decisions.items() if case_id in waiting), None)

    async def _carry_out(self, decision: CaseDecision) -> None:
        """A person looked at a leg: it is asked again at once, or given up."""
        del self._decisions[decision.case_id]
        subject = next(case.subject for case in self._cases if case.case_id == decision.case_id)
        await self._settle(decision)
        for view in self._refund.legs:
            if view.leg.out_refund_no == subject:
                self._asks.pop(view.leg.number, None)

    def _leg_of(self, decision: CaseDecision) -> Leg:
        subject = next(case.subject for case in self._cases if case.case_id == decision.case_id)
        return next(view.leg for view in self._refund.legs if view.leg.out_refund_no == subject)


def _pass(levels: list[Level]) -> None:
    """The first one was told; the last one keeps being told, each day."""
    first = levels.pop(0)
    if not levels:
        levels.append(Level(first.at + DAY, first.person))


def _clock_of(task: Task) -> object:
    """Another signer, or another beginning, is another clock."""
    return task.task_id, task.signer, task.opened_at
