"""The worker process: `python worker.py`, or `lockstep worker`. Start more of them to scale out."""

import asyncio
import sys

from runtime.config import Settings
from runtime.logs import start_logs
from runtime.process import serve

if __name__ == "__main__":
    start_logs()
    asyncio.run(serve(Settings()))
    sys.stdout.flush()
