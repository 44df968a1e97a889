"""Whether everything holds after a batch, and which schedules are to blame where it does not."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.case import Cause
from domain.limits import Limits
from persistence import money_at_risk, trade_report
from persistence.case_list import CaseRow, State, Wanted, every_case
from persistence.engine import Connection, Engine
from verify import check

DEFECTS = (Cause.IMPOSSIBLE_FACT, Cause.STEP_REFUSED)  # nothing in the stories gives the record reason to refuse
_SCHEDULE = re.compile(r"[sS](\d{5})(?!\d)")


@dataclass(frozen=True)
class Found:
    """A broken invariant. `schedules`: the numbers that its evidence names; empty where it names none."""

    invariant: str
    schedules: tuple[int, ...]
    evidence: Mapping[str, Any]


async def judge(dump: Mapping[str, Any], url: str, engine: Engine, ahead: Sequence[str] = ()) -> list[Found]:
    """`ahead`: where a customer's page said that money is back before its provider had paid it."""
    verified = await asyncio.to_thread(check, dump, url)
    broken = [_found(each.name, each.evidence) for each in verified if not each.held]
    async with engine.connect() as db:
        restless = await trade_report.restless(db)
        unpaid = await trade_report.restless_refunds(db)
        owed = await trade_report.owing(db)
        orphans = await money_at_risk.orphans(db, Limits())
        refused = [f"{case.order_id}: {case.detail}" for cause in DEFECTS for case in await _all(db, cause)]
    if ahead:
        broken.append(_found("page-never-ahead-of-the-provider", {"said to be back too early": ahead}))
    if refused:
        broken.append(_found("nothing-refused-by-the-record", {"cases": refused}))
    if owed:
        broken.append(_found("due-money-goes-back", {"still due, or its case still open": owed}))
    if orphans:
        lacking = [f"{each.order_id} {each.about} {each.id}: no {', '.join(each.lacks)}" for each in orphans]
        broken.append(_found("nothing-without-an-owner", {"open": lacking}))
    if unpaid:
        broken.append(_found("refunds-at-rest", {"neither ended nor with a person": unpaid}))
    if restless:
        broken.append(_found("orders-at-rest", {"neither ended nor with a person": restless}))
    return broken


async def _all(db: Connection, cause: Cause) -> list[CaseRow]:
    return [case async for case in every_case(db, Wanted(State.ALL, cause))]


def _found(name: str, evidence: Mapping[str, Any]) -> Found:
    named = _SCHEDULE.findall(json.dumps(evidence, default=str))
    return Found(name, tuple(sorted({int(each) for each in named})), evidence)
