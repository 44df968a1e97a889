"""The demo's people and the policy by which they decide on refunds."""

from datetime import datetime, timedelta

from domain.approval import Mode
from domain.calendar import TimeLimit
from domain.money import Money
from domain.people import FINANCE_MANAGER, SUPPORT_SUPERVISOR, Person, Post
from domain.policy import REFUNDS, SMALL, Band, Field, Policy, Rule, StepRule, Words
from persistence import access
from persistence.engine import Connection
from persistence.people import save_people
from persistence.policy_saving import save_policy

STAFF = (
    Person("zhou", "Zhou"),
    Person("fang", "Fang", (Post(FINANCE_MANAGER),), "zhou"),
    Person("lin", "Lin", (Post(SUPPORT_SUPERVISOR),), "fang"),
)
DUE_BACK_AT_MOST = Money(5_000_00, "CNY")  # above every basket of the demo: no double charge waits for anybody
DECIDED_WITHIN = timedelta(minutes=20)
"""Then the superior is told; a day in earnest, which is far too long for a demo."""
COUNTERSIGNED = "counterfeit"


def policy(time_scale: float) -> Policy:
    """The shipped one, with a rule for two signers; its time limits run as fast as the demo."""
    limit = TimeLimit(DECIDED_WITHIN / time_scale)
    supervisor, finance = (SUPPORT_SUPERVISOR,), (FINANCE_MANAGER,)
    return Policy(
        REFUNDS,
        (
            Rule("due back", Band(at_most=DUE_BACK_AT_MOST), (Words(Field.BASIS, ("due",)),), by_itself=True),
            Rule(
                "countersigned",
                words=(Words(Field.REASON, (COUNTERSIGNED,)),),
                steps=(StepRule("support and finance", supervisor + finance, mode=Mode.ALL, limit=limit),),
            ),
            Rule("small", Band(at_most=SMALL), steps=(StepRule("support supervisor", supervisor, limit=limit),)),
            Rule("large", steps=(StepRule("finance manager", finance, limit=limit),)),
        ),
    )


async def hire(db: Connection, time_scale: float, now: datetime) -> dict[str, str]:
    """The people, their policy, and each one's own token. The shops' entities are there already."""
    await save_people(db, STAFF, "demo", now, seen={})
    await save_policy(db, policy(time_scale), "demo", now)
    scopes = ("cases:read", "cases:write", "orders:read")
    return {each.id: await access.create_token(db, f"staff {each.id}", scopes, now, each.id) for each in STAFF}
