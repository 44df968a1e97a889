"""Interceptors around every step of an order: here the worker dies, Temporal is cut off, Postgres goes away."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from temporalio import activity, workflow
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from domain.reference import OrderId
from drill.virtual.life import Deed, Life, Lives
from drill.virtual.matrix import Component
from drill.virtual.page import Page
from ports.records import OrderView, PaymentSettled
from ports.refunds import RefundView

RECORD = "records"
IN_POSTGRES = (RECORD, "refunds", "approvers")
POSTGRES_AWAY = ((0, 3), (1, 2), (20, 1))  # minutes, weight; 0 is a single cut connection
SOON_A_TIMER = timedelta(milliseconds=50)  # where Postgres goes away, the pauses are timers: virtual time passes then


class Crashed(Exception):
    """The process died at this point; nobody heard of it."""


@dataclass
class Steps(Interceptor):
    """`tell` gets a message on its way and waits until it is taken, at most for a while. `page`: the customers'."""

    lives: Lives
    now: Callable[[], datetime]
    tell: Callable[[Deed], Awaitable[None]]
    page: Page

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Step(next, self)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002 - the SDK's name
        del input
        steps = self

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(_Tasks(outbound, steps.lives))

        return Inbound


class _Step(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, steps: Steps) -> None:
        super().__init__(inner)
        self._steps = steps

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        step, fact = activity.info().activity_type, input.args[0]
        life = _life_of(self._steps.lives, fact, activity.info().workflow_id)
        if life is None:
            return await super().execute_activity(input)
        cut_after = self._postgres_fails(life, step)
        dies = life.crashes(Component.WORKER, step)
        result = await super().execute_activity(input)
        if step in life.overtakers and step.startswith(RECORD):
            await self._steps.tell(life.overtakers.pop(step))
        if isinstance(fact, PaymentSettled):
            life.booked(fact.capture.trade_no)
        if isinstance(result, OrderView):
            life.stands(result)
        if isinstance(result, RefundView):
            life.refunds[result.refund_id] = result
            self._steps.page.shows(result)
        if dies:
            raise Crashed
        if cut_after:
            raise ConnectionError
        return result

    def _postgres_fails(self, life: Life, step: str) -> bool:
        """Raises ConnectionError while Postgres is away. True: it goes away after the commit, before its answer."""
        now = self._steps.now()
        if step.startswith(IN_POSTGRES) and now < life.away_until.get(RECORD, now):
            raise ConnectionError
        if not life.crashes(Component.POSTGRES, step):
            return False
        if life.rng.random() < 1 / 2:
            return True
        minutes, weights = zip(*POSTGRES_AWAY, strict=True)
        life.away_until[RECORD] = now + timedelta(minutes=life.rng.choices(minutes, weights)[0])
        raise ConnectionError


class _Tasks(WorkflowOutboundInterceptor):
    """After a local activity that is to be the last of its task, the whole task fails: Temporal never heard of it."""

    def __init__(self, inner: WorkflowOutboundInterceptor, lives: Lives) -> None:
        super().__init__(inner)
        self._lives = lives

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 - the SDK's name
        life = _life_of(self._lives, input.args[0], workflow.info().workflow_id)
        if life is None:
            return super().start_local_activity(input)
        if life.will_crash(Component.POSTGRES, input.activity):
            input.local_retry_threshold = SOON_A_TIMER
        is_lost = not workflow.unsafe.is_replaying() and life.crashes(Component.TEMPORAL, input.activity)
        handle = super().start_local_activity(input)
        return cast("workflow.ActivityHandle[Any]", asyncio.create_task(_lost(handle))) if is_lost else handle


async def _lost(handle: workflow.ActivityHandle[Any]) -> None:
    await handle
    raise Crashed


def _life_of(lives: Lives, fact: Any, workflow_id: str | None) -> Life | None:
    """By the argument of an activity; those about people do not name the order."""
    if hasattr(fact, "out_trade_no"):
        return lives.of_trade(fact.out_trade_no)
    if not hasattr(fact, "order_id"):
        return lives.of_refund(workflow_id or "")
    order_id = fact.order_id
    assert isinstance(order_id, OrderId)
    return lives.of(order_id)
