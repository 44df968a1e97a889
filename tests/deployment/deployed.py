"""What an operator gets, as the tests read it: from the repository, or from a copy with a planted fault."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli.main import app

ROOT = Path(__file__).parents[2]
PARTS = (
    "Dockerfile",
    ".dockerignore",
    "requirements.lock",
    "requirements-dev.lock",
    "pyproject.toml",
    "deploy",
    "docker-compose.yml",
    "docs/operations.md",
)
command_of = cache(typer.main.get_command)  # to build it takes longer than all that is asked of it


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, continuations joined, such as RUN and what it runs."""

    name: str
    text: str

    @property
    def list_form(self) -> list[str] | None:
        """The arguments where they are written as a list, so that no shell stands in between."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return None
        return found if isinstance(found, list) else None


@dataclass(frozen=True)
class Deployment:
    folder: Path

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    @cached_property
    def stages(self) -> list[list[Instruction]]:
        """The Dockerfile by its stages; what stands before the first FROM is the first of all."""
        stages: list[list[Instruction]] = [[]]
        lines = re.sub(r"^\s*#.*\n", "", self.text("Dockerfile"), flags=re.MULTILINE).replace("\\\n", " ")
        for line in filter(None, (line.strip() for line in lines.splitlines())):
            name, _, rest = line.partition(" ")
            if name == "FROM":
                stages.append([])
            stages[-1].append(Instruction(name, " ".join(rest.split())))
        return stages

    @property
    def instructions(self) -> list[Instruction]:
        return [each for stage in self.stages for each in stage]


def copy_to(folder: Path) -> None:
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, dirs_exist_ok=True)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)


def planter(folder: Path) -> Callable[[str, str, str], Deployment]:
    """A function that plants a fault: in a copy of the file, the first text is replaced by the second."""

    def plant(name: str, old: str, new: str) -> Deployment:
        copy_to(folder)
        text = (folder / name).read_text()
        assert old in text, f"{name} does not say {old!r} any more: plant another fault"
        (folder / name).write_text(text.replace(old, new))
        return Deployment(folder)

    return plant


def command_faults(arguments: Sequence[str]) -> list[str]:
    """Why `lockstep` would not take these arguments; nothing is run."""
    if not arguments or arguments[0] != "lockstep":
        return [f"{' '.join(arguments)!r} is no command of ours"]
    command, name, rest = command_of(app), "lockstep", list(arguments[1:])
    context = None
    try:
        while True:
            context = command.make_context(name, rest, parent=context)
            if not isinstance(command, TyperGroup):
                return []
            left = [*context._protected_args, *context.args]
            found_name, found, rest = command.resolve_command(context, left)
            assert found is not None
            command, name = found, str(found_name)
    except typer.Exit:
        return []  # --help
    except TyperException as wrong:
        return [f"{' '.join(arguments)!r}: {wrong}"]
