"""People: who is above whom, who holds what, who stands in, and what they may decide."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import StaffRefused
from domain.money import Money
from domain.people import Person, Post, Rung, Staff, StandIn
from tests.builders import NOON, yuan

DAY = timedelta(days=1)
SUPERVISOR = Post("support_supervisor", "north")
FINANCE = Post("finance_manager")


def person(name: str, superior: str | None = None, *posts: Post, **more: object) -> Person:
    return replace(Person(name, name.title(), posts, superior), **more)  # type: ignore[arg-type]


def away(to: str, *, since: timedelta = timedelta(), days: int = 7) -> tuple[StandIn, ...]:
    return (StandIn(to, NOON + since, NOON + since + days * DAY),)


HOUSE = Staff(
    (
        person("boss"),
        person("wu", "boss", FINANCE),
        person("lin", "wu", SUPERVISOR),
        person("chen", "wu", SUPERVISOR, Post("support_supervisor", "south")),
        person("ann", "lin", Post("support")),
    )
)


def test_superiors_stand_in_a_chain_the_direct_one_first() -> None:
    assert HOUSE.chain_of("ann") == ("lin", "wu", "boss")
    assert HOUSE.superior_of("ann") == "lin"
    assert HOUSE.chain_of("boss") == ()
    assert HOUSE.superior_of("boss") is None
    assert HOUSE.superior_of("stranger") is None


def test_a_superior_who_has_left_is_passed_over() -> None:
    without = HOUSE.with_person(replace(HOUSE.by_id["lin"], active=False))
    assert without.superior_of("ann") == "wu"
    assert without.ladder("ann", "somebody")[0] == Rung("lin", "lin does not work here any more")


def test_a_sole_superior_who_is_the_applicant_is_skipped_with_the_reason() -> None:
    assert HOUSE.ladder("wu", "boss") == (Rung("boss", "boss is the applicant: nobody decides his own request"),)
    assert HOUSE.ladder("wu", "ann") == (Rung("boss"),)


def test_the_rungs_above_an_applicant_are_told() -> None:
    assert [(rung.person, bool(rung.skipped)) for rung in HOUSE.ladder("ann", "lin")] == [
        ("lin", True),
        ("wu", False),
        ("boss", False),
    ]


@pytest.mark.parametrize(
    ("role", "entity", "holders"),
    [
        ("support_supervisor", "north", ("chen", "lin")),
        ("support_supervisor", "south", ("chen",)),
        ("support_supervisor", "west", ()),
        ("finance_manager", "north", ("wu",)),  # a post without an entity is one in all
        ("finance_manager", "west", ("wu",)),
        ("support", "north", ("ann",)),
        ("finance", "north", ()),
    ],
)
def test_a_role_is_held_in_an_entity(role: str, entity: str, holders: tuple[str, ...]) -> None:
    assert HOUSE.holders(role, entity) == holders


def test_who_has_left_holds_nothing_and_decides_nothing() -> None:
    without = HOUSE.with_person(replace(HOUSE.by_id["lin"], active=False))
    assert without.holders("support_supervisor", "north") == ("chen",)
    assert not without.may_decide("lin", yuan("1.00"))


@pytest.mark.parametrize(
    ("limits", "amount", "may"),
    [
        ((), yuan("1000000.00"), True),
        ((yuan("200.00"),), yuan("200.00"), True),
        ((yuan("200.00"),), yuan("200.01"), False),
        ((yuan("200.00"),), Money(1, "USD"), False),  # whoever has limits decides only in their currencies
        ((yuan("200.00"), Money(3000, "USD")), Money(3000, "USD"), True),
        ((yuan("200.00"), Money(3000, "USD")), Money(3001, "USD"), False),
    ],
)
def test_an_amount_limit_is_the_most_that_somebody_decides(
    limits: tuple[Money, ...], amount: Money, *, may: bool
) -> None:
    assert HOUSE.with_person(person("zhao", limits=limits)).may_decide("zhao", amount) is may
    assert not HOUSE.may_decide("stranger", amount)


def test_a_stand_in_works_from_the_first_moment_until_just_before_the_last() -> None:
    house = HOUSE.with_person(replace(HOUSE.by_id["lin"], stand_ins=away("chen")))
    times = [NOON - timedelta(seconds=1), NOON, NOON + 7 * DAY - timedelta(seconds=1), NOON + 7 * DAY]
    assert [house.standing_in("lin", at) for at in times] == [None, "chen", "chen", None]
    assert house.stands_in_for("chen", NOON) == ("lin",)
    assert house.stands_in_for("lin", NOON) == ()


def test_where_the_stand_in_is_away_too_his_own_stands_in_for_both() -> None:
    house = HOUSE.with_person(replace(HOUSE.by_id["lin"], stand_ins=away("chen")))
    house = house.with_person(replace(house.by_id["chen"], stand_ins=away("wu", since=DAY)))
    assert house.standing_in("lin", NOON) == "chen"
    assert house.standing_in("lin", NOON + DAY) == "wu"
    assert house.stands_in_for("wu", NOON + DAY) == ("chen", "lin")


def test_where_everybody_in_the_row_is_away_nobody_stands_in() -> None:
    house = HOUSE.with_person(replace(HOUSE.by_id["lin"], stand_ins=away("chen")))
    house = house.with_person(replace(house.by_id["chen"], stand_ins=away("lin")))
    assert house.standing_in("lin", NOON) is None
    assert house.stands_in_for("chen", NOON) == ()


def test_a_stand_in_who_has_left_does_not_stand_in() -> None:
    house = HOUSE.with_person(replace(HOUSE.by_id["lin"], stand_ins=away("chen")))
    house = house.with_person(replace(house.by_id["chen"], active=False))
    assert house.standing_in("lin", NOON) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (person("boss", "ann"), "ann: the superiors go round in a circle: ann -> lin -> wu -> boss -> ann"),
        (person("boss", "boss"), "boss: the superiors go round in a circle: boss -> boss"),
        (person("zhao", "nobody"), "zhao: superior nobody is not known here"),
        (person("zhao", stand_ins=away("zhao")), "zhao: nobody stands in for himself"),
        (person("zhao", stand_ins=away("nobody")), "zhao: stand-in nobody is not known here"),
        (person("zhao", stand_ins=away("lin", days=0)), "zhao: lin's time ends before it begins"),
        (
            person("zhao", stand_ins=(*away("lin"), *away("chen", since=6 * DAY))),
            "zhao: two stand in at one time",
        ),
        (person("zhao", None, Post("Head Of Support")), "role 'Head Of Support': use small letters"),
        (person("zhao", limits=(yuan("1.00"), yuan("2.00"))), "zhao: one limit for each currency"),
        (person("zhao", limits=(yuan("0.00"),)), "zhao: a limit is above zero"),
        (replace(person("zhao"), id="z h"), "an id has 1 to 64 letters"),
        (replace(person("zhao"), id=""), "an id has 1 to 64 letters"),
        (replace(person("zhao"), id="lockstep"), "lockstep: the program itself has this id"),
        (replace(person("zhao"), name=" "), "zhao: say the name"),
    ],
)
def test_people_who_do_not_fit_together_are_refused_and_named(wrong: Person, said: str) -> None:
    with pytest.raises(StaffRefused) as refused:
        HOUSE.with_person(wrong)
    assert said in str(refused.value)


def test_one_id_names_one_person() -> None:
    with pytest.raises(StaffRefused, match="two people have one id"):
        Staff((person("lin"), person("lin")))


def test_one_stand_in_may_follow_another_at_the_same_moment() -> None:
    both = (*away("lin"), *away("chen", since=7 * DAY))
    house = HOUSE.with_person(person("zhao", stand_ins=both))
    assert house.standing_in("zhao", NOON + 7 * DAY) == "chen"
