"""The programs that keep running: the HTTP edge and the worker."""

import asyncio
import signal
from typing import Annotated

import typer
import uvicorn

from cli.endings import AWAY, BAD_USAGE, in_sentences, stop
from cli.surroundings import read_all
from runtime.config import Settings
from runtime.logs import start_logs

APP = "api.app:create_app"
DRAIN_SECONDS = 30


def api(
    *,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve the HTTP edge until SIGTERM or SIGINT; requests under way are finished first."""
    read_all()
    start_logs()
    config = uvicorn.Config(
        APP,
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # LOCKSTEP_TRUSTED_PROXIES says whom we believe
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises the signal again when it has drained: let it end well
    try:
        server.run()
    except SystemExit:
        stop(AWAY, f"nothing can be served at {host}:{port}: the log says why")
    if not server.started:
        stop(AWAY, "the edge could not start: the log says why")


def worker() -> None:
    """Run the workers of LOCKSTEP_QUEUES until SIGTERM or SIGINT; steps under way are finished first."""
    settings = read_all()
    start_logs()
    with in_sentences():
        try:
            asyncio.run(_work(settings))
        except ValueError as wrong:
            stop(BAD_USAGE, str(wrong))
        except RuntimeError as away:
            stop(AWAY, f"Temporal cannot be reached at {settings.temporal_address}: {str(away).splitlines()[0]}")


async def _work(settings: Settings) -> None:
    from runtime.process import serve  # noqa: PLC0415 - Temporal is slow to load, most commands need none

    await serve(settings)
