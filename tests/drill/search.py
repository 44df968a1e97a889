"""`python -m tests.drill.search [WORD]`: which schedule catches each planted bug first; a word chooses some of them."""

import asyncio
import sys
from collections.abc import Sequence

from drill.virtual import lane
from drill.virtual.batch import Records, open_records
from drill.virtual.stage_time import Stalled
from tests.drill.planted import BUGS, SEED, Bug
from tests.drill.planted_refunds import REFUND_BUGS
from tests.drill.playing import found_with

MOST, AT_ONCE = 240, 12


async def shown(bug: Bug, records: Records, schedules: Sequence[int]) -> list[int]:
    """Those of the schedules that the broken invariant names."""
    try:
        found = await found_with(bug, records, schedules)
    except Stalled:
        return []
    return sorted({number for each in found if each.invariant == bug.shows for number in each.schedules})


async def first(bug: Bug, records: Records) -> int | None:
    for begin in range(0, MOST, AT_ONCE):
        for number in await shown(bug, records, range(begin, begin + AT_ONCE)):
            if await shown(bug, records, [number]):
                return number
    return None


async def search(word: str) -> None:
    async with open_records() as records:
        for bug in (*BUGS, *REFUND_BUGS):
            if word in bug.what:
                sys.stdout.write(f"{bug.what}: schedule {await first(bug, records)} of seed {SEED}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    lane.quiet()
    asyncio.run(search(" ".join(sys.argv[1:])))
