"""The data of an embedded Postgres: where they lie, whose they are, how they begin, what a crash leaves."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil

from runtime.embedded.errors import StartFailed
from runtime.embedded.folder import ServerFolder
from runtime.embedded.processes import Account, alive, kill
from runtime.embedded.programs import postgres_programs

USER = DATABASE = "lockstep"
_INIT_LIMIT_SECONDS = 60.0
_READY_LINE = 7  # of postmaster.pid, counted from 0: where the postmaster writes how far it is; pg_ctl reads the same


class Cluster:
    """`<folder>/cluster` is the data, 0700, owned by the account that runs Postgres; `<folder>/password` opens it.

    Postgres refuses to run as root, so root runs it as `nobody`, and where that account cannot reach the folder,
    `cluster` is a link to a folder under /var/tmp: the parents' permissions are not ours to change.
    """

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._link = folder.path / "cluster"
        self._password = folder.path / "password"

    @property
    def path(self) -> Path:
        return self._link.resolve()

    @property
    def password(self) -> str:
        return self._password.read_text()

    @property
    def account(self) -> Account:
        """Whoever owns the data; for new data us, or `nobody` if we are root."""
        if os.geteuid() != 0:
            return Account.ours()
        if self._link.exists():
            return Account(self.path.stat().st_uid, self.path.stat().st_gid)
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)

    def create(self) -> None:
        """Make the cluster unless there is one. Blocks for about a second. StartFailed quotes initdb.

        The cluster gets its name when it is complete: one that a crash left half-made is made anew.
        """
        if self._link.exists():
            return
        if self._link.is_symlink():  # some systems empty /var/tmp now and then: never begin anew behind a user's back
            raise StartFailed(f"The data in {self.path} are gone. To begin with none, remove {self._link}.")
        account = self.account
        draft = self._folder.path / "cluster.new"
        _remove(draft)
        if account.may_execute(self._folder.path):
            draft.mkdir(mode=0o700)
        else:
            draft.symlink_to(tempfile.mkdtemp(prefix="lockstep-postgres-data-", dir="/var/tmp"))
        os.chown(draft, account.uid, account.gid)
        password = secrets.token_urlsafe(24)
        self._initialise(draft.resolve(), account, password)
        self._password.touch(mode=0o600)
        self._password.write_text(password)
        draft.rename(self._link)
        _sync(self._folder.path)

    def remove(self) -> None:
        _remove(self._link)
        _remove(self._folder.path / "cluster.new")

    def accepts_connections(self, postmaster: int) -> bool:
        """Whether that process serves this cluster and is ready. A connection might reach another server."""
        lines = self._postmaster_file()
        return len(lines) > _READY_LINE and lines[0] == str(postmaster) and lines[_READY_LINE].strip() == "ready"

    async def clear_after_crash(self) -> None:
        """Let the next start succeed after a kill -9 of the postmaster.

        Its backends may live on for a moment, and Postgres refuses to start while its lock file names a living
        process, even a zombie or a stranger that was given the same pid. A living postmaster of somebody else's
        keeps its lock file, so that Postgres refuses us.
        """
        lines = self._postmaster_file()
        if not lines:
            return
        ours = [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.path) and alive(process)
        ]
        if any(str(process.pid) == lines[0] for process in ours):
            return
        await kill(ours)
        (self.path / "postmaster.pid").unlink(missing_ok=True)

    def _postmaster_file(self) -> list[str]:
        try:
            return (self.path / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _initialise(self, data: Path, account: Account, password: str) -> None:
        programs = postgres_programs(account)
        initdb = [
            str(programs / "initdb"),
            f"--pgdata={data}",
            f"--username={USER}",
            "--auth=scram-sha-256",
            "--pwfile=/dev/stdin",
            "--encoding=UTF8",
            "--locale=C",  # there on every system, and sorts the same after an update of the C library
        ]
        with tempfile.TemporaryFile() as password_file:  # has no name: nobody else can open it
            password_file.write(password.encode())
            password_file.flush()
            os.fchown(password_file.fileno(), account.uid, account.gid)
            self._run(initdb, account, password_file.fileno())
        with tempfile.TemporaryFile() as statement:
            statement.write(f"CREATE DATABASE {DATABASE}".encode())
            statement.seek(0)
            self._run(
                [str(programs / "postgres"), "--single", "-D", str(data), "postgres"], account, statement.fileno()
            )

    def _run(self, argv: list[str], account: Account, stdin: int) -> None:
        with self._folder.open_log() as log:
            done = subprocess.run(  # noqa: S603
                argv,
                check=False,
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_INIT_LIMIT_SECONDS,
                env={"LC_ALL": "C"},
                **account.options(),
            )
        if done.returncode != 0:
            raise self._folder.failure("could not make its data")


def _remove(data: Path) -> None:
    if data.is_symlink():
        shutil.rmtree(data.resolve(), ignore_errors=True)
        data.unlink()
    elif data.exists():
        shutil.rmtree(data)


def _sync(folder: Path) -> None:
    """Make a rename last: after a power cut a cluster under its draft name would be taken for half-made."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
