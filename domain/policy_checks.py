"""What is wrong with a policy, each with its place. It is looked at whole before it is saved.

A rule that nothing comes to, a gap that no rule takes, rules that are like each other in a circle, a step that names
nobody, amounts that cannot be compared: each would show itself later only, with somebody's money waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from domain.approval import Mode
from domain.errors import Finding, PolicyRefused
from domain.people import ID, Staff
from domain.policy import Band, Field, Policy, Rule, StepRule
from domain.policy_cover import TooIntricate, box_of, cover

MOST_RULES = 100


def check(policy: Policy, staff: Staff, entities: Collection[str]) -> None:
    """Raises PolicyRefused with everything that is wrong. `entities`: where each role must be held by somebody."""
    if wrong := findings(policy, staff, entities):
        raise PolicyRefused(wrong)


def findings(policy: Policy, staff: Staff, entities: Collection[str]) -> tuple[Finding, ...]:
    return (*_in_itself(policy), *unheld(policy, staff, entities))


def unheld(policy: Policy, staff: Staff, entities: Collection[str]) -> tuple[Finding, ...]:
    """Steps that name nobody who works here: what a change among people can bring about."""
    return tuple(
        Finding(f"rules.{place}.steps.{number}", what)
        for place, rule in enumerate(policy.rules)
        for number, step in enumerate(rule.steps)
        for what in _nobody(step, staff, entities)
    )


def _nobody(step: StepRule, staff: Staff, entities: Collection[str]) -> Iterator[str]:
    if not step.roles and not step.people:
        yield f"step {step.name} names nobody"
        return
    for person in step.people:
        if not staff.active(person):
            yield f"step {step.name}: {person} does not work here"
    for entity in sorted(entities):
        for role in step.roles:
            if not staff.holders(role, entity):
                yield f"step {step.name}: nobody holds {role} in entity {entity}"
        signers = {*step.people, *(each for role in step.roles for each in staff.holders(role, entity))}
        if step.mode is Mode.VOTE and len(signers) < step.needed:
            yield f"step {step.name}: {step.needed} must agree, and there are {len(signers)} in entity {entity}"


def _in_itself(policy: Policy) -> Iterator[Finding]:
    if not ID.fullmatch(policy.id):
        yield Finding("id", "an id has 1 to 64 letters, digits, or . _ @ -")
    if not 1 <= len(policy.rules) <= MOST_RULES:
        yield Finding("rules", f"a policy has 1 to {MOST_RULES} rules")
        return
    for place, rule in enumerate(policy.rules):
        for where, what in _in_rule(policy, rule):
            yield Finding(f"rules.{place}{where}", what)
        if policy.rule(rule.name) is not rule:
            yield Finding(f"rules.{place}.name", f"two rules are named {rule.name}")
    yield from _uncovered(policy)


def _in_rule(policy: Policy, rule: Rule) -> Iterator[tuple[str, str]]:
    if not rule.name.strip():
        yield ".name", "name the rule"
    if rule.amount is not None:
        yield from ((".amount", what) for what in _in_band(rule.amount))
    for number, words in enumerate(rule.words):
        if not words.values:
            yield f".words.{number}", f"name at least one {words.field}"
    if rule.by_itself:
        yield from ((".by_itself", what) for what in _by_itself(rule))
    elif bool(rule.steps) is bool(rule.like):
        yield ".steps", "name its steps, or the rule that it is like: one of the two"
    elif rule.like:
        yield from ((".like", what) for what in _in_like(policy, rule))
    if len({step.name for step in rule.steps}) < len(rule.steps):
        yield ".steps", "two steps have one name"
    for number, step in enumerate(rule.steps):
        yield from ((f".steps.{number}", what) for what in _in_step(step))


def _by_itself(rule: Rule) -> Iterator[str]:
    if rule.steps or rule.like:
        yield "somebody signs, or it goes by itself: one of the two"
    if not any(each.field is Field.BASIS and each.values == ("due",) and not each.other_than for each in rule.words):
        yield "only money that is due back already goes by itself: let its basis be due"
    if rule.amount is None or rule.amount.at_most is None:
        yield "say up to which amount: at_most"


def _in_band(band: Band) -> Iterator[str]:
    if not band.currencies:
        yield "say at_most, above, or both"
    elif len(band.currencies) > 1:
        yield f"{' and '.join(band.currencies)} cannot be compared: one currency for a rule"
    elif any(each is not None and each.amount_minor < 0 for each in (band.above, band.at_most)):
        yield "an amount is never below zero"


def _in_like(policy: Policy, rule: Rule) -> Iterator[str]:
    way = tuple(policy.way_of(rule))
    if way[-1].like:
        names = " -> ".join((*(each.name for each in way), way[-1].like))
        known = policy.rule(way[-1].like) is not None
        yield f"it goes round in a circle: {names}" if known else f"there is no rule {way[-1].like}: {names}"
    elif way[-1].by_itself:
        yield f"rule {way[-1].name} has no steps: it goes by itself"


def _in_step(step: StepRule) -> Iterator[str]:
    if not step.name.strip():
        yield "name the step"
    if step.mode is Mode.VOTE and step.needed < 1:
        yield f"step {step.name}: say how many must agree"
    if step.mode is not Mode.VOTE and step.needed:
        yield f"step {step.name}: only a vote says how many must agree"


def _uncovered(policy: Policy) -> Iterator[Finding]:
    try:
        found = cover(policy.rules)
    except TooIntricate:
        yield Finding("rules", "the conditions cross each other too often to be proved whole: write fewer of them")
        return
    for place, rule in enumerate(policy.rules):
        if place not in found.reached:
            yield Finding(f"rules.{place}", _why_unreachable(policy, place, rule))
    for gap in found.gaps:
        yield Finding("rules", f"no rule fits a refund of {gap}: end with a rule without conditions")


def _why_unreachable(policy: Policy, place: int, rule: Rule) -> str:
    if rule.amount is not None and len(rule.amount.currencies) != 1:
        return f"rule {rule.name} fits no amount"
    currencies = rule.amount.currencies if rule.amount else ("CNY",)
    own = box_of(rule, currencies[0])
    if not own:
        return f"rule {rule.name} contradicts itself: nothing is such that {rule}"
    before = [each.name for each in policy.rules[:place] if box_of(each, currencies[0]) & own]
    return f"rule {rule.name} is never reached: {', '.join(before)} come first and take all of it"
