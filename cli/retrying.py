"""The same decision for many cases, one after the other, not faster than asked."""

import asyncio
import time
from dataclasses import dataclass

from cli.show import progress
from domain.case import CaseDecision, Choice
from persistence.case_list import CaseRow, Wanted, every_case
from persistence.engine import Connection


@dataclass(frozen=True)
class Item:
    """What became of one case."""

    case_id: str
    order_id: str | None
    accepted: bool
    away: bool
    sentence: str


async def retryable(db: Connection, wanted: Wanted) -> list[CaseRow]:
    return [case async for case in every_case(db, wanted) if case.waits and Choice.RETRY in case.choices]


async def retry_all(found: list[CaseRow], by: str, reason: str, per_second: float) -> list[Item]:
    from cli.deciding import open_decisions, outcome  # noqa: PLC0415 - Temporal is slow to load, most commands need none

    items: list[Item] = []
    async with open_decisions() as decisions:
        with progress() as shown:
            task = shown.add_task("retries", total=len(found))
            began = time.monotonic()
            for number, case in enumerate(found):
                await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
                answer = await outcome(decisions, CaseDecision(case.id, Choice.RETRY, by, reason))
                items.append(Item(case.id, case.order_id, answer.accepted, answer.away, answer.sentence))
                shown.advance(task)
    return items
