"""The programs that keep running: the HTTP edge and the worker."""

import asyncio
import signal
from typing import Annotated, Any

import typer
import uvicorn

from cli.endings import AWAY, BAD_USAGE, in_sentences, stop
from cli.surroundings import CodecSettings, read, read_all
from persistence.engine import connect
from ports.clock import SystemClock
from runtime.config import Settings, read_key_ring
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
    _serve(APP, host, port, factory=True)


def codec_server(
    *,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8081,
) -> None:
    """Serve payloads in clear to the Temporal Web UI, for people with a token of the scope payloads:read."""
    from api.codec_server import CodecHouse, create_codec_app  # noqa: PLC0415 - Temporal is slow to load
    from runtime.codec import EncryptionCodec  # noqa: PLC0415

    settings = read(CodecSettings)
    codec = EncryptionCodec(read_key_ring(settings.payload_keys.get_secret_value()))
    house = CodecHouse(connect(settings.database_url, pool_size=2), SystemClock(), codec, settings.temporal_ui_url)
    _serve(create_codec_app(house), host, port)


def _serve(app: Any, host: str, port: int, *, factory: bool = False) -> None:
    start_logs()
    config = uvicorn.Config(
        app,
        factory=factory,
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
