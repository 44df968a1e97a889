"""How a workflow listens while it works: one inbox, one writer, and a person where a step can't go on.

Every wait goes through `_until`: what came in is written to the record before anything else happens, one message after
the other. So no two steps of one order, or of one refund, ever write at the same time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from temporalio import exceptions, workflow

from domain.case import CaseDecision, Cause, Choice
from ports.records import WaitingCase

Answer = TypeVar("Answer")


class Diverted(Exception):
    """The order leaves the straight way: somebody cancelled it, or nobody paid it.

    Or it has ended already: after a crash a task is repeated, and the record answers its first steps with what came
    of its last ones.
    """


class Attended:
    """What a workflow of one order or one refund stands on. What it knows of itself is in the subclass."""

    def __init__(self) -> None:
        self._inbox: deque[Any] = deque()
        self._decisions: dict[str, CaseDecision] = {}

    # What the subclass tells of itself

    @property
    def _cases(self) -> tuple[WaitingCase, ...]:
        raise NotImplementedError

    @property
    def _waits_for(self) -> str:
        raise NotImplementedError

    @property
    def _diverted(self) -> bool:
        return False

    async def _hear(self) -> None:
        """Write what came in."""
        raise NotImplementedError

    async def _record(self, activity: Callable[..., Any], fact: object) -> None:
        """One transaction of the record; what it answers is what the workflow knows from now on."""
        raise NotImplementedError

    async def _open_case(self, cause: Cause, detail: str, attempts: int = 0) -> None:
        raise NotImplementedError

    async def _settle(self, decision: CaseDecision) -> None:
        raise NotImplementedError

    def _show(self, *, resting: bool) -> None:
        """What the Temporal Web UI says."""
        raise NotImplementedError

    def _start_anew(self) -> NoReturn:
        """Continue as new from the record."""
        raise NotImplementedError

    # What it stands on

    async def _record_step(self, activity: Callable[..., Any], step: object) -> None:
        """A step of our own. One that the record refuses waits for a person, and is tried again."""
        await self._record(activity, step)
        while Cause.STEP_REFUSED in self._waiting_cases().values():
            await self._decided(Cause.STEP_REFUSED)
            await self._record(activity, step)

    async def _until(self, reached: Callable[[], bool], *, by: datetime | None = None, resting: bool = False) -> bool:
        """Wait and listen. False when `by` passes first. Raises Diverted when it leaves the straight way.

        `resting`: nothing is in flight, so a long history may start anew from the record.
        """
        while True:
            await self._hear()
            if self._diverted:
                raise Diverted
            if reached():
                return True
            if by is not None and by <= workflow.now():
                return False
            self._show(resting=resting)
            if resting and workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished():
                self._start_anew()
            try:
                await workflow.wait_condition(
                    lambda: bool(self._inbox) or reached(),
                    timeout=by - workflow.now() if by else None,
                    timeout_summary=self._waits_for,
                )
            except asyncio.TimeoutError:  # noqa: UP041 - the SDK names it so
                continue

    async def _outside(
        self,
        call: Callable[[], workflow.ActivityHandle[Answer]],
        cause: Cause,
        *,
        unless: Callable[[], bool],
    ) -> Answer | CaseDecision | None:
        """One outside step: its attempts, then a case, then what the person decided.

        None when `unless` came true first: the outside told us before we had our answer.
        """
        while True:
            try:
                return await self._attempt(call, unless)
            except exceptions.ActivityError as error:
                await self._open_case(cause, *_last_attempt(error))
                decision = await self._decided(cause, unless=unless)
                if decision is None:
                    await self._settle_answered(cause)
                if decision is None or decision.choice is not Choice.RETRY:
                    return decision

    async def _attempt(
        self, call: Callable[[], workflow.ActivityHandle[Answer]], unless: Callable[[], bool]
    ) -> Answer | None:
        handle = call()
        try:
            await self._until(lambda: handle.done() or unless())
            return await handle if handle.done() else None
        finally:
            handle.add_done_callback(_heard_out)
            handle.cancel()

    def _waiting_cases(self) -> dict[str, Cause]:
        return {case.case_id: case.cause for case in self._cases}

    async def _decided(self, *causes: Cause, unless: Callable[[], bool] = lambda: False) -> CaseDecision | None:
        """What a person decided of the open cases of these causes; None: one settled itself, or `unless` came true."""
        asked = [case_id for case_id, cause in self._waiting_cases().items() if cause in causes]
        await self._until(
            lambda: unless() or any(each in self._decisions or each not in self._waiting_cases() for each in asked)
        )
        decision = next((self._decisions.pop(each) for each in asked if each in self._decisions), None)
        if decision is not None:
            await self._settle(decision)
            await self._until(lambda: True)  # a decision to cancel diverts here
        return decision

    async def _settle_answered(self, cause: Cause) -> None:
        for case_id in [case_id for case_id, waiting in self._waiting_cases().items() if waiting is cause]:
            moot = "settled itself: the outside answered"
            await self._settle(CaseDecision(case_id, Choice.CLOSE, by="workflow", reason=moot))


def _heard_out(handle: asyncio.Task[Any]) -> None:
    """Nobody waits for this answer any more; without a look at it the SDK would log it as an error."""
    if not handle.cancelled():
        handle.exception()


def _last_attempt(error: exceptions.ActivityError) -> tuple[str, int]:
    """The last thing the outside said, below the wrapping, and which attempt heard it (0: nobody counted)."""
    sentence = str(error)
    cause: BaseException | None = error
    while cause is not None:
        sentence = str(cause)
        if isinstance(cause, exceptions.ApplicationError):
            return cause.message, next((each for each in cause.details if isinstance(each, int)), 0)
        cause = cause.__cause__
    return sentence, 0
