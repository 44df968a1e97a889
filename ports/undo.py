"""The plan of an undoing, worked off trade by trade."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from domain.limits import Limits
from domain.reference import OrderId
from domain.undo import Trade


class ItemState(StrEnum):
    LEFT_OUT = "left_out"  # nothing to undo, or not by us
    WAITING = "waiting"
    TOLD = "told"  # the provider has it, and its order knows: what is too much goes back by itself
    DIFFERS = "differs"  # the provider says otherwise: nothing was done
    UNCLEAR = "unclear"  # the provider gave no answer: nothing was done


@dataclass(frozen=True)
class UndoStart:
    """`pause`: between two trades."""

    plan_id: str
    pause: timedelta
    limits: Limits


@dataclass(frozen=True)
class UndoItem:
    number: int
    order_id: OrderId
    trade: Trade


@dataclass(frozen=True)
class ItemEnded:
    """`said`: what the provider said, where it was not what the plan says."""

    number: int
    state: ItemState
    said: str = ""


@dataclass(frozen=True)
class UndoTurn:
    """What came of the last trade; the next one is asked for."""

    plan_id: str
    ended: ItemEnded | None = None


class UndoRecords(Protocol):
    async def next_item(self, turn: UndoTurn) -> UndoItem | None:
        """None at the plan's end, and once somebody has cancelled it. Said again, it answers the same."""
