"""Policies and staff for tests, written short: `lin` is the north's supervisor, `wu` the finance manager."""

from domain.money import Money
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Person, Post, Staff
from domain.policy import Band, Field, Policy, Rule, StepRule, Words
from domain.route import RefundFacts
from tests.builders import yuan

ENTITIES = ("north",)
STAFF = Staff(
    (
        Person("boss", "Boss"),
        Person("wu", "Wu", (Post(FINANCE_MANAGER),), "boss"),
        Person("lin", "Lin", (Post(SUPPORT_SUPERVISOR, "north"),), "wu"),
        Person("ann", "Ann", (Post("support"),), "lin"),
        Person("gone", "Gone", active=False),
    )
)
SUPERVISOR = StepRule("supervisor", (SUPPORT_SUPERVISOR,))
FINANCE = StepRule("finance", (FINANCE_MANAGER,))


def facts(amount: str | Money = "100.00", **more: str) -> RefundFacts:
    money = yuan(amount) if isinstance(amount, str) else amount
    return RefundFacts(money, **{"channel": "shop", "shop_id": "tea", "applicant": "ann", **more})


def up_to(amount: str) -> Band:
    return Band(at_most=yuan(amount))


def above(amount: str, at_most: str | None = None) -> Band:
    return Band(above=yuan(amount), at_most=yuan(at_most) if at_most else None)


def channel(*names: str, other_than: bool = False) -> Words:
    return Words(Field.CHANNEL, names, other_than)


def rule(name: str, *words: Words, amount: Band | None = None, step: StepRule = FINANCE) -> Rule:
    return Rule(name, amount, words, (step,))


def policy(*rules: Rule) -> Policy:
    return Policy("refunds", rules, 1)
