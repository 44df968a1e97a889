"""The scripts of deploy/, run: against a Postgres, and with pretended programs where an engine would be."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.engine import connect
from persistence.migrate import migrate
from runtime.config import Settings, TemporalSettings
from runtime.embedded import EmbeddedPostgres
from runtime.embedded.processes import Account
from runtime.embedded.programs import postgres_programs
from tests.deployment.composed import ANSWERS, Composition, fill
from tests.deployment.deployed import ROOT, Deployment
from tests.deployment.settings_checks import read_as

ASSIGNED = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    said = {"PATH": os.environ["PATH"], **environment}  # noqa: TID251 - as a shell would
    return subprocess.run([script, *arguments], env=said, check=False, capture_output=True, text=True)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    return tmp_path


def test_a_new_env_is_fresh_closed_to_others_and_enough_once_its_blanks_are_filled(copied: Path) -> None:
    script = copied / "deploy/new-env.sh"
    assert run(script).returncode == 0
    written = dict(ASSIGNED.findall((copied / ".env").read_text()))
    assert stat.S_IMODE((copied / ".env").stat().st_mode) == 0o600
    blank = {name for name, value in written.items() if not value}
    assert blank == {
        "LOCKSTEP_PUBLIC_URL",
        "ALERT_WEBHOOK_URL",
        *(f"LOCKSTEP_WAREHOUSE_{x}" for x in ("URL", "TOKEN", "SECRETS")),
    }
    assert len(set(written.values())) == len(written) - len(blank) + 1, "every secret is another one"
    answered = {**written, **{name: ANSWERS[name] for name in blank}}
    services = fill(Composition(Deployment(ROOT)).raw, answered)["services"]
    for name, kind in (("api", Settings), ("namespace", TemporalSettings)):
        environment = {key: value for key, value in services[name]["environment"].items() if value is not None}
        assert read_as(kind, environment) == ""
    again = run(script)
    assert (again.returncode, "nothing was changed" in again.stderr) == (1, True)
    assert dict(ASSIGNED.findall((copied / ".env").read_text())) == written


@pytest.fixture
def pretended(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of pretended programs for PATH, and the file where each writes how it was called."""
    folder, calls = tmp_path / "bin", tmp_path / "calls"
    folder.mkdir()
    return folder, calls


def pretend(folder: Path, calls: Path, program: str, body: str = "") -> None:
    file = folder / program
    file.write_text(f'#!/bin/sh\necho "${{SQL_DATABASE:-}}" {program} "$@" >> {calls}\n{body}\n')
    file.chmod(0o755)


def test_temporals_tables_are_made_in_both_its_databases(pretended: tuple[Path, Path]) -> None:
    folder, calls = pretended
    pretend(folder, calls, "temporal-sql-tool")
    done = run(ROOT / "deploy/temporal/schema.sh", PATH=f"{folder}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    schema = "/etc/temporal/schema/postgresql/v12"
    assert calls.read_text().splitlines() == [
        "temporal temporal-sql-tool setup-schema --version 0.0",
        f"temporal temporal-sql-tool update-schema --schema-dir {schema}/temporal/versioned",
        "temporal_visibility temporal-sql-tool setup-schema --version 0.0",
        f"temporal_visibility temporal-sql-tool update-schema --schema-dir {schema}/visibility/versioned",
    ]


@pytest.mark.parametrize(("code", "alert"), [(0, None), (1, "AuditBroken"), (3, "NightlyLookFailed")])
def test_the_nightly_look_raises_what_it_found(pretended: tuple[Path, Path], code: int, alert: str | None) -> None:
    folder, calls = pretended
    pretend(folder, calls, "docker", f'case "$*" in *verify-audit*) exit {code} ;; esac')
    run(ROOT / "deploy/nightly.sh", PATH=f"{folder}:/usr/bin:/bin")
    said = calls.read_text()
    assert "compose run --rm migrate" in said
    raised = re.findall(r"alertname=(\w+) severity=(\w+) .*--annotation=runbook=(\S+) --end=\d{4}-\d\d-\d\dT", said)
    assert [name for name, _, _ in raised] == ([alert] if alert else [])
    assert all(link == f"docs/operations.md#{name.lower()}" for name, _, link in raised)


def test_a_backup_that_breaks_off_is_not_taken_for_one(pretended: tuple[Path, Path], tmp_path: Path) -> None:
    folder, calls = pretended
    path = f"{folder}:/usr/bin:/bin"
    pretend(folder, calls, "docker", "echo half | gzip | head -c 10; exit 1")
    assert run(ROOT / "deploy/backup.sh", str(tmp_path), PATH=path).returncode != 0
    assert list(tmp_path.glob("lockstep-*.tar.gz")) == []
    pretend(folder, calls, "docker", "echo whole | gzip")
    done = run(ROOT / "deploy/backup.sh", str(tmp_path), PATH=path)
    assert [Path(done.stdout.strip())] == list(tmp_path.glob("lockstep-*.tar.gz"))


@pytest.mark.slow
async def test_each_has_a_database_of_its_own_and_nobody_reads_anothers() -> None:
    passwords = {"lockstep": "it's", "temporal": "t", "monitor": "m"}
    async with EmbeddedPostgres.throwaway() as server:
        await empty(server)
        address = urlsplit(server.url)
        programs = postgres_programs(Account.ours())
        done = run(
            ROOT / "deploy/postgres/10-databases.sh",
            PATH=f"{programs}:/usr/bin:/bin",
            PGHOST="127.0.0.1",
            PGPORT=str(address.port),
            PGPASSWORD="x",
            **{
                f"{'LOCKSTEP' if name == 'lockstep' else name.upper()}_DB_PASSWORD": word
                for name, word in passwords.items()
            },
        )
        assert done.returncode == 0, done.stderr

        def engine(role: str, database: str) -> AsyncEngine:
            return connect(f"postgresql://{role}:{passwords[role]}@127.0.0.1:{address.port}/{database}", pool_size=1)

        ours = engine("lockstep", "lockstep")
        await migrate(ours)
        await ours.dispose()
        assert await said(engine("temporal", "temporal_visibility"), "create table mine (x int)") == "done"
        assert "permission denied for database" in await said(engine("temporal", "lockstep"), "select 1")
        assert "permission denied for database" in await said(engine("lockstep", "temporal"), "select 1")
        assert await said(engine("monitor", "lockstep"), "select * from pg_stat_activity") == "done"
        assert "permission denied for table" in await said(engine("monitor", "lockstep"), "select * from orders")


async def empty(server: EmbeddedPostgres) -> None:
    """As in a fresh container: the superuser is postgres, and nothing is named after us."""
    first = connect(server.url, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
    async with first.connect() as db:
        await db.execute(text("create role postgres superuser login password 'x'"))
        await db.execute(text("create database postgres_of_old"))
    await first.dispose()
    address = urlsplit(server.url)
    second = connect(f"postgresql://postgres:x@127.0.0.1:{address.port}/postgres_of_old", pool_size=1)
    async with second.execution_options(isolation_level="AUTOCOMMIT").connect() as db:
        await db.execute(text("alter role lockstep rename to lockstep_of_old"))
        await db.execute(text("alter database lockstep rename to lockstep_of_old"))
    await second.dispose()


async def said(engine: AsyncEngine, statement: str) -> str:
    try:
        async with engine.begin() as db:
            await db.execute(text(statement))
    except (OperationalError, DBAPIError) as refused:
        return str(refused.orig)
    finally:
        await engine.dispose()
    return "done"
