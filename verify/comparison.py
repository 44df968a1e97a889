"""Two sides of one truth, compared by id: what is missing, what is too much, what differs."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 20


@dataclass(frozen=True)
class Invariant:
    """What a check found. `evidence` is plain JSON: see Comparison.evidence."""

    name: str
    held: bool
    evidence: dict[str, Any]


@dataclass(frozen=True)
class Side:
    """`rows` are what is compared, by id; the values are plain JSON."""

    what: str
    rows: Mapping[str, Any]

    def shown(self) -> dict[str, Any]:
        return {"what": self.what, "count": len(self.rows), "sha256": fingerprint(self.rows)}


@dataclass(frozen=True)
class Comparison:
    """`there` is the outside, or whatever decides what must be; `here` is what the record holds.

    `undecided` ids may be absent on either side: nobody could know better, such as after an answer that never came.
    `rules` are sentences about single rows, each with what breaks it.
    """

    there: Side
    here: Side
    undecided: Collection[str] = ()
    rules: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def missing_here(self) -> dict[str, Any]:
        return self._without(self.there.rows, self.here.rows)

    @property
    def missing_there(self) -> dict[str, Any]:
        return self._without(self.here.rows, self.there.rows)

    @property
    def differing(self) -> dict[str, Any]:
        here = self.here.rows
        both = ((key, value) for key, value in self.there.rows.items() if key in here)
        return {key: {"there": value, "here": here[key]} for key, value in both if value != here[key]}

    @property
    def broken_rules(self) -> dict[str, Sequence[Any]]:
        return {sentence: offenders for sentence, offenders in self.rules.items() if offenders}

    @property
    def held(self) -> bool:
        return not (self.missing_here or self.missing_there or self.differing or self.broken_rules)

    def evidence(self) -> dict[str, Any]:
        """Counts and fingerprints of both sides, and up to 20 examples of each difference."""
        return {
            "there": self.there.shown(),
            "here": self.here.shown(),
            "missing_here": _examples(self.missing_here),
            "missing_there": _examples(self.missing_there),
            "differing": _examples(self.differing),
            "broken_rules": {
                sentence: {"count": len(offenders), "examples": list(offenders[:EXAMPLES])}
                for sentence, offenders in self.broken_rules.items()
            },
            "undecided": len(self.undecided),
        }

    def _without(self, rows: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in rows.items() if key not in others and key not in self.undecided}


def fingerprint(rows: Mapping[str, Any]) -> str:
    """sha256 over the sorted ids with their values: equal on both sides exactly if the sides are equal."""
    lines = (f"{key} {json.dumps(rows[key], sort_keys=True, ensure_ascii=False)}" for key in sorted(rows))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _examples(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"count": len(found), "examples": [{"id": key, "is": found[key]} for key in sorted(found)[:EXAMPLES]]}
