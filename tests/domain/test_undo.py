"""Undoing in bulk: what a trade is to us, and who may release what was found."""

from dataclasses import replace

import pytest

from domain.axis import Fulfilment
from domain.brake import Said
from domain.errors import UndoRefused
from domain.money import Money
from domain.order import Order
from domain.people import Person, Staff
from domain.undo import Found, Plan, Trade, Verdict, cancelled, judged, planned, released
from tests.builders import NOON, order, yuan
from tests.domain.scenes import matched, paid

FANG, LIN, BOSS = (Said(by, "the old shop charged twice", NOON) for by in ("fang", "lin", "boss"))
STAFF = Staff((Person("fang", "Fang"), Person("lin", "Lin", limits=(yuan("200.00"),)), Person("boss", "Boss")))
SECOND = Trade("alipay", "main", "T-2", "tea_1001_2", yuan("144.00"), NOON)
UNPAID, PAID = matched(), paid()
STOPPED = replace(PAID, fulfilment=Fulfilment.STOPPED)
IN_TWO = paid(matched(order(parts=2)))
HALF_PAID = replace(IN_TWO, captures=IN_TWO.captures[:1])


@pytest.mark.parametrize(
    ("trade", "known", "verdict"),
    [
        pytest.param(SECOND, PAID, Verdict.CHARGED_TWICE, id="a part that the plan does not have"),
        pytest.param(replace(SECOND, out_trade_no="tea_1001"), PAID, Verdict.CHARGED_TWICE, id="a part that is paid"),
        pytest.param(SECOND, IN_TWO, Verdict.CHARGED_TWICE, id="the second part again"),
        pytest.param(replace(SECOND, amount=yuan("1.00")), PAID, Verdict.CHARGED_TWICE, id="whatever its amount"),
        pytest.param(SECOND, HALF_PAID, Verdict.NOT_TOO_MUCH, id="a part that waits for money"),
        pytest.param(replace(SECOND, out_trade_no="tea_1001"), UNPAID, Verdict.NOT_TOO_MUCH, id="nobody has paid"),
        pytest.param(
            replace(SECOND, out_trade_no="tea_1001", amount=yuan("1.00")),
            UNPAID,
            Verdict.NOT_TOO_MUCH,
            id="another amount of an unpaid part is a person's question",
        ),
        pytest.param(SECOND, STOPPED, Verdict.PAID_AFTER_END, id="the order was stopped"),
        pytest.param(replace(SECOND, trade_no="trade-1"), PAID, Verdict.KNOWN, id="what pays the order"),
        pytest.param(replace(SECOND, amount=Money(144, "USD")), PAID, Verdict.OTHER_CURRENCY, id="other money"),
        pytest.param(SECOND, None, Verdict.ORDER_UNKNOWN, id="nobody placed it"),
        pytest.param(replace(SECOND, out_trade_no="x"), None, Verdict.ORDER_UNKNOWN, id="no number of ours"),
    ],
)
def test_what_a_trade_is_to_us(trade: Trade, known: Order | None, verdict: Verdict) -> None:
    found = judged(trade, known)
    assert found.verdict is verdict
    assert found.why


def plan(*trades: Trade, said: Said = FANG) -> Plan:
    return planned("p1", [judged(each, PAID) for each in trades], said)


def test_a_plan_counts_only_what_is_wrong() -> None:
    found = plan(SECOND, replace(SECOND, trade_no="trade-1"), replace(SECOND, trade_no="T-3", amount=yuan("6.00")))
    assert (found.trades, found.totals) == (2, (yuan("150.00"),))


def test_its_version_names_exactly_these_trades_and_amounts() -> None:
    other = replace(SECOND, trade_no="T-3")
    assert plan(SECOND, other).version == plan(other, SECOND).version
    versions = {plan(each).version for each in (SECOND, other, replace(SECOND, amount=yuan("143.99")))}
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("trades", "said", "why"),
    [
        ((), FANG, "name 1 to 5000 trades"),
        ((SECOND, SECOND), FANG, "alipay/main/T-2 is named twice"),
        ((SECOND,), Said("fang", " ", NOON), "say why"),
    ],
)
def test_what_is_no_plan(trades: tuple[Trade, ...], said: Said, why: str) -> None:
    with pytest.raises(UndoRefused, match=why):
        plan(*trades, said=said)


def test_too_many_are_refused() -> None:
    found = Found(SECOND, Verdict.CHARGED_TWICE)
    with pytest.raises(UndoRefused, match="there are 5001"):
        planned("p1", [found] * 5001, FANG)


def test_a_second_person_who_may_decide_on_all_of_it_releases_once() -> None:
    found = plan(SECOND)
    once = released(found, LIN, found.version, STAFF)
    assert (once.moves, once.released) == (True, LIN)
    assert released(once, replace(LIN, reason="again"), found.version, STAFF) == once


@pytest.mark.parametrize(
    ("found", "said", "version", "why"),
    [
        (plan(SECOND), FANG, None, "fang found it: it takes a second person"),
        (plan(SECOND), BOSS, "other", "you saw version other"),
        (plan(SECOND, replace(SECOND, trade_no="T-3")), LIN, None, "lin may not decide on 288.00 CNY"),
        (plan(replace(SECOND, trade_no="trade-1")), BOSS, None, "nothing to undo"),
        (replace(plan(SECOND), cancelled=FANG), BOSS, None, "fang cancelled it"),
        (replace(plan(SECOND), released=BOSS), LIN, None, "boss has released it"),
        (plan(SECOND), Said("boss", "", NOON), None, "say why"),
        (plan(SECOND), Said("stranger", "hm", NOON), None, "stranger may not decide"),
    ],
)
def test_who_may_not_release(found: Plan, said: Said, version: str | None, why: str) -> None:
    with pytest.raises(UndoRefused, match=why):
        released(found, said, version or found.version, STAFF)


def test_the_rest_can_be_cancelled_at_any_time_and_the_first_word_stands() -> None:
    going = replace(plan(SECOND), released=BOSS)
    stopped = cancelled(going, LIN)
    assert (stopped.moves, stopped.cancelled) == (False, LIN)
    assert cancelled(stopped, BOSS) == stopped
