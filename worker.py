"""The worker process: `python worker.py`, or `lockstep worker`. Start more of them to scale out."""

import asyncio
import sys

from runtime.config import Settings
from runtime.logs import start_logs
from runtime.process import run_until_told
from runtime.wiring import open_house, workers


async def main() -> None:
    async with open_house(Settings()) as house:
        await run_until_told(workers(house))


if __name__ == "__main__":
    start_logs()
    asyncio.run(main())
    sys.stdout.flush()
