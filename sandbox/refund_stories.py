"""Refunds as buyers and the merchant's people live through them, from the wish to its end."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic

from sandbox.courier import Delivery
from sandbox.pace import Pace, shown
from sandbox.refund_plan import RefundWish, Story
from sandbox.shop.refund_desk import Json, RefundDesk
from sandbox.warehouse.house import Warehouse
from sandbox.warehouse.outbound import State

LOOKS_AGAIN = 60.0  # the world's seconds
PATIENCE = 8 * 3600.0  # the world's seconds, then a story counts as over
TAKEN_OFF_MINOR = 500  # for what came back damaged
ENDED = frozenset({"refused", "withdrawn", "paid_back", "partly_paid_back", "not_paid_back", "return_closed"})
LEFT = frozenset({"shipped", "partly_delivered", "delivered", "completed"})
OPEN = "open"


@dataclass
class RefundStory:
    """One buyer's. `seen`: what the shop was shown last; `answer`: what it heard when it asked."""

    wish: RefundWish
    answer: Delivery | None = None
    seen: Json | None = None
    is_over: bool = False

    @property
    def refund(self) -> str | None:
        """Its number, where one was opened."""
        if self.answer is None or self.answer.status != HTTPStatus.ACCEPTED:
            return None
        return str(json.loads(self.answer.answer)["refund"])

    @property
    def stage(self) -> str:
        return str(self.seen["stage"]) if self.seen else ""

    def open_tasks(self) -> Iterator[Json]:
        approval = self.seen and self.seen["approval"]
        return (task for task in approval["tasks"] if task["state"] == OPEN) if approval else iter(())

    def shown(self) -> Json:
        order, seen = self.wish.order, self.seen or {}
        return {
            "story": self.wish.story,
            "order": f"shop/{order.shop_id}/{order.order_no}",
            "refund": self.refund,
            "asked_at": shown(self.answer.at) if self.answer else None,
            "status": self.answer.status if self.answer else None,
            "stage": seen.get("stage"),
            "amount_minor": seen.get("amount_minor"),
            "paid_back_minor": seen.get("paid_back_minor"),
            "has_ended": self.stage in ENDED,
        }


class RefundStories:
    """All of an hour. They go on after it: parcels have to reach people before they come back."""

    def __init__(self, desk: RefundDesk, warehouse: Warehouse, pace: Pace) -> None:
        self.told: list[RefundStory] = []
        self._desk = desk
        self._warehouse = warehouse
        self._pace = pace

    @property
    def open(self) -> int:
        return sum(not story.is_over for story in self.told)

    async def tell(self, wish: RefundWish) -> None:
        story = RefundStory(wish)
        self.told.append(story)
        ends = monotonic() + self._pace.real(PATIENCE)
        try:
            while not await self._is_ready(wish):
                if monotonic() > ends:
                    return
                await self._pace.pause(LOOKS_AGAIN)
            story.answer = await self._desk.ask(wish.order, _asked(wish))
            while story.refund is not None and story.stage not in ENDED and monotonic() < ends:
                story.seen = await self._desk.look(story.refund) or story.seen
                await self._go_on(story)
                await self._pace.pause(LOOKS_AGAIN)
        finally:
            story.is_over = True

    async def _is_ready(self, wish: RefundWish) -> bool:
        """The warehouse knows it, or all of it has left; and Lockstep has heard so."""
        order = self._warehouse.desk.find(wish.order.reference)
        if order is None or order.push is None:
            return False
        if wish.part.unshipped:
            return await self._desk.stage_of(wish.order) in {"at_warehouse", *LEFT}  # it may leave while one looks
        has_left = order.state in {State.SHIPPED, State.DELIVERED}
        return has_left and await self._desk.stage_of(wish.order) in LEFT

    async def _go_on(self, story: RefundStory) -> None:
        """Whoever's turn it is does his part."""
        seen = story.seen
        if seen is None:
            return
        if story.stage == "awaiting_return":
            await self._desk.send_goods(seen)
        elif story.stage == "return_received":
            await self._assess(seen)
        elif story.stage == "awaiting_approval":
            await self._decide(story, seen)

    async def _decide(self, story: RefundStory, seen: Json) -> None:
        told = story.wish.story
        for task in story.open_tasks():
            if told is Story.WITHDRAWN:
                await self._desk.withdraw(seen)
            elif told is Story.REMINDED:
                if task["may_act"]:
                    await self._desk.decide(task["may_act"][0], seen, task["task"], "approve")
            else:
                verb = "refuse" if told is Story.REFUSED else "approve"
                await self._desk.decide(task["signer"], seen, task["task"], verb)

    async def _assess(self, seen: Json) -> None:
        """By whoever had signed; the parcel's first line has the damage."""
        signer = seen["approval"]["tasks"][0]["signer"]
        damaged = next((line for line in seen["goods_back"]["lines"] if line["damaged"]), None)
        if damaged is not None:
            await self._desk.assess(signer, seen["refund"], {str(damaged["line_id"]): TAKEN_OFF_MINOR})


def _asked(wish: RefundWish) -> Json:
    units = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in wish.units.items()]
    kind = "return" if wish.is_return else "refund_only"
    return {"kind": kind, "reason": wish.part.reason, "note": "", "units": units}
