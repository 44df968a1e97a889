"""Is everything there? For people and for the health checks of containers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import httpx
import typer

from cli.endings import WRONG, run
from cli.show import Json, print_json
from cli.surroundings import RecordSettings, TemporalSettings, open_record, read
from persistence import queries
from persistence.failures import RecordFailure
from ports.clock import SystemClock

PATIENCE_SECONDS = 4.0
FRESH = timedelta(seconds=75)  # a poll lasts a minute; Temporal remembers pollers for longer than they live
API_URL = "http://127.0.0.1:8000"


class Part(StrEnum):
    API = "api"
    RECORD = "record"
    TEMPORAL = "temporal"
    WORKERS = "workers"


@dataclass(frozen=True)
class Finding:
    part: Part
    ok: bool
    detail: str


class NotThere(Exception):
    """The message says what is missing."""


def health(
    *,
    only: Annotated[Part | None, typer.Option(help="One part only.")] = None,
    api_url: Annotated[
        str | None, typer.Option(envvar="LOCKSTEP_API_URL", help=f"Also asks the API; {API_URL} with --only api.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Postgres, Temporal and workers on every task queue; exits 1 when something is away."""
    parts = [only] if only else [Part.RECORD, Part.TEMPORAL, Part.WORKERS, *([Part.API] if api_url else [])]
    found = run(_look(parts, api_url or API_URL))
    if as_json:
        print_json(found)
    else:
        for each in found:
            typer.echo(f"{each.part:9} {'ok' if each.ok else 'AWAY':5} {each.detail}")
    if not all(each.ok for each in found):
        raise typer.Exit(WRONG)


async def _look(parts: list[Part], api_url: str) -> list[Finding]:
    looks: dict[Part, Callable[[], Awaitable[str]]] = {
        Part.API: lambda: _api(api_url),
        Part.RECORD: _record,
        Part.TEMPORAL: _temporal,
        Part.WORKERS: _workers,
    }
    return [await _finding(part, looks[part]) for part in parts]


async def _finding(part: Part, look: Callable[[], Awaitable[str]]) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return Finding(part, ok=True, detail=await look())
    except TimeoutError:
        return Finding(part, ok=False, detail=f"no answer within {PATIENCE_SECONDS:.0f} seconds")
    except (NotThere, RecordFailure, httpx.HTTPError) as away:
        return Finding(part, ok=False, detail=str(away))


async def _api(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/health/live")
    if not answer.is_success:
        raise NotThere(f"{url} answers {answer.status_code}")
    return url


async def _record() -> str:
    async with open_record(read(RecordSettings)) as engine, engine.connect() as db:
        await queries.answers(db)
    return "Postgres answers"


async def _temporal() -> str:
    from cli.task_queues import is_serving  # noqa: PLC0415 - Temporal is slow to load, most commands need none

    settings = read(TemporalSettings)
    if not await is_serving(settings):
        raise NotThere(f"Temporal does not answer at {settings.temporal_address}")
    return f"Temporal answers at {settings.temporal_address}"


async def _workers() -> str:
    from cli.task_queues import TemporalSilent, last_polls  # noqa: PLC0415

    try:
        polls = await last_polls(read(TemporalSettings))
    except TemporalSilent as silent:
        raise NotThere(str(silent)) from silent
    oldest = SystemClock().now() - FRESH
    idle = [queue for queue, last in polls.items() if last is None or last < oldest]
    if idle:
        raise NotThere(f"no worker polls {', '.join(idle)}")
    return f"polled: {', '.join(polls)}"
