"""A policy tried on refunds before it goes live: whom they go to now, and whom they would go to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import Money
from domain.policy import Policy
from domain.policy_checks import check
from domain.route import RefundFacts, Route
from domain.routing import route
from persistence import people, policies
from persistence.refund_facts import known

MOST_CASES = 1000
# What people decided on the order until then counts with each refund, as it does when a refund is opened.
_PAST = text(
    """
    select r.id, r.currency, r.reason, r.applicant,
      case when r.applicant = 'lockstep' then 'due' else 'sale' end as basis,
      o.source_channel as channel, o.shop_id, (
        select sum(b.amount_minor) from refunds b where b.order_id = r.order_id and (
            b.id = r.id or r.applicant <> 'lockstep' and b.basis = 'sale' and b.decision not in ('refused', 'withdrawn')
            and (b.requested_at, b.id) < (r.requested_at, r.id)
        )
    ) as amount_minor
    from refunds r join orders o on o.id = r.order_id
    where r.amount_minor > 0 order by r.requested_at desc, r.id desc limit :most
    """
)


@dataclass(frozen=True)
class Case:
    """`name`: the refund's id, or what the asker calls it."""

    name: str
    facts: RefundFacts


@dataclass(frozen=True)
class Trial:
    """`now` is None where no policy of this name holds yet."""

    case: Case
    now: Route | None
    then: Route

    @property
    def differs(self) -> bool:
        """Whether other people would be asked, in another way or within another time."""
        now, then = self.now, self.then
        return now is None or _way(now) != _way(then)


def _way(found: Route) -> tuple[object, ...]:
    return (found.steps, found.limits, found.stuck, found.by_itself)


async def past_refunds(db: AsyncConnection, most: int = MOST_CASES) -> list[Case]:
    """The last ones, with the categories and regions that they have today."""
    rows = (await db.execute(_PAST, {"most": most})).mappings().all()
    found = await known(db, [row["id"] for row in rows])
    return [
        Case(
            row["id"],
            RefundFacts(
                Money(int(row["amount_minor"]), row["currency"]),
                row["channel"],
                row["shop_id"],
                **asdict(found[row["id"]]),
                reason=row["reason"],
                applicant=row["applicant"],
                basis=row["basis"],
            ),
        )
        for row in rows
    ]


async def try_policy(db: AsyncConnection, policy: Policy, cases: Sequence[Case]) -> list[Trial]:
    """Raises PolicyRefused for one that could not be saved either."""
    staff = await people.read_staff(db)
    check(policy, staff, await people.entity_ids(db))
    held = await policies.find(db, policy.id)
    shops = {(each.facts.channel, each.facts.shop_id) for each in cases}
    entities = {shop: await people.entity_of(db, *shop) or "" for shop in shops}
    trials = []
    for case in cases:
        entity = entities[case.facts.channel, case.facts.shop_id]
        now = route(held.policy, staff, entity, case.facts) if held else None
        trials.append(Trial(case, now, route(policy, staff, entity, case.facts)))
    return trials
