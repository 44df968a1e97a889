"""What the warehouse tells us about parcels, parsed strictly: docs/warehouse-api.md, "What the warehouse tells"."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from domain.returns import ReturnedGoods
from ports.errors import MessageRefused, RefusalReason
from ports.warehouse import ParcelEvent, ParcelEventKind, ParcelLine, ReturnEvent

RETURNED = "return.received"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _instant(text: object) -> datetime:
    """RFC 3339 with zone, in UTC. Raises ValueError. Pydantic's own reading would take `"1700000000"` for a time."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        raise ValueError("not RFC 3339 with zone")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the calendar") from None


# No control characters: Postgres would refuse a NUL each time the message came again.
_Text = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class _Line(BaseModel, strict=True):
    line_id: _Text
    quantity: Annotated[int, Field(gt=0, le=1_000_000)]


class _Event(BaseModel, strict=True):
    """Fields that are not named here are ignored, so that the warehouse may add some."""

    type: ParcelEventKind
    reference: _Text
    parcel_no: _Text
    carrier: _Text
    waybill_no: _Text
    lines: Annotated[list[_Line], Field(min_length=1, max_length=1000)]
    occurred_at: Annotated[datetime, BeforeValidator(_instant)]


class _ReturnLine(BaseModel, strict=True):
    line_id: _Text
    good: Annotated[int, Field(ge=0, le=1_000_000)]
    damaged: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class _Return(BaseModel, strict=True):
    type: Literal["return.received"]
    reference: _Text
    lines: Annotated[list[_ReturnLine], Field(max_length=1000)]
    occurred_at: Annotated[datetime, BeforeValidator(_instant)]


class _Kind(BaseModel):
    type: str


def warehouse_event(event_id: str, body: bytes) -> ParcelEvent | ReturnEvent:
    """Translate a verified body. Raises MessageRefused (MALFORMED) with the names of the wrong fields, no values."""
    try:
        if _Kind.model_validate_json(body).type == RETURNED:
            told = _Return.model_validate_json(body)
            goods = tuple(ReturnedGoods(line.line_id, line.good, line.damaged) for line in told.lines)
            return ReturnEvent(event_id, told.reference, goods, told.occurred_at)
        event = _Event.model_validate_json(body)
    except ValidationError as error:
        wrong = {".".join(str(part) for part in each["loc"]) or "body" for each in error.errors()}
        raise MessageRefused(RefusalReason.MALFORMED, f"wrong or missing: {', '.join(sorted(wrong)[:10])}") from None
    return ParcelEvent(
        event_id=event_id,
        kind=event.type,
        reference=event.reference,
        parcel_no=event.parcel_no,
        carrier=event.carrier,
        waybill_no=event.waybill_no,
        lines=tuple(ParcelLine(line.line_id, line.quantity) for line in event.lines),
        occurred_at=event.occurred_at,
    )
