"""Whether rules leave a gap, or can never be reached: sets of cases, cut by one rule after the other, exactly.

A set is a box: a stretch of amounts of one currency, and for each field the words that it may have. What a rule leaves
of a box is at most one piece on each side of each of its edges. So nothing is tried out: what is left is the gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from domain.money import MINOR_DIGITS, Money
from domain.policy import Band, Field, Rule

MOST_CUTS = 10_000
"""About a second of work. A policy that people can read takes some hundreds."""


class TooIntricate(Exception):
    """The conditions cut each other into more pieces than anybody could read."""


@dataclass(frozen=True)
class WordSet:
    """The named words, or every word but them."""

    named: frozenset[str] = frozenset()
    all_but: bool = True

    def __and__(self, other: WordSet) -> WordSet:
        if self.all_but and other.all_but:
            return WordSet(self.named | other.named)
        if self.all_but:
            return WordSet(other.named - self.named, all_but=False)
        return WordSet(self.named - other.named if other.all_but else self.named & other.named, all_but=False)

    def __sub__(self, other: WordSet) -> WordSet:
        return self & WordSet(other.named, all_but=not other.all_but)

    def __bool__(self) -> bool:
        """Words without end are never all named."""
        return self.all_but or bool(self.named)


ANY_WORD = WordSet()


@dataclass(frozen=True)
class Box:
    """Minor units from `low` to just before `high`; without `high`, without end."""

    currency: str
    low: int = 0
    high: int | None = None
    words: Mapping[Field, WordSet] = field(default_factory=dict)

    def of(self, name: Field) -> WordSet:
        return self.words.get(name, ANY_WORD)

    def with_words(self, name: Field, words: WordSet) -> Box:
        return replace(self, words={**self.words, name: words})

    def __bool__(self) -> bool:
        return (self.high is None or self.low < self.high) and all(self.words.values())

    def __and__(self, other: Box) -> Box:
        highs = [high for high in (self.high, other.high) if high is not None]
        words = {name: self.of(name) & other.of(name) for name in Field}
        return Box(self.currency, max(self.low, other.low), min(highs, default=None), words)

    def without(self, cut: Box) -> Iterator[Box]:
        """What is left of this box, in pieces that do not overlap."""
        common = self & cut
        if not common:
            yield self
            return
        yield from (piece for piece in self._outside(common) if piece)

    def _outside(self, common: Box) -> Iterator[Box]:
        yield replace(self, high=common.low)
        if common.high is not None:
            yield replace(self, low=common.high)
        rest = replace(self, low=common.low, high=common.high)
        for name in Field:
            yield rest.with_words(name, self.of(name) - common.of(name))
            rest = rest.with_words(name, common.of(name))

    def __str__(self) -> str:
        """The smallest amount of it, and its words."""
        words = (
            f"{name} {'other than ' if self.of(name).all_but else ''}{' or '.join(_shown(self.of(name)))}"
            for name in Field
            if self.of(name) != ANY_WORD
        )
        return ", ".join((f"{Money(self.low, self.currency)}", *words))


def _shown(words: WordSet) -> list[str]:
    return sorted(word or "unknown" for word in words.named)


@dataclass(frozen=True)
class Cover:
    """`reached`: the rules (by place) that some refund comes to. `gaps`: one example for each currency that has one."""

    reached: frozenset[int]
    gaps: tuple[str, ...]


def cover(rules: Iterable[Rule], currencies: Iterable[str] = tuple(MINOR_DIGITS)) -> Cover:
    """Raises TooIntricate. Of the currencies that no rule names one stands for all."""
    every = tuple(rules)
    named = {each for rule in every if rule.amount for each in rule.amount.currencies}
    other = [each for each in currencies if each not in named][:1]
    reached: set[int] = set()
    gaps = []
    cuts = 0
    for currency in [each for each in currencies if each in named] + other:
        left = [Box(currency)]
        for place, rule in enumerate(every):
            cuts += len(left)
            if cuts > MOST_CUTS:
                raise TooIntricate
            cut = box_of(rule, currency)
            if any(box & cut for box in left):
                reached.add(place)
                left = [piece for box in left for piece in box.without(cut)]
        gaps += [str(box) for box in left[:1]]
    return Cover(frozenset(reached), tuple(gaps))


def box_of(rule: Rule, currency: str) -> Box:
    """The cases of this currency in which the rule holds, whatever stands before it; empty where there are none."""
    band = rule.amount or Band()
    if rule.amount is not None and band.currencies != (currency,):
        return Box(currency, 0, 0)
    low = 0 if band.above is None else band.above.amount_minor + 1
    high = None if band.at_most is None else band.at_most.amount_minor + 1
    words: dict[Field, WordSet] = {}
    for each in rule.words:
        here = WordSet(frozenset(each.values), all_but=each.other_than)
        words[each.field] = words.get(each.field, ANY_WORD) & here
    return Box(currency, low, high, words)
