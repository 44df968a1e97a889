"""Embedded Postgres: whose data, where, and what outlives what."""

import asyncio
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from runtime.embedded import EmbeddedPostgres, EmbeddedServerError, StartFailed, programs
from runtime.embedded.processes import Account

pytestmark = pytest.mark.slow

# Drops root's rights when it has them, starts and stops Postgres, says who ran it. Everything is imported, and the
# programs are looked up, before: the interpreter's own files may be closed to the account.
AS_ORDINARY_USER = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
import psutil
from runtime.embedded import EmbeddedPostgres
from runtime.embedded.processes import Account
from runtime.embedded.programs import postgres_programs

data_dir, uid, gid = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
postgres_programs(Account(uid, gid))
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
os.environ.pop("HOME", None)

async def main():
    async with EmbeddedPostgres(data_dir, durable=False) as postgres:
        await postgres.create_database("copy", template="lockstep")
        print(psutil.Process(postgres.pid).uids().effective)

asyncio.run(main())
"""


@pytest.fixture
async def data_dir(tmp_path: Path) -> AsyncIterator[Path]:
    """For root, pytest's folder is closed to the account of Postgres."""
    yield tmp_path / "data"
    await EmbeddedPostgres(tmp_path / "data").erase()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter."""
    folder = Path(tempfile.mkdtemp(prefix="lockstep-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("durable", [True, False])
async def test_committed_data_survive_a_kill_of_the_postmaster(durable: bool, data_dir: Path) -> None:  # noqa: FBT001
    async with EmbeddedPostgres(data_dir, durable=durable) as postgres:
        ask(postgres.url, "CREATE TABLE paid AS SELECT 1 AS id")
        url = postgres.url
        backends = psutil.Process(postgres.pid).children()
        busy = psycopg.connect(url.replace("+psycopg", ""))  # its backend may outlive the postmaster for a moment
        killed = psutil.Process(postgres.pid)
        killed.kill()
        await asyncio.to_thread(killed.wait, 5)
        assert not postgres.running
        await postgres.start()
        assert postgres.url == url
        assert ask(url, "SELECT id FROM paid") == [(1,)]
        assert not any(backend.is_running() and backend.status() != psutil.STATUS_ZOMBIE for backend in backends)
        with suppress(psycopg.Error):
            busy.close()


@pytest.mark.parametrize("stranger", [os.getpid(), 1, 4194999], ids=["ourselves", "init", "nobody"])
async def test_a_stale_lock_file_does_not_prevent_a_start(stranger: int, data_dir: Path) -> None:
    """Its pid may have been given to another program since."""
    postgres = EmbeddedPostgres(data_dir, durable=False)
    async with postgres:
        lock_file = data_dir / "postgres" / "cluster" / "postmaster.pid"
        lines = lock_file.read_text().splitlines()
    lock_file.write_text("\n".join([str(stranger), *lines[1:]]) + "\n")
    os.chown(lock_file, *lock_file.parent.stat()[4:6])
    async with postgres:
        assert ask(postgres.url, "SELECT 1") == [(1,)]


async def test_a_postgres_that_somebody_else_runs_over_the_data_is_left_alone(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir, durable=False) as postgres:
        postgres.folder.forget()
        postgres.folder.let_go()
        with pytest.raises(StartFailed, match=r"(?s)lock file \"postmaster.pid\" already exists.*was not started here"):
            await EmbeddedPostgres(data_dir, durable=False).start()
        assert postgres.running
        assert ask(postgres.url, "SELECT 1") == [(1,)]


async def test_a_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    half_made = data_dir / "postgres" / "cluster.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("16\n")
    async with EmbeddedPostgres(data_dir, durable=False) as postgres:
        assert ask(postgres.url, "SELECT 1") == [(1,)]
    assert not half_made.exists()


async def test_the_data_are_private_and_lie_where_their_account_can_reach_them(
    data_dir: Path, open_folder: Path
) -> None:
    for folder, elsewhere in ((data_dir, os.geteuid() == 0), (open_folder, False)):
        parents = [(parent, parent.stat().st_mode) for parent in folder.parents]
        async with EmbeddedPostgres(folder, durable=False) as postgres:
            cluster = folder / "postgres" / "cluster"
            assert cluster.is_symlink() == elsewhere
            assert stat.S_IMODE(cluster.stat().st_mode) == 0o700
            assert cluster.stat().st_uid == psutil.Process(postgres.pid).uids().effective != 0
            assert stat.S_IMODE((folder / "postgres" / "password").stat().st_mode) == 0o600
            assert stat.S_IMODE((folder / "postgres" / "server.log").stat().st_mode) == 0o600
        assert parents == [(parent, parent.stat().st_mode) for parent in folder.parents]
        await EmbeddedPostgres(folder).erase()
        assert not cluster.resolve().exists()


def test_it_runs_as_an_ordinary_user(open_folder: Path) -> None:
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(open_folder, user.pw_uid, user.pw_gid)
    done = subprocess.run(
        [sys.executable, "-c", AS_ORDINARY_USER, str(open_folder), str(user.pw_uid), str(user.pw_gid)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == user.pw_uid != 0
    assert (open_folder / "postgres" / "cluster" / "PG_VERSION").read_text() == "16\n"
    assert {path.stat().st_uid for path in open_folder.rglob("*")} == {user.pw_uid}


def test_programs_in_a_closed_folder_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_COPIES", tmp_path)
    original = programs.postgres_programs(Account.ours())
    copy = programs._copy_for_everyone(original)
    assert copy.is_relative_to(tmp_path)
    assert programs._copy_for_everyone(original) == copy
    assert len(list(tmp_path.iterdir())) == 1
    for program in ("initdb", "postgres", "createdb"):
        said = subprocess.run([copy / program, "--version"], check=True, capture_output=True, text=True)
        assert "(PostgreSQL) 16" in said.stdout


async def test_a_database_can_be_a_copy_of_another(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir, durable=False) as postgres:
        ask(await postgres.create_database("template"), "CREATE TABLE paid AS SELECT 7 AS id")
        copy = await postgres.create_database("copy of template", template="template")
        assert ask(copy.replace(" ", "%20"), "SELECT id FROM paid") == [(7,)]
        with pytest.raises(EmbeddedServerError, match="already exists"):
            await postgres.create_database("template")
        await postgres.drop_database("template")
        await postgres.drop_database("template")
        assert ask(postgres.url, "SELECT count(*) FROM pg_database WHERE datname = 'template'") == [(0,)]


async def test_durability_and_the_password_are_on_unless_asked_otherwise(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir) as postgres:
        names = ("fsync", "synchronous_commit", "full_page_writes", "max_connections", "server_encoding", "TimeZone")
        settings = [ask(postgres.url, f"SHOW {name}")[0][0] for name in names]
        assert settings == ["on", "on", "on", "200", "UTF8", "UTC"]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=postgres.port, user="lockstep", password="wrong", dbname="lockstep")


async def test_a_failing_start_quotes_the_log(data_dir: Path) -> None:
    async with EmbeddedPostgres(data_dir, durable=False) as postgres:
        pass
    with (data_dir / "postgres" / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(StartFailed, match=r'(?s)ended while it started .*server.log.*parameter "no_such_setting"'):
        await postgres.start()
    assert not postgres.running


async def test_data_that_vanished_are_not_replaced_by_empty_ones(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "cluster").symlink_to(data_dir / "gone")
    with pytest.raises(StartFailed, match="are gone"):
        await EmbeddedPostgres(data_dir, durable=False).start()
