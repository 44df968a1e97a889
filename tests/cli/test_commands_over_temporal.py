"""Commands that meet running workflows: decisions, bulk retries, health; and the two programs as processes."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runtime.embedded import EmbeddedTemporal
from runtime.embedded.port_choice import free_port
from tests.api.test_cases_journey import PUSHED, case_of, out_of_stock, paid_order, set_level
from tests.cli.conftest import KEY, CommandLine
from tests.journeys.conftest import Stage, stage, temporal, world_folder

__all__ = ["stage", "temporal", "world_folder"]  # fixtures

pytestmark = pytest.mark.slow

LOCKSTEP = Path(sys.executable).with_name("lockstep")


def environment(record_url: str, temporal: EmbeddedTemporal) -> dict[str, str]:
    return {
        "DATABASE_URL": record_url,
        "TEMPORAL_ADDRESS": temporal.address,
        "LOCKSTEP_RECORD_KEY": KEY,
        "LOCKSTEP_PAYLOAD_KEYS": f"test:{KEY}",
        "LOCKSTEP_WAREHOUSE_SECRETS": "whsec_" + KEY,
    }


@pytest.fixture
def lockstep(record_url: str, temporal: EmbeddedTemporal) -> CommandLine:
    return CommandLine(environment(record_url, temporal))


async def traces_of_messages(stage: Stage) -> list[str]:
    return [row.trace_id for row in await stage.rows("select trace_id from inbound_events")]


async def test_a_decision_from_the_command_line_moves_the_order(stage: Stage, lockstep: CommandLine) -> None:
    case_id = await out_of_stock(stage, "4001")
    assert (await lockstep("stock", "set", "TEA-GREEN-250", "50")).code == 0
    said = await lockstep("decide", case_id, "--choice", "retry", "--by", "mei", "--reason", "restocked")
    assert (said.code, "decided: retry; order shop/tea/4001 is" in said.out) == (0, True), said
    await stage.until_stage("4001", *PUSHED)
    assert (await lockstep("verify-audit", "--all")).code == 0
    decided = await stage.value("select trace_id from audit_log where step = 'settle_case'")
    assert [len(decided), decided in await traces_of_messages(stage)] == [32, False], "a decision is a trace of its own"
    late = await lockstep("decide", case_id, "--choice", "cancel", "--by", "bo", "--reason", "no")
    assert (late.code, "mei decided this case at" in late.err) == (1, True)


async def test_many_are_retried_at_once_and_each_has_its_result(stage: Stage, lockstep: CommandLine) -> None:
    await set_level(stage, 0)
    for number in ("4002", "4003", "4004"):
        await paid_order(stage, number)
        await case_of(stage, number, "out_of_stock")
    await stage.house.temporal.get_workflow_handle("order/shop/tea/4003").terminate()
    await set_level(stage, 50)
    retry = ("retry", "--cause", "out_of_stock", "--yes", "--by", "mei", "--per-second", "20")
    done = await lockstep.data(*retry)
    assert (done["accepted"], done["failed"]) == (2, 1)
    failed = next(item for item in done["items"] if not item["accepted"])
    assert (failed["order_id"], "no workflow" in failed["sentence"]) == ("shop/tea/4003", True)
    for number in ("4002", "4004"):
        await stage.until_stage(number, *PUSHED)
    again = await lockstep(*retry)
    assert (again.code, "0 of 1 accepted" in again.out, "FAILED" in again.out) == (1, True, True)


async def test_health_sees_the_workers(stage: Stage, lockstep: CommandLine) -> None:
    async def all_well() -> bool:
        """Temporal tells of a worker once it has polled each of its queues."""
        found = await lockstep.data("health", "--api-url", str(stage.shop.base_url).rstrip("/"))
        return [each["part"] for each in found if each["ok"]] == ["record", "temporal", "workers", "api"]

    await stage.until(all_well, "every part is well")


async def test_health_of_one_host_does_not_count_the_workers_of_others(
    stage: Stage, lockstep: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await lockstep("health", "--only", "workers", "--here", LOCKSTEP_QUEUES="payments,warehouse")
    assert (here.code, "polled: payments, warehouse" in here.out) == (0, True), here
    monkeypatch.setattr(socket, "gethostname", lambda: "other-host")
    there = await lockstep("health", "--only", "workers", "--here", LOCKSTEP_QUEUES="payments,warehouse")
    assert (there.code, "no worker on other-host polls payments, warehouse" in there.out) == (1, True), there
    monkeypatch.undo()

    async def all_polled() -> bool:
        return (await lockstep("health", "--only", "workers")).code == 0

    await stage.until(all_polled, "each queue polled by somebody")


@asynccontextmanager
async def program(environment: dict[str, str], *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        str(LOCKSTEP),
        *arguments,
        env={**os.environ, **environment},  # noqa: TID251 - as a shell would
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_worker_and_api_serve_until_told_and_end_well(record_url: str, temporal: EmbeddedTemporal) -> None:
    named = environment(record_url, temporal)
    lockstep = CommandLine(named)
    port = free_port(18431)
    async with program(named, "api", "--port", str(port)) as api, program(named, "worker") as worker:
        async with asyncio.timeout(40):
            assert worker.stderr is not None
            while b"serving orders, refunds, payments, warehouse, outbox" not in await worker.stderr.readline():
                assert worker.returncode is None
            for check in (("api", "--api-url", f"http://127.0.0.1:{port}"), ("workers", "--here")):
                while (await lockstep("health", "--only", *check)).code != 0:
                    assert api.returncode is None
                    assert worker.returncode is None
                    await asyncio.sleep(0.2)
            for each in (api, worker):
                each.send_signal(signal.SIGTERM)
            assert [await each.wait() for each in (api, worker)] == [0, 0]


async def test_a_program_that_cannot_start_says_why_in_a_sentence(record_url: str, temporal: EmbeddedTemporal) -> None:
    named = environment(record_url, temporal)
    wrongs = {
        "Temporal cannot be reached at 127.0.0.1:9": ({"TEMPORAL_ADDRESS": "127.0.0.1:9"}, 3),
        "choose from orders": ({"LOCKSTEP_QUEUES": "orders,parcels"}, 2),
        "LOCKSTEP_WAREHOUSE_SECRETS is not set": ({"LOCKSTEP_WAREHOUSE_SECRETS": ""}, 2),
        "LOCKSTEP_TIME_SCALE": ({"LOCKSTEP_TIME_SCALE": "fast"}, 2),
    }
    for sentence, (changed, code) in wrongs.items():
        async with program({**named, **changed}, "worker") as process:
            _, said = await process.communicate()
        assert process.returncode == code, said.decode()
        assert sentence in said.decode()
        assert "Traceback" not in said.decode()
