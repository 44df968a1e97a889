"""Schedules played one batch after the other in one process; what came of each is one line of JSON."""

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig

from drill.virtual.batch import Records, open_records, play
from drill.virtual.judgement import Found
from drill.virtual.matrix import Cell, Component, Fault, Point
from drill.virtual.plan import draw
from drill.virtual.stage_time import Stranded

BATCH = 12
PLAYED = "played-to-the-end"


@dataclass(frozen=True)
class Outcome:
    """Of the schedules `numbers`, played together. `broken`: invariants, each with the schedules it names.

    `stranded`: the test server lost it on the way, twice.
    """

    numbers: tuple[int, ...]
    orders: int
    crashes: int
    strikes: int
    hits: Counter[Cell]
    seconds: float
    broken: tuple[Found, ...] = ()
    stranded: bool = False

    def as_data(self) -> dict[str, Any]:
        hits = [[cell.point.component, cell.point.at, cell.fault, count] for cell, count in self.hits.items()]
        return {**vars(self), "broken": [asdict(found) for found in self.broken], "hits": hits}

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Outcome":
        hits = Counter(
            {
                Cell(Point(Component(component), at), Fault(fault)): count
                for component, at, fault, count in data.pop("hits")
            }
        )
        broken = tuple(Found(**{**each, "schedules": tuple(each["schedules"])}) for each in data.pop("broken"))
        return cls(tuple(data.pop("numbers")), hits=hits, broken=broken, **data)


async def outcomes(seed: int, numbers: Sequence[int]) -> AsyncIterator[Outcome]:
    """In batches. One that can't be played to its end is played again, each schedule by itself."""
    async with open_records() as records:
        for begin in range(0, len(numbers), BATCH):
            batch = numbers[begin : begin + BATCH]
            try:
                yield await _played(records, seed, batch)
            except Exception:  # noqa: BLE001 - which schedule it was, and why, is found out here
                for number in batch:
                    yield await _alone(records, seed, number)


async def _alone(records: Records, seed: int, number: int) -> Outcome:
    """The test server can get stuck by itself; a schedule that comes to no end twice is broken."""
    try:
        return await _played(records, seed, (number,))
    except Stranded:
        return Outcome((number,), 0, 0, 0, Counter(), 0.0, stranded=True)
    except Exception as error:  # noqa: BLE001 - such as a sender who gave up, or time that stands still
        found = Found(PLAYED, (number,), {"why": f"{type(error).__name__}: {error}"})
        return Outcome((number,), 0, 0, 0, Counter(), 0.0, (found,))


async def _played(records: Records, seed: int, numbers: Sequence[int]) -> Outcome:
    began = time.monotonic()
    played = await play(records, [draw(seed, number) for number in numbers])
    lives = list(played.lives)
    return Outcome(
        tuple(numbers),
        len(lives),
        sum(len(life.crashed) for life in lives),
        sum(len(life.struck) for life in lives),
        Counter(cell for life in lives for cell in life.cells),
        time.monotonic() - began,
        tuple(played.broken),
    )


def quiet() -> None:
    """Nobody wants to read of each failure that is planned."""
    logging.getLogger("temporalio").setLevel(logging.CRITICAL)
    logging.getLogger("lockstep").setLevel(logging.ERROR)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="off"))))
