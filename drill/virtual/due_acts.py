"""What the buyer does so that money is due back of which nobody asks. It goes back by itself; large sums are signed."""

from collections.abc import Awaitable, Callable

from drill.virtual.acting import Act
from drill.virtual.refund_acts import ended

ODD_MINOR = 100


async def twice(act: Act) -> None:
    await act.paid()
    await act.pauses(0, 60)
    act.life.paying_back = True
    await act.told(act.pay_again(), f"{act.number()}_2")


async def other_amount(act: Act) -> None:
    """Then the right one: the order goes on, and what was wrong goes back."""
    act.life.paying_back = True
    await act.paid(more=-ODD_MINOR)
    await act.pauses(0, 10)
    await act.told(act.pay_again(), f"{act.number()}_2")


async def too_much(act: Act) -> None:
    """And nothing else: the order is closed, and all of it goes back."""
    act.life.paying_back = True
    await act.paid(more=ODD_MINOR)


async def cancelled(act: Act) -> None:
    """Paid, and held since its address is incomplete."""
    await act.paid()
    await act.pauses(1, 30)
    act.life.paying_back = True
    await act.cancel()


async def after_close(act: Act) -> None:
    await act.place()
    await act.pauses(35, 60)
    act.life.paying_back = True
    await act.told(act.pay(), act.number())


def until_back(story: Callable[[Act], Awaitable[None]]) -> Callable[[Act], Awaitable[None]]:
    async def told(act: Act) -> None:
        await story(act)
        await act.until(lambda: act.life.refunds)
        await ended(act)
        await act.until(lambda: not act.life.owed)
        act.life.paying_back = False

    return told


DUE_ACTS: dict[str, Callable[[Act], Awaitable[None]]] = {
    "due_twice": until_back(twice),
    "due_twice_signed": until_back(twice),
    "due_other_amount": until_back(other_amount),
    "due_too_much": until_back(too_much),
    "due_cancelled": until_back(cancelled),
    "due_cancelled_signed": until_back(cancelled),
    "due_after_close": until_back(after_close),
}
