"""The programs that keep running: the HTTP edge and the worker."""

import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

import typer
import uvicorn

from cli.endings import AWAY, stop
from cli.surroundings import CodecSettings, read
from persistence.engine import connect
from ports.clock import SystemClock
from runtime.config import read_key_ring
from runtime.logs import start_logs
from runtime.starting import CannotStart, WrongSettings, read_all_settings

DRAIN_SECONDS = 30


def api(
    *,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve the HTTP edge until SIGTERM or SIGINT; requests under way are finished first."""
    from api.app import create_app  # noqa: PLC0415 - Temporal is slow to load

    try:
        read_all_settings()
    except WrongSettings as wrong:
        stop(wrong.exit_code, str(wrong))
    edge = create_app()
    _serve(edge, host, port, lambda: edge.state.cannot_start)


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


def _serve(app: Any, host: str, port: int, reason: Callable[[], CannotStart | None] = lambda: None) -> None:
    """`reason`: why it could not start, where that is known."""
    start_logs()
    config = uvicorn.Config(
        app,
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
    with suppress(SystemExit):
        server.run()
    if not server.started:
        known = reason()
        said = str(known) if known else f"nothing can be served at {host}:{port}: the log says why"
        stop(known.exit_code if known else AWAY, said)


def worker() -> None:
    """Run the workers of LOCKSTEP_QUEUES until SIGTERM or SIGINT; steps under way are finished first."""
    from runtime.process import run_worker  # noqa: PLC0415 - Temporal is slow to load, most commands need none

    raise typer.Exit(run_worker())
