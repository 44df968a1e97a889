"""The Dockerfile, its lock and what goes in: checked by reading, and by running what it holds without all the rest."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.deployed import ROOT, Deployment, command_faults, planter
from tests.deployment.image_checks import BESIDE_THE_PRODUCT, image_faults, pins

NEEDS_SERVERS = {"cli.demo", "cli.demo_world", "runtime.child", "runtime.embedded", "runtime.local_house"}
"""What starts servers as child processes: for the demo, not in the image."""


def test_the_image_is_as_it_should_be() -> None:
    assert image_faults(Deployment(ROOT)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("Dockerfile", "python:3.11.15-slim-bookworm", "python:slim", "pin python"),
        (
            "Dockerfile",
            "python:3.11.15-slim-bookworm",
            "python:3.10.20-slim-bookworm",
            "what is checked is Python 3.11",
        ),
        ("Dockerfile", "--require-hashes ", "", "without --require-hashes"),
        ("Dockerfile", "--only-binary :all: ", "", "without --only-binary"),
        ("Dockerfile", "-r requirements.lock", "-r requirements-dev.lock", "nothing installs requirements.lock"),
        ("Dockerfile", "RUN useradd", "RUN apt-get update && useradd", "apt-get brings"),
        ("Dockerfile", "RUN useradd", "RUN pip install x && useradd", "the final layer installs"),
        ("Dockerfile", "RUN python -m compileall", "RUN true", "no bytecode"),
        ("Dockerfile", "COPY domain app/domain\n", "", "the package domain is not in the image"),
        ("Dockerfile", "COPY ports app/ports", "COPY prots app/ports", "COPY prots: there is no such file"),
        ("Dockerfile", "COPY ports", "COPY sandbox app/sandbox\nCOPY ports", "sandbox has no place"),
        ("Dockerfile", "USER 10001\n", "", "the last USER"),
        ("Dockerfile", "USER 10001", "USER 0", "the last USER"),
        ("Dockerfile", "--uid 10001", "--uid 10002", "nobody makes the user"),
        ("Dockerfile", 'ENTRYPOINT ["lockstep"]', "ENTRYPOINT lockstep", "a shell would keep SIGTERM"),
        ("Dockerfile", 'CMD ["lockstep", "health"]', 'CMD ["lockstep", "healthy"]', "does not ask `lockstep health`"),
        ("Dockerfile", '"lockstep", "health"]', '"lockstep", "health", "--now"]', "No such option: --now"),
        ("Dockerfile", "--start-period=60s ", "", "leaves --start-period= to chance"),
        (".dockerignore", "!workflows\n", "", "COPY workflows: .dockerignore keeps it out"),
        (".dockerignore", "\n*\n", "\n", ".dockerignore lets .env in"),
        ("deploy/image/lockstep", "#!/opt/lockstep/venv", "#!/usr", "the image's own Python"),
        ("deploy/image/lockstep", "cli.main", "cli.mein", "not the lockstep command"),
        ("requirements.lock", "\nfastapi==", "\nfastapi-slim==", "requirements.lock lacks fastapi"),
        ("requirements.lock", "\nfastapi==", "\npytest==9.0\nfastapi==", "brings pytest into the image"),
        ("requirements-dev.lock", "\nfastapi==", "\nfastapi==9", "where it is tested"),
        ("requirements-dev.lock", "\nhypothesis==", "\nhypothesus==", "requirements-dev.lock lacks hypothesis"),
    ],
)
def test_a_fault_of_the_image_is_found(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    found = image_faults(planter(tmp_path)(file, old, new))
    assert any(fault in each for each in found), found


def test_commands_are_held_against_the_command_line() -> None:
    assert command_faults(["lockstep", "health", "--only", "workers", "--here"]) == []
    for wrong in (["lockstep", "serve"], ["lockstep", "api", "--prot", "1"], ["sh", "-c", "lockstep api"], []):
        assert command_faults(wrong) != []


def test_the_launcher_is_a_program() -> None:
    assert (ROOT / "deploy/image/lockstep").stat().st_mode & 0o111


def test_what_is_in_the_image_runs_without_what_is_not() -> None:
    """Every module of the product is imported as if only the image's lock were installed."""
    held = pins((ROOT / "requirements.lock").read_text())
    modules = importlib.metadata.packages_distributions()
    gone = {top for top, names in modules.items() if not {name.lower().replace("_", "-") for name in names} & set(held)}
    said = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, ",".join({*gone, "tests", *BESIDE_THE_PRODUCT} - PRODUCT)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(said.stdout.split()) == NEEDS_SERVERS


PRODUCT = {"activities", "adapters", "api", "cli", "domain", "persistence", "ports", "runtime", "workflows", "worker"}
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys

class Gone:
    names = set(sys.argv[1].split(","))
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Gone())
for top in ("activities", "adapters", "api", "cli", "domain", "persistence", "ports", "runtime", "workflows"):
    package = importlib.import_module(top)
    for found in pkgutil.walk_packages(package.__path__, f"{top}.", onerror=lambda name: None):
        if "migrations" not in found.name:  # alembic runs those itself
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as missing:
                print(found.name)
                print(missing, file=sys.stderr)
"""
