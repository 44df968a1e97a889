"""What a policy is asked about a refund, and what it answers: who signs, in which steps, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.after_sale import AtDeadline
from domain.approval import StepPlan
from domain.calendar import TimeLimit
from domain.money import Money


@dataclass(frozen=True)
class RefundFacts:
    """`amount`: what people have decided on this order, open and done, with this refund: a split evades nobody.

    What is not known is empty. `reason` is the kind that was chosen, such as `damaged`, never the customer's words.
    `refund_id`: of one in the record, which then says whose it is, where it was sold and of what. `category`: that of
    its goods, `mixed` where they have several. `region`: the shop's.
    `basis`: `due` where nobody asked, because the money is due back; then `amount` is this refund's alone. Else `sale`.
    """

    amount: Money
    channel: str
    shop_id: str
    category: str = ""
    region: str = ""
    customer: str = ""
    reason: str = ""
    applicant: str = ""
    basis: str = ""
    refund_id: str = ""


MIXED = "mixed"


def category_of(categories: Iterable[str]) -> str:
    """One word for all goods of a refund. What has no category is one of its own, so that it hides no other."""
    found = set(categories)
    return next(iter(found), "") if len(found) <= 1 else MIXED


@dataclass(frozen=True)
class Route:
    """`limits` belong to `steps`, one to each. `why` tells, in words, which rule it was and who was left out.

    `stuck`: why nobody can sign; then there are no steps, and it is a case for a person. Version 0 is the policy that
    is shipped. `by_itself`: nobody signs, the policy itself approves.
    """

    policy: str
    version: int
    rule: str
    entity_id: str
    steps: tuple[StepPlan, ...]
    limits: tuple[TimeLimit, ...]
    why: str
    stuck: str = ""
    by_itself: bool = False
    at_deadline: AtDeadline = AtDeadline.EXTEND
