"""What stays open and has a time of its own until somebody's superior is told."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from domain.calendar import TimeKind, TimeLimit
from domain.case import Cause

STAGES = ("approval", "goods", "refund", "leg")
"""What else than a case stays open; `approval` is a request that was sent back: domain/money_at_risk.py."""


class ReminderLimit(BaseModel):
    """`kind` working: by the entity's working hours."""

    lasts: timedelta = Field(gt=timedelta())
    kind: TimeKind = TimeKind.WALL


def _known(limits: dict[str, ReminderLimit]) -> dict[str, ReminderLimit]:
    if unknown := [each for each in limits if each not in (*Cause, *STAGES)]:
        raise ValueError(f"{', '.join(unknown)}: name causes of cases, or {', '.join(STAGES)}")
    return limits


ReminderLimits = Annotated[dict[str, ReminderLimit], AfterValidator(_known)]


def scaled(limits: ReminderLimits, factor: float) -> dict[str, TimeLimit]:
    """All of them divided by `factor`, as other limits are; 1 is real time."""
    return {what: TimeLimit(each.lasts / factor, each.kind) for what, each in limits.items()}
