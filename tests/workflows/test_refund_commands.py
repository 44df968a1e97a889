"""Whatever is said to an approval, it moves or it is refused with a sentence: nothing else may reach a workflow."""

from contextlib import suppress
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import approval
from domain.approval import Mode, OnRefusal, StepPlan
from domain.approval_verbs import VERBS, Deed, Where
from domain.errors import ApprovalRefused
from tests.builders import NOON, ORDER_ID, yuan
from workflows.attended_refund import AttendedRefund
from workflows.refund_messages import ApprovalCommand

PEOPLE = ("ann", "lin", "chen", "", "stranger")
PLAN = (
    StepPlan("first", Mode.ALL, ("lin", "chen"), 0, OnRefusal.AT_ONCE),
    StepPlan("second", Mode.ANY, ("fang",), 0, OnRefusal.AT_ONCE),
)
commands = st.builds(
    ApprovalCommand,
    verb=st.sampled_from(sorted(VERBS)),
    by=st.sampled_from(PEOPLE),
    version=st.integers(0, 3),
    task=st.none() | st.integers(-2, 5),
    reason=st.sampled_from(("", "because")),
    signer=st.sampled_from(PEOPLE),
    where=st.sampled_from(("", *Where)),
    step=st.none() | st.integers(-2, 5),
    keep_signatures=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(commands, max_size=8))
def test_any_words_move_the_approval_or_are_refused(said: list[ApprovalCommand]) -> None:
    amount = yuan("300.00")
    refund = AttendedRefund("r1", ORDER_ID)
    refund._refund = replace(refund._refund, amount=amount, approval=approval.start("ann", amount, PLAN, NOON))
    for command in said:
        with suppress(ApprovalRefused):
            after = refund._acted(command, Deed(command.by, NOON, command.version))
            refund._refund = replace(refund._refund, approval=after)
