"""How a decision reaches its case: through the order's workflow where one waits, else straight into the record.

DecisionFailed
├── CaseNotKnown        there is no such case
├── DecidedBefore       somebody else was first; says who and when
└── NobodyWaits         the case waits for a workflow that does not run
Besides: SkipRefused of the domain, with what is missing; TemporalAway, after which the same may be sent again.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.case import CaseDecision, Cause, Choice, check_decision
from domain.errors import SkipRefused
from domain.reference import OrderId
from persistence import audit, cases
from persistence.audit import Deed
from persistence.case_list import CaseRow, find_case, stage_of
from persistence.engine import Engine, reading
from ports.clock import Clock
from ports.provenance import PROVENANCE, Provenance
from runtime.trace_ids import ids
from runtime.updates import ANSWER_PATIENCE, NOT_TAKEN_UP, NobodyRuns, TemporalAway, told
from workflows import identity

EFFECTS = {
    Choice.RETRY: "the step is tried again, as if for the first time",
    Choice.SKIP: "nothing is sent to the warehouse: the order counts as handed over under the outside shipment number",
    Choice.SPLIT: "what is there goes to the warehouse at once; the rest waits, follows later or is given up",
    Choice.CANCEL: "what has not left is stopped: its stock is freed and what was paid for it becomes due back to the "
    "buyer; where a part of a short order went ahead, only the rest is given up; of a refund, what the provider "
    "refused is given up and may be asked for anew",
    Choice.CLOSE: "nothing else happens: the reason says how it was dealt with",
    Choice.ELSEWHERE: "the provider is not asked any more: the money counts as paid back under the number that is "
    "named, once another person has confirmed it",
    Choice.CONFIRM: "the money is booked as paid back another way; who said so, and who asked for it, can't confirm it",
}


class DecisionFailed(Exception):
    pass


class CaseNotKnown(DecisionFailed):
    pass


class DecidedBefore(DecisionFailed):
    pass


class NobodyWaits(DecisionFailed):
    pass


@dataclass(frozen=True)
class Decided:
    """`stage`: the order's, now."""

    case: CaseRow
    stage: str | None


class CaseDecisions:
    def __init__(self, engine: Engine, temporal: Client, clock: Clock) -> None:
        self._engine = engine
        self._temporal = temporal
        self._clock = clock

    async def decide(self, decision: CaseDecision) -> Decided:
        """Repeating one's own decision answers as before. Raises DecisionFailed, SkipRefused or TemporalAway."""
        case = await self._case(decision.case_id)
        if case.settled_at is not None:
            return await self._decided(decision)
        check_decision(Cause(case.cause), decision)
        if not case.waits:
            await self._settle(case, decision)
        else:
            await self._tell_workflow(case, decision)
        return await self._decided(decision)

    async def _case(self, case_id: str) -> CaseRow:
        async with reading(self._engine) as db:
            case = await find_case(db, case_id)
        if case is None:
            raise CaseNotKnown(f"there is no case {case_id}")
        return case

    async def _stage(self, case: CaseRow) -> str | None:
        async with reading(self._engine) as db:
            return await stage_of(db, case.order_id) if case.order_id else None

    async def _decided(self, decision: CaseDecision) -> Decided:
        """What the record says of the case by now. Raises DecidedBefore when that is somebody else's decision."""
        case = await self._case(decision.case_id)
        if case.settled_at is None:
            raise TemporalAway(NOT_TAKEN_UP)
        if (case.choice, case.decided_by) != (decision.choice, decision.by):
            when = case.settled_at.isoformat(timespec="seconds")
            raise DecidedBefore(
                f"{case.decided_by} decided this case at {when}: {case.choice} ({case.decision_reason})"
            )
        return Decided(case, await self._stage(case))

    async def _settle(self, case: CaseRow, decision: CaseDecision) -> None:
        """Nobody waits: the record is all there is to change. Who comes second changes nothing."""
        origin = PROVENANCE.set(Provenance(f"case/{case.id}/{decision.choice}", trace_id=ids()[0]))
        try:
            async with self._engine.begin() as db:
                now = self._clock.now()
                if await cases.settle(db, decision, now):
                    about = {"case": case.id, "choice": decision.choice, "reason": decision.reason}
                    chain = case.order_id or audit.INSTALLATION
                    await audit.append(db, chain, Deed(decision.by, "settle_case"), about, now)
        finally:
            PROVENANCE.reset(origin)

    async def _tell_workflow(self, case: CaseRow, decision: CaseDecision) -> None:
        assert case.order_id is not None, "only orders and their refunds have workflows that wait"
        if case.refund_id is not None:
            workflow_id = identity.refund_workflow_id(case.refund_id)
        else:
            workflow_id = identity.order_workflow_id(OrderId.parse(case.order_id))
        handle: WorkflowHandle[Any, Any] = self._temporal.get_workflow_handle(workflow_id)
        try:
            await told(
                lambda: handle.execute_update(
                    "decide_case", decision, id=_update_id(decision), rpc_timeout=ANSWER_PATIENCE
                )
            )
        except WorkflowUpdateFailedError as refused:
            await self._explain(decision, refused)
        except NobodyRuns:
            await self._explain_missing(decision)

    async def _explain(self, decision: CaseDecision, refused: WorkflowUpdateFailedError) -> None:
        """The validator said no. Returns when the case is settled: by whom is told by the record."""
        cause = refused.cause
        if isinstance(cause, ApplicationError) and cause.type == "SkipRefused":
            raise SkipRefused(cause.message) from refused
        if (await self._case(decision.case_id)).settled_at is None:
            raise DecidedBefore(
                "another decision on this case is being carried out: look at the case in a moment"
            ) from refused

    async def _explain_missing(self, decision: CaseDecision) -> None:
        case = await self._case(decision.case_id)
        if case.settled_at is None:
            whose = f"refund {case.refund_id}" if case.refund_id else f"order {case.order_id}"
            raise NobodyWaits(f"no workflow of {whose} is running, so nobody can carry this out")


def _update_id(decision: CaseDecision) -> str:
    """The same choice on the same case is one update, however often it is sent."""
    return hashlib.sha256(f"{decision.case_id}/{decision.choice}".encode()).hexdigest()
