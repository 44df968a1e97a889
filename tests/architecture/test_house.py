"""The house keeps its shape: sizes, who imports whom, one list of dependencies, and words that have no place in it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
BANNED_NAMES = ("util", "helper", "common", "manager", "service", "misc")
PACKAGES = (
    "activities",
    "adapters",
    "api",
    "benchmarks",
    "cli",
    "domain",
    "drill",
    "persistence",
    "ports",
    "runtime",
    "sandbox",
    "tests",
    "verify",
    "workflows",
)


def sources() -> Iterator[Path]:
    yield ROOT / "worker.py"
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    generated = ROOT / "persistence/migrations/versions"
    long = {
        str(file.relative_to(ROOT)): count
        for file in sources()
        if generated not in file.parents and (count := len(file.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    generated = ROOT / "persistence/migrations/versions"
    long = {}
    for file in sources():
        if generated in file.parents:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{file.relative_to(ROOT)}:{node.name}"] = lines
    assert long == {}


def test_no_name_says_nothing() -> None:
    named = [str(file.relative_to(ROOT)) for file in sources() if any(word in file.stem for word in BANNED_NAMES)]
    assert named == []


def test_the_worker_is_short_and_stands_on_the_runtime_alone() -> None:
    text = (ROOT / "worker.py").read_text()
    ours = {name for name in re.findall(r"^from (\w+)", text, re.MULTILINE) if name in PACKAGES}
    assert len(text.splitlines()) <= 60
    assert ours == {"runtime"}


def test_nobody_imports_the_worker() -> None:
    importers = [
        str(file.relative_to(ROOT))
        for file in sources()
        if re.search(r"^(from|import) worker\b", file.read_text(), re.MULTILINE)
    ]
    assert importers == []


@pytest.mark.slow
def test_the_import_contracts_hold() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint_imports], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_locks_carry_hashes_and_no_registry(lock: str) -> None:
    """What they must name is checked with the image: tests/deployment."""
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index" not in text
    pinned = re.findall(r"^[A-Za-z0-9_.-]+==", text, re.MULTILINE)
    assert len(pinned) > 50
    assert text.count("--hash=sha256:") >= len(pinned)


def test_the_openapi_document_is_the_one_in_docs() -> None:
    """Write it anew with `python -m tests.architecture.openapi` and look at the difference."""
    from tests.architecture.openapi import SNAPSHOT, rendered  # noqa: PLC0415 - opens the whole API

    assert SNAPSHOT.read_text() == rendered()
