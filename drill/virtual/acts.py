"""What buyer and shop do in each story. What follows from it, provider, warehouse and staff do by themselves."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from domain.limits import Limits
from domain.payment import Capture
from drill.virtual.acting import Act
from drill.virtual.due_acts import DUE_ACTS, until_back
from drill.virtual.matrix import Call, Fault
from drill.virtual.plan import SHORT
from drill.virtual.platform_acts import PLATFORM_ACTS
from drill.virtual.post import notice
from drill.virtual.refund_acts import REFUND_ACTS

SALE_OPENS_MINUTES = 10
LAST_STEP = "records.complete"
AWAY_MINUTES = 150  # longer than attempts go on


async def play(act: Act) -> None:
    if act.life.plan.story not in SHORT:
        await act.pauses(0, 10)
    await ACTS[act.life.plan.story](act)


async def straight(act: Act) -> None:
    await act.paid()


async def sale(act: Act) -> None:
    """Everybody pays in the same moment for the last rare goods."""
    if act.life.plan.early:
        await act.paid()
        return
    await act.place()
    await act.time.passes(minutes=SALE_OPENS_MINUTES)
    await act.told(act.pay(), act.number())


async def presale(act: Act) -> None:
    await act.paid()
    await act.pauses(1, 20)
    await act.told(act.pay(2), act.number(2))


async def paid_twice(act: Act) -> None:
    await act.paid()
    await act.pauses(0, 5)
    await act.told(act.pay_again(), f"{act.number()}_2")


async def silent(act: Act) -> None:
    await act.place()
    await act.pauses(0, 1)
    act.pay()


async def told_late(act: Act) -> None:
    await act.place()
    await act.pauses(0, 1)
    capture = act.pay()
    await act.pauses(3, 20)
    await act.told(capture, act.number())


async def last_moment(act: Act) -> None:
    """The buyer pays while we close; the notice comes in the middle, or after."""
    await act.place()
    number, captures = act.number(), list[Capture]()
    overtakes = act.life.will_be_struck(Fault.DELAY, Call.CLOSE)
    if overtakes:
        act.life.overtakers[Call.CLOSE] = lambda: act.told(captures[0], number)
    act.provider.paying_at_close[number] = lambda: captures.append(act.pay())
    await act.until(lambda: captures)
    if captures and not overtakes:
        await act.pauses(2, 10)
        await act.told(captures[0], number)


async def wrong_amount(act: Act) -> None:
    await act.paid(more=100)


async def cancelled(act: Act) -> None:
    await act.paid()
    await act.pauses(0, 20)
    await act.cancel()


async def cancelled_too_late(act: Act) -> None:
    await act.paid()
    await act.until(lambda: act.life.order_id.warehouse_reference() in act.warehouse.gone)
    await act.cancel()


async def mended(act: Act) -> None:
    await act.paid()
    await act.pauses(5, 30)
    await act.mend_recipient()


async def refused(act: Act) -> None:
    act.warehouse.refuses.add(act.life.order_id.warehouse_reference())
    await act.paid()


async def warehouse_away(act: Act) -> None:
    act.life.away_until["warehouse"] = act.time.clock.now() + timedelta(minutes=AWAY_MINUTES)
    await act.paid()
    act.life.away_until["warehouse"] = act.time.clock.now() + timedelta(minutes=AWAY_MINUTES)


async def surplus_at_the_end(act: Act) -> None:
    """The buyer pays once more just before the order completes; the notice comes in the middle of that, or after."""
    await act.paid()
    await act.until(lambda: act.life.delivered_at, hours=24)
    if act.life.delivered_at is not None:
        completes = act.life.delivered_at + Limits().completes_after_delivery
        await act.time.passes(minutes=(completes - act.time.clock.now()) / timedelta(minutes=1) - 5)
    act.life.paying_back = True
    letter = notice(act.life, act.pay_again(), f"{act.number()}_2")
    if act.life.rng.random() < 1 / 2:
        act.life.overtakers[LAST_STEP] = lambda: act.send(letter)
    else:
        await act.pauses(6, 20)
        await act.send(letter)


async def orphan(act: Act) -> None:
    """Money for an order of which the shop tells us only when a person had to look."""
    await act.told(act.pay(), act.number())
    await act.pauses(33, 50)
    await act.place()


async def paid_after_close(act: Act) -> None:
    await act.place()
    await act.pauses(35, 60)
    await act.told(act.pay(), act.number())


async def unpaid(act: Act) -> None:
    await act.place()
    if act.life.rng.random() < 1 / 2:
        act.provider.opened.add(act.number())


async def cancelled_unpaid(act: Act) -> None:
    await act.place()
    await act.pauses(0, 20)
    await act.cancel()


ACTS: dict[str, Callable[[Act], Awaitable[None]]] = {
    "straight": straight,
    "presale": presale,
    "paid_twice": paid_twice,
    "silent": silent,
    "told_late": told_late,
    "last_moment": last_moment,
    "wrong_amount": wrong_amount,
    "cancelled": cancelled,
    "cancelled_too_late": cancelled_too_late,
    "mended": mended,
    "short": sale,
    "short_cancelled": sale,
    "split": sale,
    "given_up": sale,
    "unmatched": straight,
    "refused": refused,
    "warehouse_away": warehouse_away,
    "surplus_at_the_end": until_back(surplus_at_the_end),
    "orphan": orphan,
    "paid_after_close": paid_after_close,
    "unpaid": unpaid,
    "cancelled_unpaid": cancelled_unpaid,
    **REFUND_ACTS,
    **DUE_ACTS,
    **PLATFORM_ACTS,
}
