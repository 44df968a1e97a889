"""Commands run against a real record; each in a thread of its own, because each brings its own event loop."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

KEY = base64.b64encode(b"k" * 32).decode()
UNSET = dict.fromkeys(("DATABASE_URL", "TEMPORAL_ADDRESS", "LOCKSTEP_RECORD_KEY", "LOCKSTEP_PAYLOAD_KEYS"))


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code in (0, 1), self.err
        return json.loads(self.out)


@dataclass
class CommandLine:
    """`environment` replaces what the machine says; a variable of None is not set."""

    environment: Mapping[str, str | None]

    async def __call__(self, *arguments: str, **changed: str | None) -> Said:
        environment = {**UNSET, **self.environment, **changed}
        result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    async def data(self, *arguments: str) -> Any:
        return (await self(*arguments, "--json")).data


@pytest.fixture
def lockstep(record_url: str) -> CommandLine:
    """Only Postgres is named: no Temporal, no keys."""
    return CommandLine({"DATABASE_URL": record_url})
