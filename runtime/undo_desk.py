"""How a plan that two people released comes to be carried out."""

from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from domain.brake import Said
from domain.errors import UndoRefused
from domain.undo import Plan
from persistence import undo
from persistence.engine import Engine
from ports.undo import UndoStart
from runtime.config import Settings
from runtime.updates import ANSWER_PATIENCE, AWAY, TemporalAway
from workflows import identity
from workflows.undo import UndoWorkflow


class UndoDesk:
    def __init__(self, engine: Engine, temporal: Client, settings: Settings) -> None:
        self._engine = engine
        self._temporal = temporal
        self._settings = settings

    async def release(self, plan_id: str, said: Said, version: str) -> Plan:
        """The same release again begins what could not begin before; nothing runs twice.

        Raises UndoRefused, LookupError, TemporalAway.
        """
        if not self._settings.due_back_by_itself:
            raise UndoRefused("nothing would go back: LOCKSTEP_DUE_BACK_BY_ITSELF is off")
        async with self._engine.begin() as db:
            plan = await undo.release(db, plan_id, said, version)
        await self._begin(plan)
        return plan

    async def _begin(self, plan: Plan) -> None:
        pause = timedelta(seconds=1 / self._settings.undo_per_second)
        try:
            with suppress(WorkflowAlreadyStartedError):
                await self._temporal.start_workflow(
                    UndoWorkflow.run,
                    UndoStart(plan.id, pause, self._settings.scaled_limits),
                    id=identity.undo_workflow_id(plan.id),
                    task_queue=identity.REFUNDS,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=f"undo {plan.trades} trades: {', '.join(map(str, plan.totals))}",
                    rpc_timeout=ANSWER_PATIENCE,
                )
        except (RPCError, RuntimeError) as error:
            raise TemporalAway(AWAY) from error
