"""Kills of real processes, one after the other, on one house that trades on; then all of it comes to rest and is
verified.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from drill.real import moments
from drill.real.house import DrillHouse, NeverCame, Victim
from drill.real.moments import Moment
from runtime.child import ChildFailed
from verify import Invariant, check

DOWN_SECONDS = 1.0
REST_SECONDS = 300.0
VERIFIED_AGAIN_SECONDS = 90.0  # the last messages may still be on their way
COMPANIONS: tuple[tuple[tuple[str, str, dict[str, Any]], ...], ...] = (
    (("trade", "duplicate", {"copies": 3}), ("warehouse", "cut", {})),
    (("trade", "no_notice", {}), ("provider", "server_error", {})),
    (("trade", "delay", {"seconds": 3}), ("parcel", "delivered_first", {})),
    (("trade", "duplicate_other_id", {"copies": 2}), ("warehouse", "late_error", {})),
)
"""Orders that are bought beside the one that is hit, each with its own bad luck."""


@dataclass(frozen=True)
class Kill:
    victim: Victim
    moment: Moment

    def __str__(self) -> str:
        return f"{self.victim}: {self.moment.__name__.replace('_', ' ')}"


KILLS = (
    Kill(Victim.WORKER, moments.push_unanswered),
    Kill(Victim.API, moments.notice_kept),
    Kill(Victim.TEMPORAL, moments.push_unanswered),
    Kill(Victim.POSTGRES, moments.push_unanswered),
    Kill(Victim.WORKER, moments.query_unanswered),
    Kill(Victim.API, moments.notice_accepted),
    Kill(Victim.TEMPORAL, moments.query_unanswered),
    Kill(Victim.POSTGRES, moments.in_transaction),
    Kill(Victim.WORKER, moments.stop_unanswered),
    Kill(Victim.API, moments.order_kept),
    Kill(Victim.TEMPORAL, moments.stop_unanswered),
    Kill(Victim.POSTGRES, moments.stop_unanswered),
    Kill(Victim.WORKER, moments.paid_not_pushed),
    Kill(Victim.API, moments.cancellation_kept),
    Kill(Victim.TEMPORAL, moments.notice_kept),
    Kill(Victim.POSTGRES, moments.paid_not_pushed),
    Kill(Victim.WORKER, moments.in_transaction),
    Kill(Victim.API, moments.burst_of_notices),
    Kill(Victim.TEMPORAL, moments.paid_not_pushed),
    Kill(Victim.POSTGRES, moments.burst_of_notices),
    Kill(Victim.TEMPORAL, moments.refund_unanswered),
    Kill(Victim.POSTGRES, moments.refund_unanswered),
    *(Kill(Victim.WORKER, moments.refund_unanswered) for _ in range(10)),
)


@dataclass(frozen=True)
class Blow:
    """One kill as it went. `went_on_seconds`: from the kill to the effect that its order waited for."""

    kill: str
    order: str
    paid_not_pushed: int
    back_seconds: float
    went_on_seconds: float


class KillMissed(Exception):
    """A kill that never came to be, or after which things did not go on; the message names it."""


async def blows(house: DrillHouse) -> AsyncIterator[Blow]:
    """One after the other. Raises KillMissed."""
    for number, kill in enumerate(KILLS):
        try:
            yield await _blow(house, kill, number)
        except (NeverCame, ChildFailed) as trouble:
            raise KillMissed(f"{kill}: {trouble}") from trouble


async def _blow(house: DrillHouse, kill: Kill, number: int) -> Blow:
    await _companion(house, number)
    async with kill.moment(house) as subject:
        in_flight = (await house.under_way()).paid_not_pushed
        killed = time.monotonic()
        await house.victim(kill.victim).kill()
    await asyncio.sleep(DOWN_SECONDS)
    await house.bring_back(kill.victim)
    back = time.monotonic() - killed
    if subject.afterwards is not None:
        await subject.afterwards()
    await house.until_stage(subject.order_id, *subject.goes_on_to)
    return Blow(str(kill), str(subject.order_id), in_flight, back, time.monotonic() - killed)


async def _companion(house: DrillHouse, number: int) -> None:
    order_id = await house.order()
    for place, fault, more in COMPANIONS[number % len(COMPANIONS)]:
        await house.plant(order_id, place, fault, **more)
    await house.pay(order_id)


async def rest_and_verify(house: DrillHouse) -> list[Invariant]:
    """What does not hold once every order is at its end or with a person. Raises NeverCame."""

    async def rests() -> bool:
        return not await house.restless()

    await house.until(rests, "a house at rest", REST_SECONDS)
    end = time.monotonic() + VERIFIED_AGAIN_SECONDS
    while True:
        found = await asyncio.to_thread(check, await house.world.ask("/dump"), house.local.database_url)
        broken = [each for each in found if not each.held]
        if not broken or time.monotonic() > end:
            return broken
        await asyncio.sleep(1)
