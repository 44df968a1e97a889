"""Policies over HTTP: shown, tried on cases, saved."""

from api.actors import changing
from api.errors import Problem
from api.policy_bodies import (
    ComparedAnswer,
    DryRunAnswer,
    DryRunBody,
    PoliciesAnswer,
    PolicyAnswer,
    RoutedAnswer,
)
from api.versions import changes, version_seen
from domain.policy import Policy
from domain.route import Route
from persistence import policies, policy_saving
from persistence.access import Token
from persistence.engine import reading
from persistence.policy_trials import Case, Trial, past_refunds, try_policy
from runtime.wiring import House


async def shown_policies(house: House) -> PoliciesAnswer:
    async with reading(house.engine) as db:
        return PoliciesAnswer(policies=[PolicyAnswer.of(saved) for saved in await policies.list_current(db)])


async def one_policy(house: House, policy_id: str, version: int | None) -> PolicyAnswer:
    async with reading(house.engine) as db:
        found = await policies.find(db, policy_id, version)
    if found is None:
        named = policy_id if version is None else f"{policy_id} version {version}"
        raise Problem(404, "unknown-policy", f"there is no policy {named}")
    return PolicyAnswer.of(found)


async def save(house: House, token: Token, policy: Policy, if_match: str | None) -> PolicyAnswer:
    with changes(if_match):
        async with house.engine.begin() as db:
            by, seen = changing(token), version_seen(if_match)
            saved = await policy_saving.save_policy(db, policy, by, house.clock.now(), based_on=seen)
    return await one_policy(house, saved.id, saved.version)


async def dry_run(house: House, body: DryRunBody) -> DryRunAnswer:
    given = [Case(f"case {number}", each.facts()) for number, each in enumerate(body.cases or (), start=1)]
    async with reading(house.engine) as db:
        cases = given or await past_refunds(db)
        trials = await try_policy(db, body.policy.policy(), cases)
    return DryRunAnswer(
        differing=sum(trial.differs for trial in trials),
        stuck=sum(bool(trial.then.stuck) for trial in trials),
        cases=[_compared(trial) for trial in trials],
    )


def _compared(trial: Trial) -> ComparedAnswer:
    now = _routed(trial.now) if trial.now else None
    return ComparedAnswer(case=trial.case.name, now=now, then=_routed(trial.then), differs=trial.differs)


def _routed(found: Route) -> RoutedAnswer:
    return RoutedAnswer(
        rule=found.rule, signers=[list(step.signers) for step in found.steps], why=found.why, stuck=found.stuck
    )
