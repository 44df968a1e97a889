"""The warehouse's own records: orders that go out, their parcels, and what lies on the shelves."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from sandbox.pace import CHINA, shown


class State(StrEnum):
    ACCEPTED = "accepted"
    HELD = "held"
    STOPPED = "stopped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


class Recipient(BaseModel):
    """Fields may be empty on the wire; whether an address will do is for the warehouse to judge."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str


class Line(BaseModel):
    line_id: str
    sku: str
    quantity: int = Field(gt=0)


class Push(BaseModel):
    """What Lockstep asks to have sent out."""

    recipient: Recipient
    lines: list[Line] = Field(min_length=1)
    note: str = ""

    def digest(self) -> str:
        return parameters_digest(self.model_dump())

    def has_full_address(self) -> bool:
        return all(value.strip() for value in self.recipient.model_dump().values())


def parameters_digest(parameters: Any) -> str:
    """Equal for equal content, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass
class Parcel:
    """`contents` are units by line_id."""

    parcel_no: str
    waybill_no: str
    contents: Mapping[str, int]
    carrier: str = "sf"
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None

    def wire_lines(self) -> list[dict[str, object]]:
        return [{"line_id": line_id, "quantity": quantity} for line_id, quantity in self.contents.items()]

    def wire(self) -> dict[str, object]:
        return {
            "parcel_no": self.parcel_no,
            "carrier": self.carrier,
            "waybill_no": self.waybill_no,
            "state": "delivered" if self.delivered_at else "shipped",
            "lines": self.wire_lines(),
            "shipped_at": _wire_time(self.shipped_at),
            "delivered_at": _wire_time(self.delivered_at),
        }


@dataclass
class Outbound:
    """`may_move` is clear while the order is on hold. A tombstone (`push` is None) keeps a later push out."""

    reference: str
    outbound_no: str
    state: State
    push: Push | None
    pushed_at: datetime | None
    idempotency_keys: list[str] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    may_move: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_move.set()

    @property
    def is_in_house(self) -> bool:
        return self.state in {State.ACCEPTED, State.HELD}

    def turn(self, state: State) -> None:
        self.state = state
        if state is State.HELD:
            self.may_move.clear()
        else:
            self.may_move.set()

    def wire(self) -> dict[str, object]:
        return {
            "reference": self.reference,
            "outbound_no": self.outbound_no,
            "state": self.state,
            "parcels": [parcel.wire() for parcel in self.parcels],
        }

    def shown(self) -> dict[str, object]:
        return self.wire() | {
            "lines": [line.model_dump() for line in self.push.lines] if self.push else [],
            "pushed_at": shown(self.pushed_at),
            "idempotency_keys": self.idempotency_keys,
        }


class Shelves:
    """Units on hand by sku. What an accepted order needs leaves the count at once and returns if it is stopped."""

    def __init__(self, levels: Mapping[str, int]) -> None:
        self.levels = dict(levels)

    def missing(self, lines: list[Line]) -> str | None:
        """The first sku that is not known here."""
        return next((line.sku for line in lines if line.sku not in self.levels), None)

    def short(self, lines: list[Line]) -> str | None:
        """The first sku of which there is not enough."""
        needed = _needed(lines)
        return next((sku for sku, quantity in needed.items() if self.levels[sku] < quantity), None)

    def take(self, lines: list[Line]) -> None:
        for sku, quantity in _needed(lines).items():
            self.levels[sku] -= quantity

    def put_back(self, lines: list[Line]) -> None:
        for sku, quantity in _needed(lines).items():
            self.levels[sku] += quantity


def _needed(lines: list[Line]) -> dict[str, int]:
    needed: dict[str, int] = {}
    for line in lines:
        needed[line.sku] = needed.get(line.sku, 0) + line.quantity
    return needed


def _wire_time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(CHINA).isoformat(timespec="seconds")
