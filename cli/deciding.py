"""Decisions from the command line, without the API: straight to the order's workflow or to the record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cli.surroundings import RecordSettings, open_record, read
from domain.case import CaseDecision
from domain.errors import SkipRefused
from ports.clock import SystemClock
from runtime.case_decisions import CaseDecisions, DecisionFailed
from runtime.config import Settings
from runtime.telemetry import traces
from runtime.temporal import connect
from runtime.tracing import span
from runtime.updates import TemporalAway


@dataclass(frozen=True)
class Answer:
    """`incomplete`: the decision lacks something; `away`: Temporal is, so the same may be tried again."""

    accepted: bool
    sentence: str
    incomplete: bool = False
    away: bool = False
    order_id: str | None = None
    stage: str | None = None


@asynccontextmanager
async def open_decisions() -> AsyncIterator[CaseDecisions]:
    """Temporal is only connected to when an order's workflow must be told."""
    settings = read(Settings)
    with traces(settings, "cli"):
        client = await connect(settings, lazy=True)
        async with open_record(RecordSettings(database_url=settings.database_url)) as engine:
            yield CaseDecisions(engine, client, SystemClock())


async def decide_one(decision: CaseDecision) -> Answer:
    async with open_decisions() as decisions:
        return await outcome(decisions, decision)


async def outcome(decisions: CaseDecisions, decision: CaseDecision) -> Answer:
    try:
        with span("decide", {"lockstep.case": decision.case_id}, begins_trace=True):
            decided = await decisions.decide(decision)
    except SkipRefused as refused:
        return Answer(accepted=False, incomplete=True, sentence=str(refused))
    except TemporalAway as away:
        return Answer(accepted=False, away=True, sentence=str(away))
    except DecisionFailed as failed:
        return Answer(accepted=False, sentence=str(failed))
    order_id, stage = decided.case.order_id, decided.stage
    where = f"; order {order_id} is {stage}" if stage else ""
    return Answer(accepted=True, sentence=f"decided: {decision.choice}{where}", order_id=order_id, stage=stage)
