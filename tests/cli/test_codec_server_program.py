"""`lockstep codec-server` as a process, asked by Temporal's own command."""

import asyncio
import base64
import json
import signal
import sys
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from runtime.embedded import EmbeddedTemporal
from runtime.embedded.port_choice import free_port
from runtime.temporal import data_converter
from tests.builders import settled
from tests.cli.conftest import KEY, CommandLine
from tests.cli.test_commands_over_temporal import program
from tests.journeys.conftest import temporal

__all__ = ["temporal"]  # fixture

pytestmark = pytest.mark.slow

TEMPORAL = Path(sys.executable).with_name("temporal")
UI = "http://127.0.0.1:8080"


async def input_shown(address: str, *codec: str) -> bytes:
    """What `temporal workflow show` tells of the input of order/1."""
    asked = ("workflow", "show", "--workflow-id", "order/1", "--output", "json", "--address", address)
    process = await asyncio.create_subprocess_exec(str(TEMPORAL), *asked, *codec, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    started = json.loads(said)["events"][0]["workflowExecutionStartedEventAttributes"]
    return base64.b64decode(started["input"]["payloads"][0]["data"])


async def test_temporals_own_command_reads_through_it_with_a_token(record_url: str, temporal: EmbeddedTemporal) -> None:
    converter = data_converter({"test": b"k" * 32})
    client = await Client.connect(temporal.address, data_converter=converter)
    await client.start_workflow("Order", settled(), id="order/1", task_queue="q")
    environment = {
        "DATABASE_URL": record_url,
        "LOCKSTEP_PAYLOAD_KEYS": f"test:{KEY}",
        "LOCKSTEP_TEMPORAL_UI_URL": UI,
    }
    secret = (await CommandLine(environment).data("token", "create", "lin", "--scope", "payloads:read"))["token"]
    port = free_port(18081)
    url = f"http://127.0.0.1:{port}"
    async with program(environment, "codec-server", "--port", str(port)) as serving, httpx.AsyncClient() as browser:
        async with asyncio.timeout(40):
            while True:
                try:
                    assert (await browser.get(f"{url}/health/live")).is_success
                    break
                except httpx.TransportError:
                    assert serving.returncode is None
                    await asyncio.sleep(0.1)
            assert b"amount_minor" not in await input_shown(temporal.address)
            access = ("--codec-endpoint", url, "--codec-auth", f"Bearer {secret}")
            shown = await input_shown(temporal.address, *access)
            assert json.loads(shown)["capture"]["amount"] == {"amount_minor": 14400, "currency": "CNY"}
            serving.send_signal(signal.SIGTERM)
            assert await serving.wait() == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"LOCKSTEP_TEMPORAL_UI_URL": None}, "LOCKSTEP_TEMPORAL_UI_URL is not set"),
        ({"LOCKSTEP_TEMPORAL_UI_URL": "ui"}, "LOCKSTEP_TEMPORAL_UI_URL: "),
        ({"LOCKSTEP_PAYLOAD_KEYS": "test:short"}, "LOCKSTEP_PAYLOAD_KEYS: must read id:key"),
    ],
)
async def test_it_does_not_start_half_set_up(
    lockstep: CommandLine, changed: dict[str, str | None], sentence: str
) -> None:
    whole = {"LOCKSTEP_PAYLOAD_KEYS": f"test:{KEY}", "LOCKSTEP_TEMPORAL_UI_URL": UI}
    said = await lockstep("codec-server", **{**whole, **changed})
    assert (said.code, sentence in said.err) == (2, True), said.err
