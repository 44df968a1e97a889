"""What the product is compared with stays what it was."""

import shutil
from pathlib import Path

import pytest

from benchmarks.baselines import frozen


def test_the_baselines_are_as_they_were() -> None:
    """Meant? Say why in the commit, and renew the hash: `python -m benchmarks.baselines.frozen`."""
    assert frozen.is_as_it_was()


def test_a_change_of_any_baseline_file_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "baselines"
    shutil.copytree(frozen.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(frozen, "FOLDER", copy)
    monkeypatch.setattr(frozen, "KEPT", copy / "FROZEN")
    assert frozen.is_as_it_was()
    for file in sorted(copy.glob("*.py")):
        before = file.read_text()
        file.write_text(before + "\n")
        assert not frozen.is_as_it_was(), file
        file.write_text(before)
    (copy / "another.py").touch()
    assert not frozen.is_as_it_was()
