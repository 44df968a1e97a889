"""Any policy over a small world: what is said of it as a whole is what trying every refund shows."""

import random  # noqa: TID251 - dice with a seed
from collections.abc import Iterator
from itertools import product

from domain.money import MINOR_DIGITS, Money
from domain.policy import SHIPPED, Band, Field, Policy, Rule, Words, evaluate
from domain.policy_checks import findings
from domain.policy_cover import cover
from domain.route import RefundFacts
from tests.domain.policies import ENTITIES, FINANCE, STAFF, policy

CURRENCIES = ("CNY", "JPY", "EUR")
"""Rules name the first two; the third stands for every other."""
AMOUNTS = (0, 1, 2, 3, 4, 5, 6)
EDGES = (0, 2, 3, 5)
CHANNELS = ("jd", "pdd", "another")
REASONS = ("", "late", "another")
ROUNDS = 400


def every_refund() -> Iterator[RefundFacts]:
    """Each edge, and what stands on both sides of it; each word that rules name, and one that none does."""
    for currency, amount, channel, reason in product(CURRENCIES, AMOUNTS, CHANNELS, REASONS):
        yield RefundFacts(Money(amount, currency), channel, "tea", reason=reason)


WORLD = tuple(every_refund())


def any_rule(dice: random.Random, name: str) -> Rule:
    currency = dice.choice(CURRENCIES[:2])
    edges = [Money(dice.choice(EDGES), currency) if dice.random() < 0.6 else None for _ in range(2)]
    band = Band(*edges) if any(edges) and dice.random() < 0.7 else None
    words = [any_words(dice) for _ in range(dice.choice((0, 0, 1, 1, 2)))]
    return Rule(name, band, tuple(words), (FINANCE,))


def any_words(dice: random.Random) -> Words:
    field, values = dice.choice(((Field.CHANNEL, CHANNELS[:2]), (Field.REASON, REASONS[:2])))
    return Words(field, tuple(dice.sample(values, dice.choice((1, 2)))), dice.random() < 0.4)


def any_policy(dice: random.Random) -> Policy:
    return policy(*(any_rule(dice, f"r{n}") for n in range(dice.randint(1, 7))))


def taken_by(what: Policy, facts: RefundFacts) -> int | None:
    return next((place for place, each in enumerate(what.rules) if each.holds(facts)), None)


def test_gaps_and_unreachable_rules_are_exactly_those_that_trying_everything_finds() -> None:
    dice = random.Random(20261122)
    whole = gaps = unreached = 0
    for _ in range(ROUNDS):
        made = any_policy(dice)
        taken = [taken_by(made, facts) for facts in WORLD]
        found = cover(made.rules, CURRENCIES)
        assert found.reached == {place for place in taken if place is not None}, made
        assert bool(found.gaps) is (None in taken), made
        whole += not found.gaps
        gaps += bool(found.gaps)
        unreached += len(found.reached) < len(made.rules)
    assert min(whole, gaps, unreached) > ROUNDS / 20, "the dice made too few of one kind"


def test_a_policy_that_passes_routes_every_refund_by_its_first_rule() -> None:
    dice = random.Random(7)
    passed = 0
    for _ in range(ROUNDS):
        made = policy(*any_policy(dice).rules, Rule("rest", steps=(FINANCE,)))
        if findings(made, STAFF, ENTITIES):
            continue
        passed += 1
        for facts in WORLD:
            assert evaluate(made, facts).rule is made.rules[taken_by(made, facts) or 0]
    assert passed > ROUNDS / 20


def test_every_amount_in_every_currency_is_routed_by_exactly_one_of_the_shipped_rules() -> None:
    dice = random.Random(200)
    near = [*range(19_990, 20_011), 0, 1, 10**12]
    for currency in MINOR_DIGITS:
        for amount in (*near, *(dice.randrange(10**9) for _ in range(500))):
            facts = RefundFacts(Money(amount, currency), "shop", "tea")
            small = currency == "CNY" and amount <= 20_000
            assert evaluate(SHIPPED, facts).rule.name == ("small" if small else "large")
