"""From a policy's rule to people: who signs this refund, who is left out, and why."""

from __future__ import annotations

from dataclasses import dataclass

from domain.approval import Mode, StepPlan
from domain.people import Staff
from domain.policy import Policy, StepRule, evaluate
from domain.route import RefundFacts, Route


@dataclass(frozen=True)
class _Signers:
    people: tuple[str, ...]
    notes: tuple[str, ...]
    wanted: int


def route(policy: Policy, staff: Staff, entity_id: str, facts: RefundFacts) -> Route:
    """Where nobody may sign a step, nobody is asked at all: the route says why, and is stuck."""
    found = evaluate(policy, facts)
    if found.rule.by_itself:
        return Route(policy.id, policy.version, found.rule.name, entity_id, (), (), found.why, by_itself=True)
    named = [_signers(step, staff, entity_id, facts) for step in found.steps]
    why = "; ".join((found.why, *dict.fromkeys(note for each in named for note in each.notes)))
    short = [
        f"step {step.name}: too few may sign a refund of {facts.amount} in entity {entity_id}"
        for step, signers in zip(found.steps, named, strict=True)
        if len(signers.people) < signers.wanted
    ]
    stuck = "; ".join(short) if found.steps else f"rule {found.rule.name} has no steps"
    plans = tuple(
        StepPlan(step.name, step.mode, signers.people, step.needed, step.on_refusal, step.limit)
        for step, signers in zip(found.steps, named, strict=True)
    )
    return Route(
        policy=policy.id,
        version=policy.version,
        rule=found.rule.name,
        entity_id=entity_id,
        steps=() if stuck else plans,
        limits=() if stuck else tuple(step.limit for step in found.steps),
        why=why,
        stuck=stuck,
        at_deadline=found.rule.at_deadline,
    )


def _signers(step: StepRule, staff: Staff, entity_id: str, facts: RefundFacts) -> _Signers:
    """Those whom the step names and who may sign. Where they are too few, superiors of the named sign with them."""
    by_role = (person for role in step.roles for person in staff.holders(role, entity_id))
    named = tuple(dict.fromkeys((*step.people, *by_role)))
    reasons = {person: _why_not(person, staff, facts) for person in named}
    people = [person for person in named if not reasons[person]]
    notes = [f"{person} is left out: {reason}" for person, reason in reasons.items() if reason]
    wanted = step.needed if step.mode is Mode.VOTE else 1
    above = ((person, superior) for person in named for superior in staff.chain_of(person))
    for person, superior in above:
        if len(people) >= wanted:
            break
        if superior not in named and superior not in people:
            if reason := _why_not(superior, staff, facts):
                notes.append(f"{superior} is skipped: {reason}")
            else:
                people.append(superior)
                notes.append(f"{superior} signs as {person}'s superior")
    return _Signers(tuple(people), tuple(notes), wanted)


def _why_not(person: str, staff: Staff, facts: RefundFacts) -> str:
    """Empty when this person may sign."""
    if not staff.active(person):
        return "does not work here any more"
    if person == facts.applicant:
        return "nobody decides his own request"
    return "" if staff.may_decide(person, facts.amount) else f"{facts.amount} is above the limit"
