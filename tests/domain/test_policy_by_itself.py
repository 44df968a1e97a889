"""Rules that ask nobody: only for money that is due back, and only up to an amount."""

import pytest

from domain.policy import SHIPPED, Field, Rule, Words
from domain.policy_checks import findings
from domain.routing import route
from tests.domain.policies import ENTITIES, FINANCE, STAFF, facts, policy, rule, up_to

DUE = Words(Field.BASIS, ("due",))


@pytest.mark.parametrize(
    ("by_itself", "wrong"),
    [
        (Rule("a", up_to("9.00"), (DUE,), by_itself=True), []),
        (Rule("a", up_to("9.00"), by_itself=True), ["only money that is due back already goes by itself: let its"]),
        (Rule("a", None, (DUE,), by_itself=True), ["say up to which amount: at_most"]),
        (Rule("a", up_to("9.00"), (DUE,), (FINANCE,), by_itself=True), ["somebody signs, or it goes by itself"]),
    ],
)
def test_only_what_is_due_goes_by_itself_and_up_to_an_amount(by_itself: Rule, wrong: list[str]) -> None:
    said = findings(policy(by_itself, rule("rest")), STAFF, ENTITIES)
    assert [each.place for each in said] == ["rules.0.by_itself"] * len(wrong)
    assert all(each.what.startswith(start) for each, start in zip(said, wrong, strict=True))


def test_what_is_due_goes_by_itself_and_what_somebody_asks_for_is_signed() -> None:
    asked, due = (route(SHIPPED, STAFF, "north", facts("200.00", basis=each)) for each in ("sale", "due"))
    assert (asked.by_itself, due.by_itself, due.steps) == (False, True, ())
    assert not route(SHIPPED, STAFF, "north", facts("200.01", basis="due")).by_itself
