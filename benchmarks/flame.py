"""`make profile`: where a worker's time goes under load, as a speedscope file and as two short tables."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.house import open_bench_house

FOLDER = Path(".data/profile")
ORDERS, SECONDS, RATE = 400, 12, 200
SHOWN = 25


class CannotProfile(Exception):
    """py-spy was not allowed to look into the process: macOS wants root, containers want SYS_PTRACE."""


@dataclass(frozen=True)
class Shares:
    """Share of all samples: `own` by package at the top of the stack, `within` by function anywhere in it."""

    own: dict[str, float]
    within: dict[str, float]


async def profile(console: Console, name: str, part: str) -> None:
    """Of this contender's `worker` or `api`, while it works as fast as it can."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{name}-{part}.speedscope.json"
    async with open_bench_house(FOLDER.absolute() / "house") as house:
        contender = next(kind for kind in CONTENDERS if kind.name == name)(house)
        async with contender.serving():
            await contender.warm_up()
            await _record(contender, part, file)
    shares = shares_of(json.loads(file.read_text()))
    _print(console, shares)
    console.print(f"{file}: open it with https://www.speedscope.app or `py-spy`'s own viewers")


async def _record(contender: Contender, part: str, file: Path) -> None:
    notices = await contender.prepare(ORDERS)
    target = contender.processes[0 if part == "api" else 1]
    spy = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("py-spy"),
        *("record", "--pid", str(target.pid), "--duration", str(SECONDS), "--rate", str(RATE)),
        *("--format", "speedscope", "--output", str(file), "--nonblocking"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    await contender.begin()
    sending = asyncio.create_task(contender.house.send(contender.port, notices))
    _, said = await spy.communicate()
    if spy.returncode != 0:
        sending.cancel()
        raise CannotProfile(said.decode(errors="replace").strip())
    await sending
    await contender.finished(ORDERS)


def shares_of(speedscope: dict[str, Any]) -> Shares:
    frames = speedscope["shared"]["frames"]
    own: Counter[str] = Counter()
    within: Counter[str] = Counter()
    total = 0
    for thread in speedscope["profiles"]:
        for stack in filter(None, thread["samples"]):
            total += 1
            own[_package(frames[stack[-1]].get("file", ""))] += 1
            within.update({_function(frames[each]) for each in stack})
    return Shares(_shares(own, total), _shares(within, total))


def _shares(counts: Counter[str], total: int) -> dict[str, float]:
    return {name: count / total for name, count in counts.most_common()}


def _package(file: str) -> str:
    """`sqlalchemy`, `persistence`, `asyncio`: the folder below site-packages or ours, or the library module."""
    _, _, inside = file.rpartition("site-packages/")
    parts = (inside or file).removeprefix(f"{Path(__file__).parents[1]}/").split("/")
    return parts[0] or parts[-1]


def _function(frame: dict[str, Any]) -> str:
    file = "/".join(Path(frame.get("file", "")).parts[-3:])
    return f"{frame['name']} {file}"


def _print(console: Console, shares: Shares) -> None:
    for title, found in (("own time by package", shares.own), ("time within a function", shares.within)):
        table = Table(title, "share")
        for name, share in list(found.items())[:SHOWN]:
            table.add_row(name, f"{share:.1%}")
        console.print(table)
