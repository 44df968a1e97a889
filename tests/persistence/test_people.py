"""People and policies in the record: changed together, never into a state in which nobody can sign."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.calendar import TimeKind, TimeLimit
from domain.errors import PolicyRefused, StaffRefused
from domain.money import Money
from domain.people import Person, Post, Rung, StandIn
from domain.policy import SHIPPED, Band, Field, Policy, Rule, StepRule, Words
from domain.route import RefundFacts
from persistence import audit, people, policies, shops
from persistence.approvers import PostgresApprovers
from persistence.failures import ChangedMeanwhile
from persistence.policy_saving import look_at, save_policy
from ports.approvers import Approvers
from tests.builders import NOON, yuan

pytestmark = pytest.mark.slow

BOSS = Person("boss", "Boss")
WU = Person("wu", "Wu", (Post("finance_manager"),), "boss")
LIN = Person(
    "lin", "Lin", (Post("support_supervisor", "teahouse"),), "wu", limits=(yuan("500.00"), Money(50_00, "USD"))
)
ANN = Person("ann", "Ann", (), "lin", (StandIn("wu", NOON, NOON + timedelta(days=1)),))
EVERYBODY = (ANN, LIN, WU, BOSS)  # those below first: the record sorts that out
FACTS = RefundFacts(yuan("200.00"), "shop", "tea", applicant="ann")


async def save(record: AsyncEngine, *changed: Person, seen: dict[str, int] | None = None) -> list[tuple[str, int]]:
    async with record.begin() as db:
        saved = await people.save_people(db, changed, "mei", NOON, seen=seen or {})
        return [(each.person.id, each.version) for each in saved]


async def save_new(record: AsyncEngine, policy: Policy, based_on: int | None = None) -> int:
    async with record.begin() as db:
        return (await save_policy(db, policy, "mei", NOON, based_on=based_on)).version


@pytest.fixture
async def staffed(record: AsyncEngine) -> AsyncEngine:
    await save(record, *EVERYBODY)
    return record


async def test_everybody_is_read_as_he_was_written(staffed: AsyncEngine) -> None:
    async with staffed.connect() as db:
        known = await people.list_people(db)
    assert {each.person for each in known} == set(EVERYBODY)
    assert {each.version for each in known} == {1}


async def test_only_what_is_different_is_written_and_told(staffed: AsyncEngine) -> None:
    assert await save(staffed, *EVERYBODY) == []
    twice = replace(LIN, posts=(*LIN.posts, *LIN.posts))
    assert await save(staffed, twice, replace(WU, name="Wu Lei")) == [("wu", 2)]
    async with staffed.connect() as db:
        assert await audit.first_bad_entry(db, audit.INSTALLATION) is None
        query = text("select change from audit_log where step = 'save_person' order by seq desc limit 1")
        told = (await db.execute(query)).scalar_one()
    assert (told["person"], told["version"], told["superior"]) == ("wu", 2, "boss")
    assert "Wu Lei" not in str(told)


async def test_a_change_made_from_an_older_version_is_refused(staffed: AsyncEngine) -> None:
    assert await save(staffed, replace(ANN, name="Anna"), seen={"ann": 1}) == [("ann", 2)]
    with pytest.raises(ChangedMeanwhile, match="ann was changed meanwhile: it is at version 2"):
        await save(staffed, replace(ANN, name="Anne"), seen={"ann": 1})
    with pytest.raises(ChangedMeanwhile, match="version 2"):
        await save(staffed, replace(ANN, name="Anne"), seen={"ann": 0})
    assert await save(staffed, replace(ANN, name="Anna"), seen={"ann": 1}) == []  # said again: it is so


async def test_of_two_who_change_a_person_at_once_one_is_told(staffed: AsyncEngine) -> None:
    tries = (save(staffed, replace(ANN, name=name), seen={"ann": 1}) for name in ("Anna", "Anne"))
    ends = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["ChangedMeanwhile", "list"]


async def test_two_changes_at_once_make_no_circle_together(staffed: AsyncEngine) -> None:
    """The second waits for the first one's transaction, and then sees what it did."""
    await save(staffed, Person("x", "X"), Person("y", "Y"))
    async with staffed.begin() as db:
        await people.save_people(db, [Person("x", "X", superior="y")], "mei", NOON, seen={})
        second = asyncio.create_task(save(staffed, Person("y", "Y", superior="x")))
        await waits_for_a_lock(staffed, second)
    with pytest.raises(StaffRefused, match="round in a circle: x -> y -> x"):
        await second


async def waits_for_a_lock(record: AsyncEngine, task: asyncio.Task[list[tuple[str, int]]]) -> None:
    waiting = text("select count(*) from pg_locks where not granted")
    while not task.done():
        async with record.connect() as db:
            if (await db.execute(waiting)).scalar_one():
                return


async def test_people_who_do_not_fit_together_are_not_written(staffed: AsyncEngine) -> None:
    with pytest.raises(StaffRefused, match="round in a circle"):
        await save(staffed, replace(BOSS, superior="ann"))
    with pytest.raises(StaffRefused, match="ann: there is no entity nowhere"):
        await save(staffed, replace(ANN, posts=(Post("support", "nowhere"),)))
    async with staffed.connect() as db:
        assert (await people.read_staff(db)).by_id["boss"] == BOSS


async def test_nobody_leaves_a_step_that_then_names_nobody(staffed: AsyncEngine) -> None:
    with pytest.raises(PolicyRefused) as refused:
        await save(staffed, replace(LIN, active=False))
    assert str(refused.value) == (
        "refunds.rules.1.steps.0: step support supervisor: nobody holds support_supervisor in entity teahouse"
    )
    successor = replace(ANN, posts=(Post("support_supervisor"),))
    assert await save(staffed, successor, replace(LIN, active=False)) == [("lin", 2), ("ann", 2)]


MINE = replace(SHIPPED, rules=(Rule("jd", words=(Words(Field.CHANNEL, ("jd",)),), like="large"), *SHIPPED.rules))


async def test_a_policy_s_versions_stay_as_they_were(staffed: AsyncEngine) -> None:
    async with staffed.connect() as db:
        assert await policies.current(db) == (SHIPPED,)
    assert await save_new(staffed, MINE) == 1
    assert await save_new(staffed, SHIPPED, based_on=1) == 2
    async with staffed.connect() as db:
        first, second = [await policies.find(db, "refunds", version) for version in (1, 2)]
        assert first == policies.Saved(replace(MINE, version=1), "mei", NOON)
        assert second == await policies.find(db, "refunds")
        assert await policies.find(db, "refunds", 3) is None
        assert await policies.find(db, "refunds", 0) == policies.Saved(SHIPPED)
    for statement in ("update policies set saved_by = 'x'", "delete from policies", "truncate policies"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with staffed.begin() as db:
                await db.execute(text(statement))


async def test_a_policy_with_everything_is_read_as_it_was_written(staffed: AsyncEngine) -> None:
    step = StepRule("look", ("finance_manager",), ("lin",), limit=TimeLimit(timedelta(hours=9), TimeKind.WORKING))
    full = replace(
        MINE,
        rules=(
            Rule("usd", Band(Money(9, "USD"), Money(1, "USD")), (Words(Field.REASON, ("",), True),), (step,)),
            *MINE.rules,
        ),
    )
    version = await save_new(staffed, full)
    async with staffed.connect() as db:
        saved = await policies.find(db, "refunds")
    assert saved is not None
    assert saved.policy == replace(full, version=version)


async def test_a_policy_is_saved_once_and_only_from_what_stands(staffed: AsyncEngine) -> None:
    assert await save_new(staffed, MINE, based_on=0) == 1
    assert await save_new(staffed, MINE, based_on=0) == 1  # said again: it is so
    with pytest.raises(ChangedMeanwhile, match="refunds was changed meanwhile: it is at version 1"):
        await save_new(staffed, SHIPPED, based_on=0)


async def test_a_policy_that_names_nobody_is_not_saved(staffed: AsyncEngine) -> None:
    async with staffed.begin() as db:
        await shops.add_entity(db, "south", "South Ltd", "Asia/Shanghai")
    with pytest.raises(PolicyRefused, match="nobody holds support_supervisor in entity south"):
        await save_new(staffed, MINE)
    async with staffed.connect() as db:
        assert [each.place for each in await look_at(db, MINE)] == ["rules.2.steps.0"]
        assert await policies.newest_version(db, "refunds") == 0


async def test_a_refund_finds_its_signers_in_the_record(staffed: AsyncEngine) -> None:
    approvers: Approvers = PostgresApprovers(staffed)
    found = await approvers.route(FACTS)
    assert (found.policy, found.version, found.rule, found.entity_id) == ("refunds", 0, "small", "teahouse")
    assert [step.signers for step in found.steps] == [("lin",)]
    await save_new(staffed, MINE)
    above = await approvers.route(replace(FACTS, amount=yuan("200.01")))
    assert (above.version, [step.signers for step in above.steps]) == (1, [("wu",)])
    nowhere = await approvers.route(replace(FACTS, shop_id="unknown"))
    assert "too few may sign" in nowhere.stuck


async def test_who_is_above_and_who_stands_in_is_asked_of_the_record(staffed: AsyncEngine) -> None:
    approvers = PostgresApprovers(staffed)
    assert await approvers.superior_of("ann") == "lin"
    assert await approvers.ladder("ann", "lin") == (
        Rung("lin", "lin is the applicant: nobody decides his own request"),
        Rung("wu"),
        Rung("boss"),
    )
    assert await approvers.standing_in("ann", NOON) == "wu"
    assert await approvers.stands_in_for("wu", NOON) == ("ann",)
    amounts = (yuan("500.00"), yuan("500.01"), Money(50_00, "USD"))
    assert [await approvers.may_decide("lin", amount) for amount in amounts] == [True, False, True]


async def test_reminders_keep_the_hours_of_the_entity(staffed: AsyncEngine) -> None:
    approvers, friday = PostgresApprovers(staffed), NOON - timedelta(days=2)  # 2026-11-20, noon in Shanghai
    limit = TimeLimit(timedelta(hours=8), TimeKind.WORKING)
    assert await approvers.reminders("teahouse", friday, limit, 1, None) == (friday + timedelta(days=3, hours=-1),)
    async with staffed.begin() as db:
        hours = '{"shifts": [{"begins": "00:00", "ends": "00:00"}], "weekdays": [0, 1, 2, 3, 4, 5, 6]}'
        await db.execute(text("update entities set working_hours = cast(:hours as jsonb)"), {"hours": hours})
    assert await approvers.reminders("teahouse", friday, limit, 2, None) == (
        friday + timedelta(hours=8),
        friday + timedelta(hours=16),
    )
    assert await approvers.reminders("unknown", friday, TimeLimit(), 1, None) == (friday + timedelta(days=1),)
