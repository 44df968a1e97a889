"""Refund policy as data: rules in order, the first that fits says who approves.

The vocabulary of conditions is closed (docs/decisions/0016), so that a policy can be proved whole before
it goes live: domain/policy_checks.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.after_sale import AtDeadline
from domain.approval import Mode, OnRefusal
from domain.calendar import A_DAY, TimeLimit
from domain.errors import Finding, PolicyRefused
from domain.money import Money
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR
from domain.route import RefundFacts


class Field(StrEnum):
    """What words a condition may look at; each is a field of RefundFacts."""

    CHANNEL = "channel"
    SHOP_ID = "shop_id"
    CATEGORY = "category"
    REGION = "region"
    CUSTOMER = "customer"
    REASON = "reason"
    BASIS = "basis"


@dataclass(frozen=True)
class Band:
    """`above` < amount <= `at_most`, in one currency; amounts of other currencies are not in it."""

    at_most: Money | None = None
    above: Money | None = None

    @property
    def currencies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.currency for each in (self.above, self.at_most) if each is not None))

    def holds(self, amount: Money) -> bool:
        return (
            self.currencies == (amount.currency,)
            and (self.above is None or amount > self.above)
            and (self.at_most is None or amount <= self.at_most)
        )

    def __str__(self) -> str:
        named = ((self.above, "above"), (self.at_most, "at most"))
        return " and ".join(f"{word} {amount}" for amount, word in named if amount is not None)


@dataclass(frozen=True)
class Words:
    """The field is one of these; with `other_than`, it is none of these. What is not known is the empty word."""

    field: Field
    values: tuple[str, ...]
    other_than: bool = False

    def holds(self, facts: RefundFacts) -> bool:
        return (getattr(facts, self.field.value) in self.values) is not self.other_than

    def __str__(self) -> str:
        named = " or ".join(each or "unknown" for each in self.values)
        return f"{self.field} is {'other than ' if self.other_than else ''}{named}"


@dataclass(frozen=True)
class StepRule:
    """A step of an approval. Who signs: these people, and whoever holds one of these roles in the shop's entity."""

    name: str
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    mode: Mode = Mode.ANY
    needed: int = 0
    on_refusal: OnRefusal = OnRefusal.AT_ONCE
    limit: TimeLimit = A_DAY


@dataclass(frozen=True)
class Rule:
    """All its conditions must hold; without conditions it takes whatever is left. `like`: the steps of that rule.

    `by_itself`: nobody signs. Only for money that is due back already, up to an amount. `at_deadline`: what happens
    when a marketplace's deadline comes near and nobody has signed.
    """

    name: str
    amount: Band | None = None
    words: tuple[Words, ...] = ()
    steps: tuple[StepRule, ...] = ()
    like: str = ""
    by_itself: bool = False
    at_deadline: AtDeadline = AtDeadline.EXTEND

    def holds(self, facts: RefundFacts) -> bool:
        return (self.amount is None or self.amount.holds(facts.amount)) and all(
            each.holds(facts) for each in self.words
        )

    def __str__(self) -> str:
        conditions = [f"the amount is {self.amount}"] if self.amount else []
        return ", ".join((*conditions, *map(str, self.words))) or "no rule before it fits"


@dataclass(frozen=True)
class Policy:
    """Version 0 was never saved."""

    id: str
    rules: tuple[Rule, ...]
    version: int = 0

    def rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)

    def steps_of(self, rule: Rule) -> tuple[StepRule, ...]:
        """Its own, or those of the rule that it is like; none where that leads nowhere."""
        last = tuple(self.way_of(rule))[-1]
        return () if last.like else last.steps

    def way_of(self, rule: Rule) -> Iterator[Rule]:
        """From like to like; ends where a rule comes again."""
        seen: set[str] = set()
        now: Rule | None = rule
        while now is not None and now.name not in seen:
            yield now
            seen.add(now.name)
            now = self.rule(now.like) if now.like else None


@dataclass(frozen=True)
class Evaluation:
    """`why` in words: the rule, and what it looked at."""

    rule: Rule
    steps: tuple[StepRule, ...]
    why: str


def evaluate(policy: Policy, facts: RefundFacts) -> Evaluation:
    """The first rule that fits. Raises PolicyRefused where none does, which a saved policy has been proved never to."""
    for rule in policy.rules:
        if rule.holds(facts):
            return Evaluation(rule, policy.steps_of(rule), f"rule {rule.name}: {facts.amount}, {rule}")
    raise PolicyRefused((Finding("rules", f"no rule fits a refund of {facts.amount}"),))


REFUNDS = "refunds"
SMALL = Money(200_00, "CNY")
SHIPPED = Policy(
    REFUNDS,
    (
        Rule("due back", Band(at_most=SMALL), (Words(Field.BASIS, ("due",)),), by_itself=True),
        Rule("small", Band(at_most=SMALL), steps=(StepRule("support supervisor", (SUPPORT_SUPERVISOR,)),)),
        Rule("large", steps=(StepRule("finance manager", (FINANCE_MANAGER,)),)),
    ),
)
"""Holds until another one is saved. Amounts in other currencies go to the finance manager, too."""
