"""Postgres over a folder of ours."""

import asyncio
import shutil
import signal
import subprocess
from pathlib import Path

from runtime.embedded.cluster import DATABASE, USER, Cluster
from runtime.embedded.errors import EmbeddedServerError
from runtime.embedded.port_choice import PortChoice
from runtime.embedded.processes import Account
from runtime.embedded.programs import postgres_programs
from runtime.embedded.server import EmbeddedServer

_SETTINGS = {"max_connections": "200", "timezone": "UTC", "log_timezone": "UTC"}
# synchronous_commit stays on: it costs little without fsync, and without it a kill, too, would lose the last commits.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """`async with EmbeddedPostgres(data_dir) as postgres: connect(postgres.url)`.

    The data lie in `<data_dir>/postgres`. `port=None` takes a free one and keeps it over restarts of this object.
    `durable=False` is for tests: faster, and a power cut may spoil the data (a kill does not).
    """

    label = "Postgres"
    stop_signal = signal.SIGINT  # "fast shutdown": ends the sessions, writes everything down
    folder_mode = 0o711  # under root, the account that runs Postgres passes through to its data, but cannot look around

    def __init__(self, data_dir: Path, port: int | None = None, *, durable: bool = True) -> None:
        super().__init__(data_dir / "postgres", PortChoice(sql=port))
        self._cluster = Cluster(self.folder)
        self._settings = _SETTINGS if durable else _SETTINGS | _NOT_DURABLE

    @property
    def port(self) -> int:
        return self._ports["sql"]

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database `lockstep`, password included. After the first start."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}:{self._cluster.password}@127.0.0.1:{self.port}/{database}"

    async def create_database(self, name: str, template: str | None = None) -> str:
        """A new database, empty or a copy of `template`, to which nobody may be connected. Returns its URL."""
        await self._ask("createdb", *(["--template", template] if template else []), name)
        return self.url_of(name)

    async def drop_database(self, name: str) -> None:
        """Remove a database and the sessions in it. One that does not exist is fine."""
        await self._ask("dropdb", "--if-exists", "--force", name)

    async def _ask(self, program: str, *arguments: str) -> None:
        asked = await asyncio.create_subprocess_exec(
            postgres_programs(Account.ours()) / program,
            *("--host", "127.0.0.1", "--port", str(self.port), "--username", USER),
            *arguments,
            env={"LC_ALL": "C", "PGPASSWORD": self._cluster.password},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _, said = await asked.communicate()
        if asked.returncode != 0:
            raise EmbeddedServerError(said.decode(errors="replace").strip())

    async def _clear_leftovers(self) -> None:
        await super()._clear_leftovers()
        await self._cluster.clear_after_crash()

    def _prepare(self) -> None:
        self._cluster.create()

    def _account(self) -> Account:
        return self._cluster.account

    def _command(self) -> list[str]:
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        data = str(self._cluster.path)
        no_unix_socket = ["-k", ""]  # it would lie in /tmp, where two servers and other users meet
        server = str(postgres_programs(self._account()) / "postgres")
        return [server, "-D", data, "-h", "127.0.0.1", "-p", str(self.port), *no_unix_socket, *settings]

    async def _answers(self) -> bool:
        return self._cluster.accepts_connections(self.pid)

    def _remove_data(self) -> None:
        self._cluster.remove()
        shutil.rmtree(self.folder.path)
