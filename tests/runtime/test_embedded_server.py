"""The life that both embedded servers share."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from runtime.embedded import AlreadyRunning, EmbeddedPostgres, EmbeddedTemporal, PortTaken, port_choice
from runtime.embedded.errors import start_failed
from runtime.embedded.folder import ServerFolder
from runtime.embedded.port_choice import PortChoice

type_of_server = type[EmbeddedPostgres] | type[EmbeddedTemporal]
both = pytest.mark.parametrize("server_type", [EmbeddedPostgres, EmbeddedTemporal])
slow = pytest.mark.slow

# A parent that starts a server, says its pid and port, and then waits to be killed.
PARENT = """
import asyncio, sys
from pathlib import Path
from runtime import embedded
from runtime.embedded import processes

async def main(server_type, data_dir, tied):
    if tied == "untied":
        processes._tie_to_our_life = lambda last_signal: ()
    server = getattr(embedded, server_type)(Path(data_dir), durable=False)
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def data_dir(tmp_path: Path) -> AsyncIterator[Path]:
    """Run by root, its parents are closed to the account of Postgres, whose data then lie elsewhere: erased, too."""
    yield tmp_path / "data"
    for server_type in (EmbeddedPostgres, EmbeddedTemporal):
        await server_type(tmp_path / "data").erase()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(server: EmbeddedPostgres | EmbeddedTemporal) -> int:
    return server.port if isinstance(server, EmbeddedPostgres) else int(server.address.split(":")[1])


def works_over(folder: Path) -> list[int]:
    """Processes that stand in the folder or name it on their command line, our own tests aside."""
    places = {str(folder), str((folder / "cluster").resolve())}
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "cwd", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and (process.info["cwd"] in places or any(p in a for a in process.info["cmdline"] or [] for p in places))
    ]


@slow
@both
async def test_stopping_leaves_nothing_running(server_type: type_of_server, data_dir: Path) -> None:
    async with server_type(data_dir, durable=False) as server:
        assert server.running
        assert listens(port_of(server))
        assert works_over(server.folder.path)
    assert not server.running
    assert not listens(port_of(server))
    assert not works_over(server.folder.path)
    assert server.folder.recorded() is None


@slow
@both
async def test_a_second_start_over_the_same_data_is_refused(server_type: type_of_server, data_dir: Path) -> None:
    async with server_type(data_dir, durable=False) as first:
        with pytest.raises(AlreadyRunning, match=rf"already runs over .*, started by process {os.getpid()}: stop that"):
            await server_type(data_dir, durable=False).start()
        with pytest.raises(AlreadyRunning, match="started by us"):
            await first.start()
        assert first.running


@slow
@both
async def test_two_run_side_by_side(server_type: type_of_server, data_dir: Path, tmp_path: Path) -> None:
    other = server_type(tmp_path / "other", durable=False)
    try:
        async with server_type(data_dir, durable=False) as one, other:
            assert port_of(one) != port_of(other)
            assert listens(port_of(one))
            assert listens(port_of(other))
    finally:
        await other.erase()


@slow
@both
@pytest.mark.parametrize("tied", ["tied", "untied"])
async def test_a_killed_parent_does_not_prevent_the_next_start(
    server_type: type_of_server, tied: str, data_dir: Path
) -> None:
    command = [sys.executable, "-c", PARENT, server_type.__name__, str(data_dir), tied]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as parent:  # noqa: ASYNC220
        assert parent.stdout
        leftover = psutil.Process(int(await asyncio.to_thread(parent.stdout.readline)))
        parent.kill()
    if tied == "untied":
        assert leftover.is_running()
        assert leftover.status() != psutil.STATUS_ZOMBIE
    async with server_type(data_dir, durable=False) as server:
        assert server.pid != leftover.pid
        assert not leftover.is_running() or leftover.status() == psutil.STATUS_ZOMBIE
    assert not works_over(server.folder.path)


@slow
@both
async def test_a_server_that_does_not_stop_is_killed(
    server_type: type_of_server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.embedded.server._STOP_LIMIT_SECONDS", 0.2)
    async with server_type(data_dir, durable=False) as server:
        os.kill(server.pid, signal.SIGSTOP)
    assert not works_over(server.folder.path)


@slow
@both
async def test_a_given_port_that_is_taken_fails_with_the_log(server_type: type_of_server, data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = server_type(data_dir, taken.getsockname()[1], durable=False)
        with pytest.raises(PortTaken, match=r"(?is)ended while it started.*address already in use.*choose another"):
            await server.start()
    assert not server.running
    assert not works_over(server.folder.path)
    async with server:  # what failed can be started again, once the port is free
        assert port_of(server) == taken_port(server)


def taken_port(server: EmbeddedPostgres | EmbeddedTemporal) -> int | None:
    return next(port for port in server._ports._given.values() if port is not None)


@slow
@both
async def test_a_free_port_that_was_lost_meanwhile_is_replaced(
    server_type: type_of_server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = port_choice._free_ports
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        lost = [taken.getsockname()[1]]
        monkeypatch.setattr(
            port_choice, "_free_ports", lambda count: [lost.pop() if lost else real(1)[0], *real(count - 1)]
        )
        async with server_type(data_dir, durable=False) as server:
            assert not lost
            assert port_of(server) != taken.getsockname()[1]


@slow
@both
async def test_a_server_that_was_away_is_found_where_it_was(server_type: type_of_server, data_dir: Path) -> None:
    async with server_type(data_dir, durable=False) as server:
        before = port_of(server)
        async with server.away():
            assert not listens(before)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", before))
        assert port_of(server) == before
        assert listens(before)


@slow
@both
async def test_a_server_whose_clients_know_its_port_never_moves(server_type: type_of_server, data_dir: Path) -> None:
    async with server_type(data_dir, durable=False) as server:
        before = port_of(server)
        await server.stop()
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", before))
            taken.listen()
            with pytest.raises(PortTaken):
                await server.start()
        await server.start()
        assert port_of(server) == before


@slow
@both
async def test_a_throwaway_server_leaves_no_folder(server_type: type_of_server) -> None:
    async with server_type.throwaway() as server:
        assert server.running
        places = [server.folder.path, (server.folder.path / "cluster").resolve()]
        assert places[0].exists()
    assert not any(place.exists() for place in places)
    assert not places[0].parent.exists()


def test_a_pid_that_was_given_to_a_stranger_is_not_taken_for_the_server(tmp_path: Path) -> None:
    folder = ServerFolder(tmp_path, "Postgres", 0o700)
    folder.record(psutil.Process())
    assert folder.recorded() == psutil.Process()
    record = json.loads((tmp_path / "process.json").read_text())
    (tmp_path / "process.json").write_text(json.dumps(record | {"begun": record["begun"] - 60}))
    assert folder.recorded() is None


@pytest.mark.parametrize("text", ["", "{", '{"pid": 4194999, "begun": 0.0}'])
def test_a_torn_or_outdated_record_names_nobody(text: str, tmp_path: Path) -> None:
    (tmp_path / "process.json").write_text(text)
    assert ServerFolder(tmp_path, "Postgres", 0o700).recorded() is None


def test_given_ports_stay_and_free_ones_differ_and_are_kept() -> None:
    ports = PortChoice(grpc=4000, http=None, ui=None)
    ports.choose()
    chosen = [ports[name] for name in ("grpc", "http", "ui")]
    assert chosen[0] == 4000
    assert len(set(chosen)) == 3
    ports.choose()
    assert chosen == [ports[name] for name in ("grpc", "http", "ui")]
    ports.choose_others()
    assert ports["grpc"] == 4000
    ports.keep()
    known = [ports[name] for name in ("grpc", "http", "ui")]
    ports.choose_others()
    assert known == [ports[name] for name in ("grpc", "http", "ui")]


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("FATAL: could not write: No space left on device", "disk is full"),
        ('initdb: error: invalid locale name "C"', "install the C library's locales"),
        ('FATAL:  lock file "postmaster.pid" already exists', "stop it and start again"),
        ("could not access: Permission denied", "start as the user who made"),
        ("something new", "Read the log"),
    ],
)
def test_a_failed_start_says_what_to_do(line: str, advice: str) -> None:
    text = str(start_failed("Postgres ended while it started", ["first", line]))
    assert line in text
    assert advice in text


@pytest.mark.parametrize(
    ("cause", "lacks_a_port"),
    [
        ("panic: listen tcp 127.0.0.1:1: bind: address already in use", True),
        ("panic: failed assigning ephemeral port: cannot assign requested address", True),
        ("panic: something new", False),
    ],
)
def test_the_cause_of_a_crash_is_found_above_its_stack(cause: str, *, lacks_a_port: bool) -> None:
    error = start_failed("Temporal ended", [cause, *(f"goroutine {number} [running]:" for number in range(40))])
    assert isinstance(error, PortTaken) == lacks_a_port
    assert cause in str(error)
    assert "goroutine 39" not in str(error)
