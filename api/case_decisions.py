"""Cases over HTTP: what is shown of one, and what a decision is answered."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from api.errors import Problem
from api.risk_bodies import ToldAnswer
from api.schemas import DecideBody
from domain.case import CaseDecision, Cause, Choice
from domain.errors import SkipRefused
from persistence import case_list
from persistence.case_list import LARGEST_PAGE, CaseRow, State, UnreadableCursor, Wanted
from persistence.engine import reading
from runtime.case_decisions import (
    EFFECTS,
    CaseDecisions,
    CaseNotKnown,
    Decided,
    DecidedBefore,
    NobodyWaits,
)
from runtime.updates import TemporalAway
from runtime.wiring import House


class CaseAnswer(BaseModel):
    """`choices`: each with what it will do. `settled_at` and what follows are null while it is open.

    `reminders`: which superiors were told of it; the owner keeps it.
    """

    id: str
    order_id: str | None
    cause: Cause
    subject: str
    detail: str
    owner: str
    next_action: str
    choices: dict[Choice, str]
    waits: bool
    attempts: int
    last_error: str | None
    opened_at: datetime
    due_at: datetime
    settled_at: datetime | None
    choice: Choice | None
    decided_by: str | None
    decision_reason: str | None
    refund_id: str | None
    reminders: list[ToldAnswer]


class CasePage(BaseModel):
    """`next_cursor` goes into `cursor` for the next page; null on the last one."""

    cases: list[CaseAnswer]
    next_cursor: str | None


class DecidedAnswer(BaseModel):
    """`stage` is the order's; null for a case without a recorded order. `status_url` is where to look."""

    case: str
    order: str | None
    stage: str | None
    status_url: str


class CaseQuery(BaseModel):
    """What GET /cases may ask. A filter that we don't have is refused: leaving it out would show too much."""

    model_config = ConfigDict(extra="forbid")

    state: State = State.OPEN
    cause: Cause | None = None
    owner: str | None = None
    order: str | None = None
    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50


def shown(case: CaseRow) -> CaseAnswer:
    effects = {choice: EFFECTS[Choice(choice)] for choice in case.choices}
    return CaseAnswer.model_validate({**asdict(case), "choices": effects})


async def page(house: House, asked: CaseQuery) -> CasePage:
    wanted = Wanted(asked.state, asked.cause, asked.owner, asked.order)
    try:
        async with reading(house.engine) as db:
            found = await case_list.list_cases(db, wanted, asked.limit, asked.cursor)
    except UnreadableCursor:
        raise Problem(422, "unreadable-cursor", "take `cursor` from `next_cursor` of the page before") from None
    return CasePage(cases=[shown(case) for case in found.cases], next_cursor=found.following)


async def one(house: House, case_id: str) -> CaseAnswer:
    async with reading(house.engine) as db:
        case = await case_list.find_case(db, case_id)
    if case is None:
        raise Problem(404, "unknown-case", f"there is no case {case_id}")
    return shown(case)


async def decide(house: House, case_id: str, body: DecideBody, by: str) -> DecidedAnswer:
    decision = _decision(case_id, body, by)
    try:
        decided = await CaseDecisions(house.engine, house.temporal, house.clock).decide(decision)
    except CaseNotKnown as unknown:
        raise Problem(404, "unknown-case", str(unknown)) from unknown
    except (DecidedBefore, NobodyWaits) as late:
        kind = "case-decided" if isinstance(late, DecidedBefore) else "order-not-running"
        raise Problem(409, kind, str(late)) from late
    except SkipRefused as refused:
        raise Problem(422, "decision-refused", str(refused)) from refused
    except TemporalAway as away:
        raise Problem(503, "unavailable", str(away), headers={"retry-after": "5"}) from away
    return _answer(house, decided)


def _decision(case_id: str, body: DecideBody, by: str) -> CaseDecision:
    if body.choice not in set(Choice):
        raise Problem(422, "decision-refused", f"choose one of {', '.join(Choice)}, not {body.choice!r}")
    outside = body.second_person, body.outside_shipment_no, body.outside_payment_no
    return CaseDecision(case_id, Choice(body.choice), by, body.reason, *outside)


def _answer(house: House, decided: Decided) -> DecidedAnswer:
    case = decided.case
    place = f"{house.settings.public_url}/cases/{case.id}"
    return DecidedAnswer(case=case.id, order=case.order_id, stage=decided.stage, status_url=place)
