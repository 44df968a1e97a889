"""What buyer, marketplace and staff do where the marketplace moves the money: they sign, refuse, or say nothing."""

from collections.abc import Awaitable, Callable

from domain.after_sale import SaleState
from drill.virtual.acting import Act
from drill.virtual.marketplace import UNANSWERED
from drill.virtual.refund_acts import THERE, decide, ended

LONG_HOURS, SHORT_HOURS = 72, 3


async def signed(act: Act) -> None:
    act.asks_there(LONG_HOURS)
    await decide(act, THERE)


async def decided_there(act: Act) -> None:
    """While people here are still to sign."""
    act.asks_there(LONG_HOURS)
    await act.pauses(5, 60)
    act.market.moves(act.life.sale_no, SaleState.AGREED)


async def refused(act: Act) -> None:
    act.asks_there(LONG_HOURS)
    await decide(act, THERE, "refuse")


async def extended(act: Act) -> None:
    """Nobody signs in time: more time is asked for, and then it is signed."""
    act.asks_there(SHORT_HOURS)
    await act.until(lambda: not act.market.sales[act.life.sale_no].extensions_left)
    await decide(act, THERE)


async def by_policy(act: Act) -> None:
    """Nobody signs at all."""
    act.asks_there(SHORT_HOURS, UNANSWERED)


def paid_back_there(story: Callable[[Act], Awaitable[None]]) -> Callable[[Act], Awaitable[None]]:
    async def told(act: Act) -> None:
        await act.sold_there()
        await act.until(lambda: act.life.delivered_at, hours=24)
        act.life.paying_back = True
        await story(act)
        await act.until(lambda: act.life.refunds)
        await ended(act)
        act.life.paying_back = False

    return told


PLATFORM_ACTS: dict[str, Callable[[Act], Awaitable[None]]] = {
    "there_signed": paid_back_there(signed),
    "there_decided": paid_back_there(decided_there),
    "there_refused": paid_back_there(refused),
    "there_extended": paid_back_there(extended),
    "there_by_policy": paid_back_there(by_policy),
}
