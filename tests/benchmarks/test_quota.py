"""A process that may use less than it wants stands still for a while, and never longer than it is limited."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from benchmarks.quota import limited
from tests.journeys.staging import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def busy() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        yield psutil.Process(child.pid)
        child.kill()


async def test_a_busy_process_is_stopped_and_runs_again_at_the_end(busy: psutil.Process) -> None:
    async def stopped() -> bool:
        return busy.status() == psutil.STATUS_STOPPED

    async with limited([busy.pid], share=0.05):
        await eventually(stopped, "it uses more than it may")
    assert busy.status() != psutil.STATUS_STOPPED
