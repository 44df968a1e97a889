"""Policies over HTTP: shown, tried on cases, saved."""

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
from domain.policy_checks import check
from domain.route import Route
from domain.routing import route
from persistence import people, policies, policy_saving
from persistence.access import Token
from runtime.wiring import House


async def shown_policies(house: House) -> PoliciesAnswer:
    async with house.engine.connect() as db:
        return PoliciesAnswer(policies=[PolicyAnswer.of(saved) for saved in await policies.list_current(db)])


async def one_policy(house: House, policy_id: str, version: int | None) -> PolicyAnswer:
    async with house.engine.connect() as db:
        found = await policies.find(db, policy_id, version)
    if found is None:
        named = policy_id if version is None else f"{policy_id} version {version}"
        raise Problem(404, "unknown-policy", f"there is no policy {named}")
    return PolicyAnswer.of(found)


async def save(house: House, token: Token, policy: Policy, if_match: str | None) -> PolicyAnswer:
    with changes(if_match):
        async with house.engine.begin() as db:
            by, seen = f"token {token.name}", version_seen(if_match)
            saved = await policy_saving.save_policy(db, policy, by, house.clock.now(), based_on=seen)
    return await one_policy(house, saved.id, saved.version)


async def dry_run(house: House, body: DryRunBody) -> DryRunAnswer:
    tried, cases = body.policy.policy(), [each.facts() for each in body.cases]
    async with house.engine.connect() as db:
        staff = await people.read_staff(db)
        check(tried, staff, await people.entity_ids(db))
        held = await policies.find(db, tried.id)
        shops = {(each.channel, each.shop_id) for each in cases}
        entities = {shop: await people.entity_of(db, *shop) or "" for shop in shops}
    compared = [
        _compared(
            route(held.policy, staff, entities[each.channel, each.shop_id], each) if held else None,
            route(tried, staff, entities[each.channel, each.shop_id], each),
        )
        for each in cases
    ]
    return DryRunAnswer(
        differing=sum(each.differs for each in compared),
        stuck=sum(bool(each.then.stuck) for each in compared),
        cases=compared,
    )


def _compared(now: Route | None, then: Route) -> ComparedAnswer:
    differs = now is None or (now.steps, now.limits, now.stuck) != (then.steps, then.limits, then.stuck)
    return ComparedAnswer(now=now and _routed(now), then=_routed(then), differs=differs)


def _routed(found: Route) -> RoutedAnswer:
    return RoutedAnswer(
        rule=found.rule, signers=[list(step.signers) for step in found.steps], why=found.why, stuck=found.stuck
    )
