"""The worker process: `python worker.py`, or `lockstep worker`. Start more of them to scale out."""

import sys

from runtime.process import run_worker

if __name__ == "__main__":
    sys.exit(run_worker())
