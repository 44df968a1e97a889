"""Anybody does anything to an approval: it stays consistent, and somebody always has the next move."""

import random  # noqa: TID251 - dice with a seed
from collections.abc import Callable
from dataclasses import replace

from domain import approval_verbs as verbs
from domain.approval import UNDECIDED, Approval, Status, TaskState, start
from domain.approval_verbs import Deed, Where
from domain.errors import ApprovalRefused
from tests.builders import NOON
from tests.domain.test_approval import (
    ALL,
    ALL_COLLECT,
    AMOUNT,
    ANY,
    ANY_COLLECT,
    SEQ,
    SEQ_COLLECT,
    THREE,
    TWO,
    VOTE,
    VOTE_COLLECT,
)

PEOPLE = ("ann", "lin", "chen", "wu", "zhao", "bo")
PLANS = (ANY, ANY_COLLECT, ALL, ALL_COLLECT, SEQ, SEQ_COLLECT, VOTE, VOTE_COLLECT, TWO, THREE)


def test_whatever_people_do_it_stays_consistent_and_somebody_has_the_next_move() -> None:
    dice = random.Random(20261122)
    done = 0
    for _ in range(2000):
        now = start("ann", AMOUNT, dice.choice(PLANS), NOON)
        for _ in range(14):
            try:
                now = anything(dice, now)
                done += 1
            except ApprovalRefused:
                continue
            assert_consistent(now)
    assert done > 5000, "most of what they tried was allowed"


def anything(dice: random.Random, now: Approval) -> Approval:
    deed = Deed(dice.choice(PEOPLE), NOON, now.version, tuple(dice.sample(PEOPLE, 1)))
    task_id, other = dice.randrange(len(now.tasks)), dice.choice(PEOPLE)
    if now.open_tasks and dice.random() < 0.7:
        task = dice.choice(now.open_tasks)
        task_id, deed = task.task_id, replace(deed, by=task.signer)
    deeds: list[Callable[[], Approval]] = [
        lambda: verbs.approve(now, task_id, deed),
        lambda: verbs.refuse(now, task_id, deed, "no"),
        lambda: verbs.add_signer(now, task_id, deed, other, dice.choice(list(Where))),
        lambda: verbs.remove_signer(now, task_id, deed),
        lambda: verbs.transfer(now, task_id, deed, other),
        lambda: verbs.delegate(now, task_id, deed, other),
        lambda: verbs.send_back(now, task_id, deed, "again", dice.choice((None, 0, 1))),
        lambda: verbs.resubmit(now, replace(deed, by="ann"), AMOUNT, keep_signatures=dice.random() < 0.5),
        lambda: verbs.reminded(now, task_id, other),
        lambda: verbs.withdraw(now, deed),
    ]
    return dice.choices(deeds, weights=[6, 2, 2, 1, 2, 2, 1, 3, 1, 1])[0]()


def assert_consistent(now: Approval) -> None:
    assert bool(now.next_action) == bool(now.owners) == (now.status in (Status.OPEN, Status.RETURNED))
    assert [task.task_id for task in now.tasks] == list(range(len(now.tasks)))
    assert all(task.opened_at is not None for task in now.open_tasks)
    signed = (TaskState.APPROVED, TaskState.REFUSED)
    for task in now.tasks:
        assert task.signer != "ann"
        assert task.decided_by != "ann"
        assert "ann" not in task.may_act
        assert (task.state in (*signed, TaskState.ADVISED)) <= (task.decided_at is not None)
    if now.status is not Status.OPEN:
        assert not [task for task in now.tasks if task.state in UNDECIDED]
    for index in range(len(now.steps)):
        hands = [task.decided_by for task in now.of_step(index) if task.state in signed]
        assert len(hands) == len(set(hands)), "one person, one signature in a step"
    if now.status is Status.APPROVED:
        for index in range(len(now.steps)):
            assert any(task.state is TaskState.APPROVED for task in now.of_step(index))
