"""What was found, for people and for programs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from verify.comparison import Invariant

DIFFERENCES = ("missing_here", "missing_there", "differing")
SHOWN = 5  # examples on the screen; the JSON has up to 20


def as_json(found: Sequence[Invariant]) -> str:
    whole = {"held": all(each.held for each in found), "invariants": [asdict(each) for each in found]}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def show(found: Sequence[Invariant], console: Console) -> None:
    table = Table("invariant", "", "there", "here", "what holds", title="Lockstep: the record against the outside")
    for each in found:
        verdict = "[green]held[/green]" if each.held else "[red]BROKEN[/red]"
        evidence = each.evidence
        counts = (str(evidence[side]["count"]) for side in ("there", "here"))
        table.add_row(each.name, verdict, *counts, escape(evidence["sentence"]))
    console.print(table)
    broken = [each for each in found if not each.held]
    for each in broken:
        for line in _told(each):
            console.print(escape(line), soft_wrap=True, highlight=False)
    console.print(f"{len(found) - len(broken)} of {len(found)} invariants hold")


def _told(broken: Invariant) -> Iterable[str]:
    evidence = broken.evidence
    yield f"\n{broken.name}: there = {evidence['there']['what']}, here = {evidence['here']['what']}"
    for side in ("there", "here"):
        yield f"  {side}: {evidence[side]['count']}, sha256 {evidence[side]['sha256']}"
    for kind in DIFFERENCES:
        yield from _listed(kind.replace("_", " "), evidence[kind])
    for sentence, offenders in evidence["broken_rules"].items():
        yield from _listed(f"not so: {sentence}", offenders)


def _listed(title: str, found: dict[str, Any]) -> Iterable[str]:
    if found["count"]:
        yield f"  {title}: {found['count']}"
        for example in found["examples"][:SHOWN]:
            text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
            yield f"    {text}"
