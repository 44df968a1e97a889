"""Lanes side by side: each is a process of its own, with its own servers. Two of them keep two cores busy."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from drill.virtual.lane import Outcome

LONGEST_LINE = 16 * 1024 * 1024
MARK = b'{"numbers"'


class LaneFailed(Exception):
    """A lane's process ended before its schedules did; its log says why."""


async def run(seed: int, numbers: Sequence[int], lanes: int, folder: Path) -> AsyncIterator[Outcome]:
    """Outcomes as they come. Raises LaneFailed."""
    arrived: asyncio.Queue[Outcome | BaseException | None] = asyncio.Queue()
    parts = [part for part in (numbers[lane::lanes] for lane in range(lanes)) if part]
    running = [asyncio.create_task(_lane(seed, part, folder / f"lane-{n}", arrived)) for n, part in enumerate(parts)]
    try:
        open_lanes = len(parts)
        while open_lanes:
            found = await arrived.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                open_lanes -= 1
            else:
                yield found
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _lane(
    seed: int, numbers: Sequence[int], name: Path, arrived: "asyncio.Queue[Outcome | BaseException | None]"
) -> None:
    try:
        await _follow(seed, numbers, name, arrived)
        await arrived.put(None)
    except Exception as error:  # noqa: BLE001 - whatever it was, the drill must hear of it
        await arrived.put(error)


async def _follow(
    seed: int, numbers: Sequence[int], name: Path, arrived: "asyncio.Queue[Outcome | BaseException | None]"
) -> None:
    plan, log = name.with_suffix(".json"), name.with_suffix(".log")
    plan.write_text(json.dumps({"seed": seed, "numbers": list(numbers)}))
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "drill", "lane", str(plan)),
            stdout=asyncio.subprocess.PIPE,
            stderr=said,
            limit=LONGEST_LINE,
        )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.startswith(MARK):
                await arrived.put(Outcome.read(json.loads(line)))
        if await process.wait() != 0:
            raise LaneFailed(f"a lane ended with {process.returncode}: see {log}")
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
