"""How a message becomes a fact for a workflow: verify, keep as evidence, signal-with-start, only then acknowledge.

The signal is left out only where the record already holds the effect (a payment row, a parcel row), never because the
evidence exists: a crash between evidence and signal must not turn the resend into a repeat.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from temporalio.service import RPCError

from api.allowances import Allowances, Limit
from api.errors import Problem
from domain.case import NewCase, time_for
from domain.reference import OrderId
from persistence import cases
from persistence.engine import Connection
from persistence.evidence import Arrival, Verdict
from runtime.messenger import signal_order
from runtime.trace_ids import ids
from runtime.tracing import span
from runtime.wiring import House
from workflows import identity
from workflows.messages import Fact

log = logging.getLogger("lockstep.messages")
SIGNAL_PATIENCE = timedelta(seconds=4)  # the strictest sender waits 5 s for its answer
HOUR = timedelta(hours=1)
ALL_SENDERS = 10  # times what is kept of one sender
KEPT_BYTES = 16 * 1024  # of a refused message; genuine ones are kept whole


class Acceptance:
    """`sender` is the address a message came from: it matters only for what is refused."""

    def __init__(self, house: House, allowances: Allowances, sender: str) -> None:
        self.house = house
        self._allowances = allowances
        self._sender = sender

    async def keep(self, db: Connection, arrival: Arrival) -> int:
        self._tell_of(arrival)
        order = {"lockstep.workflow_id": f"order/{arrival.order_id}"} if arrival.order_id else {}
        with span("evidence", {**order, "lockstep.verdict": arrival.verdict}):
            return await self.house.evidence.keep(db, arrival, self.house.clock.now(), ids()[0])

    def _tell_of(self, arrival: Arrival) -> None:
        self.house.metrics.message(arrival.source, arrival.kind, arrival.verdict, arrival.reason)
        about = {"source": arrival.source, "reason": arrival.reason, "order": arrival.order_id}
        known = {name: value for name, value in about.items() if value is not None}
        log.info("%s %s", arrival.kind, arrival.verdict, extra=known)

    async def keep_alone(self, arrival: Arrival) -> int:
        async with self.house.engine.begin() as db:
            return await self.keep(db, arrival)

    async def refuse(self, arrival: Arrival) -> None:
        """Kept as evidence, up to a limit: Problem 429 beyond it.

        A flood of forged messages must fill no table. Whoever sends one costs us its verification and no more; that is
        never left out, since a genuine message may come from the same address.
        """
        refused = replace(arrival, verdict=Verdict.REFUSED, body=arrival.body[:KEPT_BYTES])
        settings = self.house.settings
        kept, window = settings.refusals_kept_per_hour, HOUR / settings.time_scale
        sentence = "too many messages that are not what they claim to be: this one was not kept"
        try:
            for name, allowed in ((self._sender, kept), ("everybody", kept * ALL_SENDERS)):
                limit = Limit(f"refused/{arrival.source}", allowed, window, sentence)
                await self._allowances.spend(self.house, limit, name)
        except Problem:
            self._tell_of(refused)
            raise
        await self.keep_alone(refused)

    async def quarantine(self, arrival: Arrival, case: NewCase) -> None:
        """Kept, with a case for a person, and no effect on any order."""
        async with self.house.engine.begin() as db:
            await self.keep(db, arrival)
            opened = await cases.open_case(
                db,
                arrival.order_id,
                case,
                now=self.house.clock.now(),
                limit=time_for(case.cause, self.house.settings.scaled_limits.case_decision),
            )
        if opened:
            self.house.metrics.case_opened(case.cause)

    async def tell(self, order_id: OrderId, signal: Callable[..., None], fact: Fact, summary: str = "") -> None:
        """Durable once this returns: the workflow has the fact, or a new run begins with it. Problem 503 otherwise."""
        workflow_id = identity.order_workflow_id(order_id)
        try:
            async with asyncio.timeout(SIGNAL_PATIENCE.total_seconds()):  # the client would try for longer by itself
                with span(f"signal {signal.__name__}", {"lockstep.workflow_id": workflow_id}):
                    await signal_order(
                        self.house.temporal, order_id, signal.__name__, fact, SIGNAL_PATIENCE, summary or None
                    )
        except (RPCError, TimeoutError) as error:
            raise Problem(
                503, "unavailable", "not accepted yet: send it again", headers={"retry-after": "5"}
            ) from error
