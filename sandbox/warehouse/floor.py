"""The warehouse's floor: orders are packed into parcels, leave, and reach their buyers."""

import random
from datetime import datetime

from sandbox.crew import Crew
from sandbox.door import Door
from sandbox.faults import Fault, FaultBook, Place
from sandbox.pace import Pace, now
from sandbox.warehouse.messages import DELIVERED, SHIPPED, MessagePost
from sandbox.warehouse.outbound import Line, Outbound, Parcel, State

MINUTE = 60.0
PACKED_AFTER = (5 * MINUTE, 15 * MINUTE)
SECOND_PARCEL_AFTER = (1 * MINUTE, 4 * MINUTE)
ON_THE_ROAD = (5 * MINUTE, 20 * MINUTE)
SPLIT_SHARE = 0.15  # of the orders that can be split at all


class Floor:
    """How long things take is drawn from the seed and the order's reference, so that it can be had again."""

    def __init__(
        self, door: Door, post: MessagePost, *, faults: FaultBook, pace: Pace, crew: Crew, seed: int = 0
    ) -> None:
        self._door = door
        self._post = post
        self._faults = faults
        self._pace = pace
        self._crew = crew
        self._seed = seed
        self.packed_after = PACKED_AFTER  # the world's seconds, from acceptance to the first parcel's leaving

    def start(self, order: Outbound) -> None:
        self._crew.start(self._handle(order))

    async def _handle(self, order: Outbound) -> None:
        assert order.push is not None
        rng = random.Random(f"{self._seed}/{order.reference}")
        await self._pace.pause(rng.uniform(*self.packed_after))
        await self._door.opened()
        await order.may_move.wait()
        if order.state is State.STOPPED:
            return
        order.turn(State.SHIPPED)
        contents = pack(order.push.lines, rng)
        for number, content in enumerate(contents, start=1):
            if number > 1:
                await self._pace.pause(rng.uniform(*SECOND_PARCEL_AFTER))
            parcel = Parcel(f"{order.outbound_no}-{number}", f"SF{order.outbound_no[2:]}{number}", content)
            parcel.shipped_at = now()
            order.parcels.append(parcel)
            self._crew.start(self._deliver(order, parcel, len(contents), rng.uniform(*ON_THE_ROAD)))

    async def _deliver(self, order: Outbound, parcel: Parcel, parcels: int, seconds: float) -> None:
        tells_late = self._faults.take(Place.PARCEL, order.reference, Fault.DELIVERED_FIRST) is not None
        if not tells_late:
            self._crew.start(self._tell(SHIPPED, order, parcel, parcel.shipped_at))
        await self._pace.pause(seconds)
        parcel.delivered_at = now()
        if len(order.parcels) == parcels and all(each.delivered_at for each in order.parcels):
            order.turn(State.DELIVERED)
        await self._tell(DELIVERED, order, parcel, parcel.delivered_at)
        if tells_late:
            await self._tell(SHIPPED, order, parcel, parcel.shipped_at)

    async def _tell(self, type_: str, order: Outbound, parcel: Parcel, occurred_at: datetime | None) -> None:
        assert occurred_at is not None
        await self._door.opened()
        await self._post.tell(type_, order, parcel, occurred_at)


def pack(lines: list[Line], rng: random.Random) -> list[dict[str, int]]:
    """One parcel for most orders; a share of those with several units goes in two. Units by line_id, per parcel."""
    units = [line.line_id for line in lines for _ in range(line.quantity)]
    if len(units) == 1 or rng.random() >= SPLIT_SHARE:
        return [_counted(units)]
    cut = rng.randrange(1, len(units))
    return [_counted(units[:cut]), _counted(units[cut:])]


def _counted(units: list[str]) -> dict[str, int]:
    return {line_id: units.count(line_id) for line_id in dict.fromkeys(units)}
