"""The warehouse's floor: orders are packed, leave, arrive, and are told of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from domain.returns import ReturnedGoods
from domain.shipment import Parcel
from drill.virtual.life import Life
from drill.virtual.matrix import Call, Fault, Message
from drill.virtual.outside import Warehouse
from drill.virtual.post import Post, parcel_event, return_event
from drill.virtual.stage_time import StageTime
from ports.warehouse import ExpectedReturn

PACKED_AFTER_MINUTES = (5, 15)
PACKED_AFTER_CANCELLATION_MINUTES = (60, 90)  # in stories in which the buyer changes his mind in time
SECOND_PARCEL_SHARE = 0.25
TOLD_LATE_MINUTES = (30, 300)
ON_THE_ROAD_MINUTES = (10, 60)
ON_THE_WAY_BACK_MINUTES = (60, 2000)
CHANGES_HIS_MIND = ("cancelled", "refund_goods_stopped")
SLOW_TO_TELL = "cancelled_too_late"  # the goods are gone, and nobody told us yet


class Floor:
    def __init__(self, warehouse: Warehouse, post: Post, time: StageTime) -> None:
        self._warehouse = warehouse
        self._post = post
        self._time = time

    def comes_back(self, life: Life, request: ExpectedReturn) -> None:
        """Called while a return is announced for the first time, before that is answered."""
        self._time.start(self._received(life, request))

    async def _received(self, life: Life, request: ExpectedReturn) -> None:
        await self._pass(life, ON_THE_WAY_BACK_MINUTES)
        found = self._warehouse.found[request.reference] = _looked_at(request, life)
        await self._post.send(return_event(life, request.reference, found, self._warehouse.clock.now()))

    def packs(self, life: Life, reference: str) -> None:
        """Called while the first push of an outbound order has its effect, before it is answered."""
        if life.will_be_struck(Fault.DELAY, Call.PUSH):
            life.overtakers[Call.PUSH] = lambda: self._leave(life, reference)
        else:
            self._time.start(self._pack(life, reference))

    async def _pack(self, life: Life, reference: str) -> None:
        patient = life.plan.story in CHANGES_HIS_MIND
        await self._pass(life, PACKED_AFTER_CANCELLATION_MINUTES if patient else PACKED_AFTER_MINUTES)
        if reference not in self._warehouse.stopped:
            await self._leave(life, reference)

    async def _leave(self, life: Life, reference: str) -> None:
        """In one parcel or in two. Comes back when the first is told of, where it is told of at once."""
        parcels = [
            self._warehouse.leave(reference, f"{reference}-{number}", units)
            for number, units in enumerate(_packed(self._lines(reference), life), start=1)
        ]
        for parcel in parcels[1:]:
            self._time.start(self._travel(life, reference, parcel))
        await self._first(life, reference, parcels[0])

    async def _first(self, life: Life, reference: str, parcel: Parcel) -> None:
        """The strikes of parcels are for the first one."""
        if life.is_struck(Fault.REORDER, Message.PARCEL):
            self._time.start(self._travel_backwards(life, reference, parcel))
        elif life.plan.story == SLOW_TO_TELL:
            self._told_after_the_race(life, reference, parcel)
        elif life.is_struck(Fault.DELAY, Message.PARCEL):
            self._time.start(self._after(TOLD_LATE_MINUTES, life, lambda: self._travel(life, reference, parcel)))
        else:
            await self._tell_and_travel(life, reference, parcel)

    def _told_after_the_race(self, life: Life, reference: str, parcel: Parcel) -> None:
        if life.will_be_struck(Fault.DELAY, Call.STOP):
            life.overtakers[Call.STOP] = lambda: self._tell_and_travel(life, reference, parcel)
            return
        late = TOLD_LATE_MINUTES if life.is_struck(Fault.DELAY, Message.PARCEL) else (20, 25)
        self._time.start(self._after(late, life, lambda: self._travel(life, reference, parcel)))

    async def _tell_and_travel(self, life: Life, reference: str, parcel: Parcel) -> None:
        """Comes back once it is told of; the rest follows by itself."""
        await self._tell_shipped(life, reference, parcel)
        self._time.start(self._arrive(life, reference, parcel))

    async def _travel(self, life: Life, reference: str, parcel: Parcel) -> None:
        await self._tell_shipped(life, reference, parcel)
        await self._arrive(life, reference, parcel)

    async def _travel_backwards(self, life: Life, reference: str, parcel: Parcel) -> None:
        """The delivery is told of before the shipping."""
        await self._arrive(life, reference, parcel)
        await self._pass(life, (1, 30))
        await self._tell_shipped(life, reference, parcel)

    async def _tell_shipped(self, life: Life, reference: str, parcel: Parcel) -> None:
        await self._post.send(parcel_event(life, reference, parcel, "shipped", parcel.shipped_at))

    async def _arrive(self, life: Life, reference: str, parcel: Parcel) -> None:
        await self._pass(life, ON_THE_ROAD_MINUTES)
        arrived = self._warehouse.arrive(reference, parcel.parcel_no)
        await self._post.send(parcel_event(life, reference, parcel, "delivered", arrived.delivered_at))
        life.delivered_at = max(filter(None, (life.delivered_at, arrived.delivered_at)))

    async def _after(self, minutes: tuple[float, float], life: Life, act: Callable[[], Awaitable[None]]) -> None:
        await self._pass(life, minutes)
        await act()

    async def _pass(self, life: Life, minutes: tuple[float, float]) -> None:
        await self._time.passes(minutes=life.rng.uniform(*minutes))

    def _lines(self, reference: str) -> Mapping[str, int]:
        return {line.line_id: line.quantity for line in self._warehouse.outbound[reference].lines}


def _packed(lines: Mapping[str, int], life: Life) -> list[dict[str, int]]:
    """Units by line, per parcel."""
    units = [line_id for line_id, count in lines.items() for _ in range(count)]
    if len(units) == 1 or life.plan.story == SLOW_TO_TELL or life.rng.random() >= SECOND_PARCEL_SHARE:
        return [dict(lines)]
    cut = life.rng.randrange(1, len(units))
    return [{line_id: part.count(line_id) for line_id in dict.fromkeys(part)} for part in (units[:cut], units[cut:])]


def _looked_at(request: ExpectedReturn, life: Life) -> list[ReturnedGoods]:
    """All of it, good, unless the story wants it otherwise."""
    found = [ReturnedGoods(each.line_id, each.quantity) for each in request.lines]
    first = found[0]
    if life.plan.story == "returned_damaged":
        found[0] = replace(first, good=first.good - 1, damaged=1)
    elif life.plan.story == "returned_short":
        found[0] = replace(first, good=first.good - 1)
    return found
