"""Which rule takes which refund, who signs then, and which policies are refused before they can do harm."""

from dataclasses import replace

import pytest

from domain.approval import Mode, OnRefusal, start
from domain.calendar import TimeLimit
from domain.errors import PolicyRefused
from domain.money import MINOR_DIGITS, Money
from domain.people import Person, Post, Staff
from domain.policy import SHIPPED, Band, Field, Policy, Rule, StepRule, Words, evaluate
from domain.policy_checks import check, findings
from domain.routing import route
from tests.builders import NOON, yuan
from tests.domain.policies import (
    ENTITIES,
    FINANCE,
    STAFF,
    SUPERVISOR,
    above,
    channel,
    facts,
    policy,
    rule,
    up_to,
)

LIKE_ONE = (rule("small", amount=up_to("200.00"), step=SUPERVISOR), rule("rest"))


@pytest.mark.parametrize(
    ("amount", "signer"),
    [
        (yuan("0.01"), "lin"),
        (yuan("200.00"), "lin"),
        (yuan("200.01"), "wu"),
        (yuan("300.00"), "wu"),  # 150.00 asked twice on one order counts as 300.00
        (yuan("999999999.99"), "wu"),
        (Money(1, "USD"), "wu"),
        (Money(20_000, "JPY"), "wu"),
    ],
)
def test_the_shipped_policy_sends_up_to_200_to_the_supervisor_and_more_to_finance(amount: Money, signer: str) -> None:
    found = route(SHIPPED, STAFF, "north", facts(amount))
    assert [step.signers for step in found.steps] == [(signer,)]
    assert str(amount) in found.why
    assert found.limits == (TimeLimit(),)


def test_the_shipped_policy_is_one_that_could_be_saved() -> None:
    check(SHIPPED, STAFF, ENTITIES)


CONDITIONS = policy(
    rule("vip", Words(Field.CUSTOMER, ("c-1", "c-2")), amount=up_to("1000.00"), step=SUPERVISOR),
    rule(
        "damaged tea abroad",
        Words(Field.REASON, ("damaged",)),
        Words(Field.CATEGORY, ("tea",)),
        channel("shop", other_than=True),
    ),
    rule("south", Words(Field.REGION, ("hainan", "guangdong")), amount=above("50.00", "80.00")),
    rule("one shop", Words(Field.SHOP_ID, ("silk",))),
    rule("unknown reason", Words(Field.REASON, ("",))),
    rule("dollars", amount=Band(at_most=Money(30_00, "USD")), step=SUPERVISOR),
    rule("rest"),
)


@pytest.mark.parametrize(
    ("what", "taken_by"),
    [
        (facts("1000.00", customer="c-2"), "vip"),
        (facts("1000.01", customer="c-2", reason="late"), "rest"),
        (facts(customer="c-3", reason="damaged", category="tea", channel="jd"), "damaged tea abroad"),
        (facts(reason="damaged", category="tea", channel="shop"), "rest"),
        (facts(reason="damaged", category="silk", channel="jd"), "rest"),
        (facts("50.00", region="hainan", reason="late"), "rest"),
        (facts("50.01", region="hainan", reason="late"), "south"),
        (facts("80.00", region="guangdong"), "south"),
        (facts("80.01", region="guangdong", reason="late"), "rest"),
        (facts(shop_id="silk"), "one shop"),
        (facts(), "unknown reason"),
        (facts(Money(30_00, "USD"), reason="late"), "dollars"),
        (facts(Money(30_01, "USD"), reason="late"), "rest"),
        (facts(Money(30_00, "HKD"), reason="late"), "rest"),
    ],
)
def test_the_first_rule_whose_conditions_all_hold_takes_it(what: object, taken_by: str) -> None:
    check(CONDITIONS, STAFF, ENTITIES)
    assert evaluate(CONDITIONS, what).rule.name == taken_by  # type: ignore[arg-type]


def test_the_reason_is_told_in_words() -> None:
    assert evaluate(CONDITIONS, facts("80.00", region="hainan")).why == (
        "rule south: 80.00 CNY, the amount is above 50.00 CNY and at most 80.00 CNY, region is hainan or guangdong"
    )
    assert evaluate(CONDITIONS, facts()).why == "rule unknown reason: 100.00 CNY, reason is unknown"
    assert evaluate(CONDITIONS, facts(reason="late")).why == "rule rest: 100.00 CNY, no rule before it fits"


def test_a_rule_may_be_like_another_one() -> None:
    usd = Rule("small in dollars", Band(at_most=Money(30_00, "USD")), like="small")
    shared = policy(usd, *LIKE_ONE)
    check(shared, STAFF, ENTITIES)
    assert evaluate(shared, facts(Money(1, "USD"))).steps == (SUPERVISOR,)


def test_a_policy_with_a_gap_refuses_to_guess() -> None:
    with pytest.raises(PolicyRefused, match=r"no rule fits a refund of 200\.01 CNY"):
        evaluate(policy(LIKE_ONE[0]), facts("200.01"))


ONLY_CNY = (rule("small", amount=up_to("200.00")), rule("large", amount=above("200.00")))
VOTE = StepRule("vote", ("finance_manager",), ("lin",), Mode.VOTE, 2)

WRONG: list[tuple[Policy, str]] = [
    # gaps
    (policy(rule("small", amount=up_to("200.00"))), "rules: no rule fits a refund of 200.01 CNY"),
    (policy(rule("small", amount=up_to("200.00"))), "rules: no rule fits a refund of 0.00 HKD"),
    (policy(*ONLY_CNY), "rules: no rule fits a refund of 0.00 HKD"),
    (policy(rule("a", amount=up_to("1.00")), rule("b", amount=above("1.01"))), "no rule fits a refund of 1.01 CNY"),
    (policy(rule("jd", channel("jd"))), "no rule fits a refund of 0.00 CNY, channel other than jd"),
    (policy(rule("not jd", channel("jd", other_than=True))), "no rule fits a refund of 0.00 CNY, channel jd"),
    (
        policy(rule("jd", channel("jd"), amount=up_to("5.00")), rule("other", channel("jd", other_than=True))),
        "no rule fits a refund of 5.01 CNY, channel jd",
    ),
    (policy(), "rules: a policy has 1 to 100 rules"),
    # never reached
    (policy(rule("all"), rule("late")), "rules.1: rule late is never reached: all come first"),
    (
        policy(
            rule("wide", amount=up_to("500.00")), rule("narrow", channel("jd"), amount=up_to("200.00")), rule("rest")
        ),
        "rules.1: rule narrow is never reached: wide come first",
    ),
    (
        policy(rule("jd", channel("jd")), rule("others", channel("jd", other_than=True)), rule("rest")),
        "rules.2: rule rest is never reached: jd, others come first",
    ),
    (policy(rule("no", amount=above("9.00", "9.00")), rule("rest")), "rules.0: rule no contradicts itself"),
    (policy(rule("no", channel("jd"), channel("pdd")), rule("rest")), "rules.0: rule no contradicts itself"),
    # circles
    (
        policy(Rule("a", up_to("1.00"), like="b"), Rule("b", like="a")),
        "rules.0.like: it goes round in a circle: a -> b -> a",
    ),
    (policy(Rule("a", like="a")), "rules.0.like: it goes round in a circle: a -> a"),
    (policy(Rule("a", like="z")), "rules.0.like: there is no rule z: a -> z"),
    # nobody
    (policy(Rule("a")), "rules.0.steps: name its steps, or the rule that it is like"),
    (policy(Rule("a", steps=(FINANCE,), like="a")), "rules.0.steps: name its steps, or the rule that it is like"),
    (policy(rule("a", step=StepRule("look"))), "rules.0.steps.0: step look names nobody"),
    (
        policy(rule("a", step=StepRule("look", ("pilot",)))),
        "rules.0.steps.0: step look: nobody holds pilot in entity north",
    ),
    (policy(rule("a", step=StepRule("look", people=("gone",)))), "rules.0.steps.0: step look: gone does not work here"),
    (policy(rule("a", step=StepRule("look", people=("who",)))), "rules.0.steps.0: step look: who does not work here"),
    (policy(rule("a", step=replace(VOTE, needed=3))), "rules.0.steps.0: step vote: 3 must agree, and there are 2"),
    (policy(rule("a", step=replace(VOTE, needed=0))), "rules.0.steps.0: step vote: say how many must agree"),
    (policy(rule("a", step=replace(FINANCE, needed=1))), "rules.0.steps.0: step finance: only a vote says how many"),
    # currencies
    (
        policy(rule("a", amount=Band(Money(1, "USD"), yuan("1.00"))), rule("rest")),
        "rules.0.amount: CNY and USD cannot be compared",
    ),
    (policy(rule("a", amount=Band()), rule("rest")), "rules.0.amount: say at_most, above, or both"),
    (
        policy(rule("a", amount=Band(yuan("1.00"), -yuan("1.00"))), rule("rest")),
        "rules.0.amount: an amount is never below",
    ),
    # names
    (policy(rule("a", channel("jd")), rule("a")), "rules.1.name: two rules are named a"),
    (policy(rule(" ")), "rules.0.name: name the rule"),
    (policy(rule("a", channel()), rule("rest")), "rules.0.words.0: name at least one channel"),
    (policy(Rule("a", steps=(FINANCE, FINANCE))), "rules.0.steps: two steps have one name"),
    (policy(rule("a", step=replace(FINANCE, name=""))), "rules.0.steps.0: name the step"),
    (replace(SHIPPED, id="a/b"), "id: an id has 1 to 64 letters"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG)
def test_a_policy_that_would_fail_later_is_refused_with_the_place(wrong: Policy, said: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        check(wrong, STAFF, ENTITIES)
    assert said in str(refused.value)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = policy(rule("all", step=StepRule("look")), rule("late"), Rule("b", like="c"))
    assert [each.place for each in findings(wrong, STAFF, ENTITIES)] == [
        "rules.2.like",
        "rules.1",
        "rules.2",
        "rules.0.steps.0",
    ]


def test_a_role_must_be_held_in_every_entity() -> None:
    said = [str(each) for each in findings(SHIPPED, STAFF, ("north", "south"))]
    assert said == ["rules.1.steps.0: step support supervisor: nobody holds support_supervisor in entity south"]


def test_conditions_that_nobody_could_read_are_refused_and_not_computed_for_ever() -> None:
    crossing = [
        rule(
            f"r{n}",
            *(Words(field, (f"{n}",), other_than=True) for field in Field),
            amount=above(f"{n}.00", f"{n + 40}.00"),
        )
        for n in range(60)
    ]
    said = [str(each) for each in findings(policy(*crossing, rule("rest")), STAFF, ENTITIES)]
    assert said == ["rules: the conditions cross each other too often to be proved whole: write fewer of them"]


STEP = StepRule("sign", ("support_supervisor",))
SIGNED = policy(rule("all", step=STEP))


def people(*changed: Person) -> Staff:
    house = STAFF
    for each in changed:
        house = house.with_person(each)
    return house


LIN, WU, BOSS = (STAFF.by_id[name] for name in ("lin", "wu", "boss"))
CHEN = Person("chen", "Chen", (Post("support_supervisor"),), "wu")


@pytest.mark.parametrize(
    ("staff", "applicant", "signers", "told"),
    [
        (people(), "ann", ("lin",), ""),
        (people(CHEN), "ann", ("chen", "lin"), ""),
        (people(CHEN), "lin", ("chen",), "lin is left out: nobody decides his own request"),
        # the only one is the applicant: his superior signs
        (people(), "lin", ("wu",), "lin is left out: nobody decides his own request; wu signs as lin's superior"),
        # the sole superior is the applicant: skipped with the reason
        (
            people(replace(LIN, limits=(yuan("50.00"),))),
            "wu",
            ("boss",),
            "lin is left out: 100.00 CNY is above the limit; wu is skipped: nobody decides his own request; boss signs",
        ),
        (people(replace(LIN, active=False), CHEN), "ann", ("chen",), ""),
        (people(replace(LIN, limits=(yuan("100.00"),))), "ann", ("lin",), ""),
        (people(replace(LIN, limits=(Money(100_00, "USD"),))), "ann", ("wu",), "lin is left out: 100.00 CNY is above"),
    ],
)
def test_who_signs_and_why(staff: Staff, applicant: str, signers: tuple[str, ...], told: str) -> None:
    found = route(SIGNED, staff, "north", facts(applicant=applicant))
    assert found.steps[0].signers == signers
    assert told in found.why
    assert found.stuck == ""
    start(applicant, facts().amount, found.steps, NOON)


@pytest.mark.parametrize(
    ("staff", "applicant", "entity"),
    [
        (people(replace(LIN, active=False)), "ann", "north"),  # nobody holds the role any more
        (people(), "ann", "south"),  # an entity that came later
        (people(replace(LIN, superior=None)), "lin", "north"),  # the applicant has no superior
        (people(replace(LIN, superior=None, limits=(yuan("1.00"),))), "ann", "north"),
    ],
)
def test_where_nobody_may_sign_the_route_is_stuck_and_says_so(staff: Staff, applicant: str, entity: str) -> None:
    found = route(SIGNED, staff, entity, facts(applicant=applicant))
    assert found.steps == ()
    assert found.stuck == f"step sign: too few may sign a refund of 100.00 CNY in entity {entity}"


def test_a_vote_whose_voter_is_the_applicant_is_filled_up_with_superiors() -> None:
    vote = StepRule("vote", ("support_supervisor",), mode=Mode.VOTE, needed=2, on_refusal=OnRefusal.COLLECT)
    found = route(policy(rule("all", step=vote)), people(CHEN), "north", facts(applicant="lin"))
    assert found.steps[0].signers == ("chen", "wu")
    assert (found.steps[0].needed, found.steps[0].on_refusal) == (2, OnRefusal.COLLECT)
    start("lin", facts().amount, found.steps, NOON)


def test_named_people_come_first_and_nobody_twice() -> None:
    step = StepRule("both", ("finance_manager",), ("lin", "wu"), Mode.SEQUENCE)
    assert route(policy(rule("all", step=step)), STAFF, "north", facts()).steps[0].signers == ("lin", "wu")


def test_every_currency_that_money_knows_is_routed_by_the_shipped_policy() -> None:
    for currency in MINOR_DIGITS:
        assert route(SHIPPED, STAFF, "north", facts(Money(1, currency))).steps
