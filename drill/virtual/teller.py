"""Who tells of money that went back: soon, late, or before the answer; and of money that the bank sent back."""

from domain.refund_leg import RefundOutcome
from drill.virtual.bank import Entry
from drill.virtual.life import Life
from drill.virtual.matrix import Fault, Message
from drill.virtual.post import Letter, Post
from drill.virtual.stage_time import StageTime

TOLD_AFTER_MINUTES = (0, 10)
TOLD_LATE_MINUTES = (30, 3000)
SLOW_MINUTES = (5, 300)
TELLS_FIRST = "refund_told_first"  # the answers say that it is under way until the notice was heard


class Teller:
    def __init__(self, post: Post, time: StageTime) -> None:
        self._post = post
        self._time = time

    def moved(self, life: Life, entry: Entry, *, at_once: bool) -> None:
        life.untold += 1
        self._time.start(self._told_at_once(life, entry) if at_once else self._settled(life, entry))

    async def _told_at_once(self, life: Life, entry: Entry) -> None:
        await self.tell(life, entry)
        life.untold -= 1

    async def _settled(self, life: Life, entry: Entry) -> None:
        """Money on its way arrives, and its notice follows, or goes before what is answered."""
        if entry.state is RefundOutcome.PROCESSING:
            await self._pass(life, SLOW_MINUTES)
            if life.plan.story != TELLS_FIRST:
                entry.done(self._time.clock.now())
        if entry.silent_until is None:
            late = life.is_struck(Fault.DELAY, Message.REFUNDED)
            await self._pass(life, TOLD_LATE_MINUTES if late else TOLD_AFTER_MINUTES)
            entry.done_at = entry.done_at or self._time.clock.now()
            await self.tell(life, entry)
        if entry.state is RefundOutcome.PROCESSING:
            entry.done(entry.done_at or self._time.clock.now())
        life.untold -= 1

    async def tell(self, life: Life, entry: Entry) -> None:
        await self._post.send(_notice(life, entry, RefundOutcome.DONE))

    async def tell_of_return(self, life: Life, entry: Entry) -> None:
        """The buyer's bank did not take the money: it is with the provider again."""
        entry.state = RefundOutcome.ABNORMAL
        await self._post.send(_notice(life, entry, RefundOutcome.ABNORMAL))

    async def _pass(self, life: Life, minutes: tuple[float, float]) -> None:
        await self._time.passes(minutes=life.rng.uniform(*minutes))


def _notice(life: Life, entry: Entry, outcome: RefundOutcome) -> Letter:
    order = entry.order
    facts = {
        "notice_id": f"R-{order.out_refund_no}-{outcome}",
        "trade_no": order.trade_no,
        "out_trade_no": order.out_trade_no,
        "amount_minor": order.captured.amount_minor,
        "paid_at": None,
        "refund": {
            "out_refund_no": order.out_refund_no,
            "outcome": outcome,
            "amount_minor": order.amount.amount_minor,
            "at": entry.done_at.isoformat() if entry.done_at else None,
        },
    }
    return Letter(Message.REFUNDED, life, facts)
