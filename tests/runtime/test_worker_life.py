"""The worker process: it drains when it is told to stop, and never lives on when it can't work."""

import asyncio
import base64
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

import tests.replay
from runtime.embedded import EmbeddedTemporal
from runtime.temporal import data_converter, workflow_runner
from tests.runtime.clock_asker import ClockAsker
from tests.workflows.world import PAYLOAD_KEYS

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(b"k" * 32).decode()
SECONDS = 20.0


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[EmbeddedTemporal]:
    async with EmbeddedTemporal.throwaway(ui=False) as server:
        yield server


async def worker(address: str, **more: str) -> asyncio.subprocess.Process:
    """`python worker.py`; Postgres is only needed once there is work."""
    settings = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "TEMPORAL_ADDRESS": address,
        "LOCKSTEP_RECORD_KEY": KEY,
        "LOCKSTEP_PAYLOAD_KEYS": f"test:{KEY}",
        "LOCKSTEP_WAREHOUSE_URL": "http://127.0.0.1:1",
        "LOCKSTEP_WAREHOUSE_SECRETS": KEY,
        **more,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "worker.py",
        cwd=ROOT,
        env=os.environ | settings,  # noqa: TID251 - a test gives its child an environment
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def until_it_says(process: asyncio.subprocess.Process, word: bytes) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        while word not in (line := await process.stdout.readline()):
            assert line, "it ended before it said so"


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, bytes]:
    async with asyncio.timeout(SECONDS):
        said, _ = await process.communicate()
    return process.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_drains_and_exits_with_zero(temporal: EmbeddedTemporal, told: signal.Signals) -> None:
    process = await worker(temporal.address)
    await until_it_says(process, b"serving orders, refunds, payments, warehouse, outbox")
    process.send_signal(told)
    code, said = await ended(process)
    assert code == 0, said.decode()


@pytest.mark.slow
async def test_without_temporal_it_ends_with_an_error() -> None:
    code, said = await ended(await worker("127.0.0.1:1"))
    assert code == 3, said.decode()
    assert b"error: Temporal cannot be reached at 127.0.0.1:1" in said
    assert b"Traceback" not in said


@pytest.mark.slow
async def test_a_worker_that_fails_ends_the_process_with_an_error(temporal: EmbeddedTemporal) -> None:
    """Nobody made this namespace, so no queue of it can be served."""
    code, said = await ended(await worker(temporal.address, TEMPORAL_NAMESPACE="nowhere"))
    assert code == 3, said.decode()
    assert b"error: Temporal does not let us serve" in said
    assert b"nowhere" in said
    assert b"Traceback" not in said


@pytest.mark.slow
async def test_a_collector_that_is_away_keeps_nobody_from_working_or_from_ending(temporal: EmbeddedTemporal) -> None:
    process = await worker(temporal.address, LOCKSTEP_OTLP_ENDPOINT="http://127.0.0.1:1")
    await until_it_says(process, b"serving orders, refunds, payments, warehouse")
    process.send_signal(signal.SIGTERM)
    code, said = await ended(process)
    assert code == 0, said.decode()


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["LOCKSTEP_METRICS_ADDRESS", "LOCKSTEP_TEMPORAL_METRICS_ADDRESS"])
async def test_where_its_metrics_cannot_be_served_it_ends_and_says_so(setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = await ended(await worker("127.0.0.1:1", **{setting: address}))
    assert code == 2, said.decode()
    assert f"error: no metrics can be served at {address}".encode() in said


async def test_the_sandbox_keeps_a_workflow_from_asking_the_machine_for_the_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    replayer = Replayer(
        workflows=[ClockAsker], data_converter=data_converter(PAYLOAD_KEYS), workflow_runner=workflow_runner()
    )
    saved = Path(str(tests.replay.__file__)).with_name("histories") / "straight.json"
    history = WorkflowHistory.from_json("order/shop/tea/1001", saved.read_text())
    with pytest.raises(RuntimeError, match="Workflow activation completion failed"):
        await replayer.replay_workflow(history)
    assert "datetime.datetime.now restricted" in caplog.text
