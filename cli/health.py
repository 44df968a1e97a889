"""Is everything there? For people and for the health checks of containers."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import httpx
import typer

from cli.endings import WRONG, run
from cli.show import Json, print_json
from cli.surroundings import RecordSettings, open_record, read
from persistence import queries
from persistence.failures import RecordFailure
from runtime.config import Settings, TemporalSettings

PATIENCE_SECONDS = 4.0
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
    here: Annotated[
        bool,
        typer.Option("--here", help="Of the workers, only the one on this host, on the LOCKSTEP_QUEUES it serves."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Postgres, Temporal and workers on every task queue; exits 1 when something is away."""
    parts = [only] if only else [Part.RECORD, Part.TEMPORAL, Part.WORKERS, *([Part.API] if api_url else [])]
    found = run(_look(parts, api_url or API_URL, here=here))
    if as_json:
        print_json(found)
    else:
        for each in found:
            typer.echo(f"{each.part:9} {'ok' if each.ok else 'AWAY':5} {each.detail}")
    if not all(each.ok for each in found):
        raise typer.Exit(WRONG)


async def _look(parts: list[Part], api_url: str, *, here: bool) -> list[Finding]:
    looks: dict[Part, Callable[[], Awaitable[str]]] = {
        Part.API: lambda: _api(api_url),
        Part.RECORD: _record,
        Part.TEMPORAL: _temporal,
        Part.WORKERS: _worker_here if here else _workers,
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
    return await _polled(read(TemporalSettings))


async def _worker_here() -> str:
    settings = read(Settings)
    return await _polled(settings, socket.gethostname(), settings.queue_list)


async def _polled(settings: TemporalSettings, host: str = "", only: Sequence[str] = ()) -> str:
    from cli.task_queues import TemporalSilent, polled_queues  # noqa: PLC0415

    try:
        polled = await polled_queues(settings, host)
    except TemporalSilent as silent:
        raise NotThere(str(silent)) from silent
    wanted = only or tuple(polled)
    idle = [queue for queue in wanted if not polled.get(queue)]
    if idle:
        raise NotThere(f"no worker {f'on {host} ' if host else ''}polls {', '.join(idle)}")
    return f"polled: {', '.join(wanted)}"
