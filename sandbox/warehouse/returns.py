"""Goods on their way back: announced by the merchant, received, looked at, and told of."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from sandbox.crew import Crew
from sandbox.faults import Fault, FaultBook, Place
from sandbox.pace import Pace, now
from sandbox.warehouse.messages import MessagePost
from sandbox.warehouse.orders import Decision, refusal
from sandbox.warehouse.outbound import Line, Shelves, parameters_digest

HOUR = 3600.0
ON_THE_WAY_BACK = (6 * HOUR, 12 * HOUR)


class Announcement(BaseModel):
    order: str
    carrier: str
    waybill_no: str
    lines: list[Line] = Field(min_length=1)


@dataclass
class Return:
    """`found`: {line_id: (good, damaged)}; empty until the parcel was looked at."""

    reference: str
    announced: Announcement
    found: dict[str, tuple[int, int]] = field(default_factory=dict)

    def wire_lines(self) -> list[dict[str, object]]:
        return [{"line_id": line_id, "good": good, "damaged": bad} for line_id, (good, bad) in self.found.items()]

    def shown(self) -> dict[str, object]:
        lines = [line.model_dump() for line in self.announced.lines]
        told = {"reference": self.reference, "order": self.announced.order, "waybill_no": self.announced.waybill_no}
        return told | {"lines": lines, "found": self.wire_lines()}


class ReturnDesk:
    def __init__(
        self, shelves: Shelves, post: MessagePost, *, faults: FaultBook, pace: Pace, crew: Crew, seed: int = 0
    ) -> None:
        self.returns: dict[str, Return] = {}
        self._shelves = shelves
        self._post = post
        self._faults = faults
        self._pace = pace
        self._crew = crew
        self._seed = seed
        self.on_the_way_back = ON_THE_WAY_BACK  # the world's seconds, from the announcement to the inspection

    def announce(self, reference: str, _: str, content: Any) -> Decision:
        try:
            told = Announcement.model_validate(content)
        except ValidationError as error:
            return refusal(400, "malformed", f"{error.error_count()} fields are not as agreed")
        known = self.returns.get(reference)
        if known is not None:
            same = parameters_digest(known.announced.model_dump()) == parameters_digest(told.model_dump())
            return (200, {"state": "expected"}) if same else refusal(409, "different_content", "announced otherwise")
        self.returns[reference] = Return(reference, told)
        self._crew.start(self._receive(self.returns[reference]))
        return 201, {"state": "expected"}

    async def _receive(self, back: Return) -> None:
        """All of it, good, unless somebody wants it otherwise."""
        rng = random.Random(f"{self._seed}/{back.reference}")
        await self._pace.pause(rng.uniform(*self.on_the_way_back))
        judge = self._judge(back.announced.order)
        back.found = {line.line_id: judge(line.quantity) for line in back.announced.lines}
        good = [line.model_copy(update={"quantity": back.found[line.line_id][0]}) for line in back.announced.lines]
        self._shelves.put_back([line for line in good if line.quantity])
        content: dict[str, object] = {"reference": back.reference, "lines": back.wire_lines()}
        await self._post.tell_of_return(back.announced.order, content, now())

    def _judge(self, order: str) -> Callable[[int], tuple[int, int]]:
        if self._faults.take(Place.PARCEL, order, Fault.RETURN_DAMAGED) is not None:
            return lambda units: (units - 1, 1)
        if self._faults.take(Place.PARCEL, order, Fault.RETURN_SHORT) is not None:
            return lambda units: (units - 1, 0)
        return lambda units: (units, 0)
