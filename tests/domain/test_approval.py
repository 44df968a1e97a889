"""Every way through an approval, as sentences: who does what, and what has become of it then.

A script is a list of sentences, such as `lin approves` or `lin adds wu before`; ann is the applicant. What has become
of it is a status, with the people whose turn it is; or `no:` and the words with which the last sentence was refused.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from domain import approval_verbs as verbs
from domain.approval import (
    UNDECIDED,
    Approval,
    Mode,
    OnRefusal,
    StepPlan,
    Task,
    start,
)
from domain.approval_verbs import Deed, Where
from domain.errors import ApprovalRefused
from tests.builders import NOON, yuan

AMOUNT = yuan("300.00")


def step(mode: str, people: str, needed: int = 0, *, collect: bool = False) -> StepPlan:
    how = OnRefusal.COLLECT if collect else OnRefusal.AT_ONCE
    return StepPlan(f"the {mode} step", Mode(mode), tuple(people.split()), needed, how)


ONE = (step("any", "lin"),)
ANY = (step("any", "lin chen wu"),)
ANY_COLLECT = (step("any", "lin chen", collect=True),)
ALL = (step("all", "lin chen wu"),)
ALL_COLLECT = (step("all", "lin chen wu", collect=True),)
SEQ = (step("sequence", "lin chen wu"),)
SEQ_COLLECT = (step("sequence", "lin chen", collect=True),)
VOTE = (step("vote", "lin chen wu", 2),)
VOTE_COLLECT = (step("vote", "lin chen wu", 2, collect=True),)
TWO = (step("any", "lin chen"), step("all", "wu zhao"))
THREE = (step("any", "lin"), step("any", "chen"), step("any", "wu"))

TABLE: list[tuple[tuple[StepPlan, ...], str, str]] = [
    # one signer
    (ONE, "", "open: lin"),
    (ONE, "lin approves", "approved"),
    (ONE, "lin refuses", "refused"),
    (ONE, "chen approves", "no: this task is lin's"),
    (ONE, "lin approves, lin approves", "no: it is approved already"),
    (ONE, "lin refuses, lin approves", "no: it is refused already"),
    (ONE, "lin refuses without a word", "no: say why you refuse"),
    (ONE, "ann approves", "no: nobody decides his own request"),
    # any: whoever comes first decides
    (ANY, "", "open: lin chen wu"),
    (ANY, "chen approves", "approved"),
    (ANY, "chen refuses", "refused"),
    (ANY, "chen approves, lin approves", "no: it is approved already"),
    (ANY_COLLECT, "lin refuses", "open: chen"),
    (ANY_COLLECT, "lin refuses, chen approves", "approved"),
    (ANY_COLLECT, "lin refuses, chen refuses", "refused"),
    (ANY_COLLECT, "lin refuses, lin approves", "no: lin has decided this task already: refused"),
    # all: everybody must sign
    (ALL, "lin approves", "open: chen wu"),
    (ALL, "lin approves, chen approves", "open: wu"),
    (ALL, "wu approves, chen approves, lin approves", "approved"),
    (ALL, "lin approves, chen refuses", "refused"),
    (ALL, "lin approves, chen refuses, wu approves", "no: it is refused already"),
    (ALL_COLLECT, "lin refuses", "open: chen wu"),
    (ALL_COLLECT, "lin refuses, chen approves", "open: wu"),
    (ALL_COLLECT, "lin refuses, chen approves, wu approves", "refused"),
    (ALL_COLLECT, "lin approves, chen approves, wu approves", "approved"),
    # sequence: one after the other
    (SEQ, "", "open: lin"),
    (SEQ, "chen approves", "no: its turn has not come"),
    (SEQ, "lin approves", "open: chen"),
    (SEQ, "lin approves, chen approves, wu approves", "approved"),
    (SEQ, "lin approves, chen refuses", "refused"),
    (SEQ_COLLECT, "lin refuses", "open: chen"),
    (SEQ_COLLECT, "lin refuses, chen approves", "refused"),
    # vote: n of m
    (VOTE, "lin approves", "open: chen wu"),
    (VOTE, "lin approves, wu approves", "approved"),
    (VOTE, "lin refuses", "open: chen wu"),
    (VOTE, "lin refuses, chen refuses", "refused"),
    (VOTE, "lin refuses, chen approves, wu approves", "approved"),
    (VOTE_COLLECT, "lin refuses, chen refuses", "open: wu"),
    (VOTE_COLLECT, "lin refuses, chen refuses, wu approves", "refused"),
    # several steps
    (TWO, "lin approves", "open: wu zhao"),
    (TWO, "lin approves, wu approves, zhao approves", "approved"),
    (TWO, "lin approves, chen approves", "no: this task is closed"),
    (TWO, "wu approves", "no: this task is chen's"),
    (TWO, "lin refuses", "refused"),
    # add a signer before
    (ONE, "lin adds wu before", "open: wu"),
    (ONE, "lin adds wu before, lin approves", "no: its turn has not come"),
    (ONE, "lin adds wu before, wu approves", "open: lin"),
    (ONE, "lin adds wu before, wu approves, lin approves", "approved"),
    (ONE, "lin adds wu before, wu refuses", "refused"),
    (ANY, "lin adds zhao before", "open: chen wu zhao"),
    (ANY, "lin adds zhao before, zhao approves", "open: lin chen wu"),
    (ANY, "lin adds zhao before, chen approves", "approved"),
    (ALL, "lin adds zhao before, chen approves, wu approves, zhao approves, lin approves", "approved"),
    (SEQ, "lin approves, chen adds zhao before, zhao approves, chen approves, wu approves", "approved"),
    (VOTE, "lin adds zhao before, zhao refuses, chen approves, wu approves", "approved"),
    # add a signer after
    (ONE, "lin adds wu after", "open: lin"),
    (ONE, "lin adds wu after, wu approves", "no: its turn has not come"),
    (ONE, "lin adds wu after, lin approves", "open: wu"),
    (ONE, "lin adds wu after, lin approves, wu approves", "approved"),
    (ONE, "lin adds wu after, lin approves, wu refuses", "refused"),
    (SEQ, "lin adds zhao after, lin approves", "open: zhao"),
    (SEQ, "lin adds zhao after, lin approves, zhao approves", "open: chen"),
    # add a signer beside
    (ONE, "lin adds wu parallel", "open: lin wu"),
    (ONE, "lin adds wu parallel, wu approves", "approved"),
    (ALL, "lin adds zhao parallel, lin approves, chen approves, wu approves", "open: zhao"),
    (SEQ, "lin adds zhao parallel", "open: lin zhao"),
    (SEQ, "lin adds zhao parallel, lin approves", "open: zhao"),
    (SEQ, "lin adds zhao parallel, lin approves, zhao approves", "open: chen"),
    (VOTE, "lin adds zhao parallel, lin refuses, chen refuses, wu approves, zhao approves", "approved"),
    # whom one may add, and remove
    (ONE, "lin adds ann before", "no: ann is the applicant"),
    (ALL, "lin adds chen before", "no: chen has a task in this step already"),
    (ONE, "lin adds wu parallel, lin removes wu", "open: lin"),
    (ONE, "lin adds wu before, lin removes wu, lin approves", "approved"),
    (ONE, "lin adds wu parallel, wu removes lin", "no: lin was named by the policy"),
    (ALL, "lin adds zhao parallel, chen removes zhao", "no: only lin, who added zhao"),
    (ALL, "lin adds zhao parallel, zhao approves, lin removes zhao", "no: zhao has decided this task already"),
    # transfer
    (ONE, "lin transfers to wu", "open: wu"),
    (ONE, "lin transfers to wu, lin approves", "no: this task is wu's"),
    (ONE, "lin transfers to wu, wu approves", "approved"),
    (ONE, "lin transfers to wu, wu transfers to lin, lin approves", "approved"),
    (ONE, "lin transfers to ann", "no: ann is the applicant"),
    (ALL, "lin transfers to chen", "no: chen has a task in this step already"),
    (SEQ, "chen transfers to zhao", "no: its turn has not come"),
    # delegate: it comes back
    (ONE, "lin delegates to wu", "open: wu"),
    (ONE, "lin delegates to wu, lin approves", "no: its turn has not come"),
    (ONE, "lin delegates to wu, wu approves", "open: lin"),
    (ONE, "lin delegates to wu, wu refuses", "open: lin"),
    (ONE, "lin delegates to wu, wu refuses, lin approves", "approved"),
    (ONE, "lin delegates to ann", "no: ann is the applicant"),
    (ONE, "lin delegates to wu, wu delegates to chen", "no: what was delegated to you cannot be delegated further"),
    (ALL, "lin delegates to zhao, zhao approves, chen approves, wu approves", "open: lin"),
    # send back
    (THREE, "lin approves, chen approves, wu sends it back to step 1", "open: lin"),
    (THREE, "lin approves, chen approves, wu sends it back to step 2", "open: chen"),
    (THREE, "lin approves, chen approves, wu sends it back to step 2, chen approves, wu approves", "approved"),
    (THREE, "lin approves, chen sends it back to step 2", "no: it can be sent back to an earlier step only"),
    (THREE, "lin approves, chen sends it back to ann", "returned: ann"),
    (THREE, "lin approves, chen sends it back to ann, chen approves", "no: it is returned already"),
    (THREE, "lin approves, chen sends it back to ann, ann resubmits", "open: lin"),
    (THREE, "lin approves, chen sends it back to ann, ann resubmits keeping signatures", "open: chen"),
    (THREE, "lin approves, chen sends it back to ann, ann resubmits keeping signatures, chen approves", "open: wu"),
    (THREE, "lin approves, chen sends it back to ann, ann resubmits 310.00", "open: lin"),
    (THREE, "lin sends it back to ann, ann resubmits 310.00 keeping signatures", "no: another amount needs every"),
    (THREE, "lin sends it back to ann, chen resubmits", "no: only ann can hand it in again"),
    (THREE, "ann resubmits", "no: only what was sent back"),
    (THREE, "lin sends it back to ann, ann withdraws", "withdrawn"),
    # withdraw
    (ALL, "lin approves, ann withdraws", "withdrawn"),
    (ONE, "lin withdraws", "no: only ann can withdraw it"),
    (ONE, "lin approves, ann withdraws", "withdrawn"),
    (ONE, "lin approves, lin withdraws", "no: only ann can withdraw it"),
    (ONE, "lin refuses, ann withdraws", "no: it is refused already"),
    (ONE, "ann withdraws, ann withdraws", "no: it is withdrawn already"),
    (ONE, "ann withdraws, lin approves", "no: it is withdrawn already"),
    # stand-ins and superiors
    (ONE, "bo for lin approves", "approved"),
    (ONE, "bo for chen approves", "no: this task is lin's"),
    (ONE, "ann for lin approves", "no: nobody decides his own request"),
    (ALL, "bo for lin approves, bo for chen approves", "no: bo has signed in this step already"),
    (ALL, "lin approves, lin for chen approves", "no: lin has signed in this step already"),
    (ONE, "zhou is reminded of lin's, zhou approves", "approved"),
    (ONE, "zhou is reminded of lin's", "open: lin"),
    (ONE, "ann is reminded of lin's", "no: ann is the applicant"),
    (ONE, "zhou approves", "no: this task is lin's"),
    # versions
    (ONE, "lin of version 0 approves", "no: it was changed meanwhile (version 1, you saw 0)"),
    (ONE, "lin sends it back to ann, ann resubmits, lin of version 1 approves", "no: it was changed meanwhile"),
]


def test_the_table_is_long_enough_to_be_trusted() -> None:
    assert len(TABLE) >= 80


@pytest.mark.parametrize(("plan", "script", "outcome"), TABLE)
def test_what_becomes_of_it(plan: tuple[StepPlan, ...], script: str, outcome: str) -> None:
    *before, last = ["", *(sentence.strip() for sentence in script.split(","))]
    play = start("ann", AMOUNT, plan, NOON)
    for sentence in filter(None, before):
        play = act(play, sentence)
    if outcome.startswith("no: "):
        with pytest.raises(ApprovalRefused, match=re.escape(outcome.removeprefix("no: "))):
            act(play, last)
    else:
        assert shown(act(play, last) if last else play) == outcome


def shown(approval: Approval) -> str:
    return f"{approval.status}: {' '.join(approval.owners)}".removesuffix(": ")


def act(approval: Approval, sentence: str) -> Approval:
    """One sentence of a script, done."""
    if found := re.fullmatch(r"(\w+) is reminded of (\w+)'s", sentence):
        return verbs.reminded(approval, task_of(approval, found[2]).task_id, found[1])
    found = re.fullmatch(r"(\w+)(?: for (\w+))?(?: of version (\d))? (.*)", sentence)
    assert found is not None, sentence
    by, owner, version, deed_words = found.groups()
    deed = Deed(by, NOON, int(version or approval.version), (owner,) if owner else ())
    for pattern, verb in SENTENCES.items():
        if (words := re.fullmatch(pattern, deed_words)) is not None:
            return verb(approval, owner or by, deed, words)
    raise AssertionError(f"nobody understands {sentence!r}")


def task_of(approval: Approval, person: str) -> Task:
    """The person's newest undecided task, else his newest; who has none tries his hand at somebody else's."""
    own = [task for task in approval.tasks if task.signer == person]
    undecided = [task for task in own if task.state in UNDECIDED]
    return (undecided or own or approval.open_tasks or approval.tasks)[-1]


Sentence = Callable[[Approval, str, Deed, re.Match[str]], Approval]
SENTENCES: dict[str, Sentence] = {
    "approves": lambda now, who, deed, _: verbs.approve(now, task_of(now, who).task_id, deed),
    "refuses": lambda now, who, deed, _: verbs.refuse(now, task_of(now, who).task_id, deed, "too much"),
    "refuses without a word": lambda now, who, deed, _: verbs.refuse(now, task_of(now, who).task_id, deed, " "),
    r"adds (\w+) (\w+)": lambda now, who, deed, said: verbs.add_signer(
        now, task_of(now, who).task_id, deed, said[1], Where(said[2])
    ),
    r"removes (\w+)": lambda now, _, deed, said: verbs.remove_signer(now, task_of(now, said[1]).task_id, deed),
    r"transfers to (\w+)": lambda now, who, deed, said: verbs.transfer(now, task_of(now, who).task_id, deed, said[1]),
    r"delegates to (\w+)": lambda now, who, deed, said: verbs.delegate(now, task_of(now, who).task_id, deed, said[1]),
    r"sends it back to step (\d)": lambda now, who, deed, said: verbs.send_back(
        now, task_of(now, who).task_id, deed, "look at it again", int(said[1]) - 1
    ),
    "sends it back to ann": lambda now, who, deed, _: verbs.send_back(
        now, task_of(now, who).task_id, deed, "the picture is missing"
    ),
    r"resubmits(?: ([\d.]+))?( keeping signatures)?": lambda now, _, deed, said: verbs.resubmit(
        now, deed, yuan(said[1]) if said[1] else now.amount, keep_signatures=bool(said[2])
    ),
    "withdraws": lambda now, _, deed, __: verbs.withdraw(now, deed),
}


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ((), "at least one step"),
        ((step("any", "ann"),), "nobody but the applicant could sign"),
        ((step("any", ""),), "nobody but the applicant could sign"),
        ((step("vote", "lin chen", 3),), "3 of 2 votes can never be reached"),
        ((step("vote", "lin chen", 0),), "0 of 2 votes can never be reached"),
        ((step("vote", "lin ann", 2),), "2 of 1 votes can never be reached"),
    ],
)
def test_a_plan_that_nobody_could_carry_out_is_refused(plan: tuple[StepPlan, ...], why: str) -> None:
    with pytest.raises(ApprovalRefused, match=why):
        start("ann", AMOUNT, plan, NOON)


def test_where_the_applicant_is_one_of_several_the_others_sign() -> None:
    assert shown(start("ann", AMOUNT, (step("all", "lin ann chen"),), NOON)) == "open: lin chen"


def test_another_amount_is_another_version_without_signatures() -> None:
    signed = act(start("ann", AMOUNT, ALL, NOON), "lin approves")
    again = verbs.amended(signed, yuan("310.00"), ALL, NOON)
    assert (again.version, shown(again)) == (2, "open: lin chen wu")


def test_the_clock_goes_on_while_others_are_asked_and_starts_anew_for_a_new_owner() -> None:
    later = NOON + timedelta(hours=23)
    first = start("ann", AMOUNT, ONE, NOON)
    asked = verbs.add_signer(first, 0, Deed("lin", later, 1), "wu", Where.BEFORE)
    assert [task.opened_at for task in asked.open_tasks] == [NOON]
    back = verbs.approve(asked, 1, Deed("wu", later, 1))
    assert [task.opened_at for task in back.open_tasks] == [NOON]
    advised = verbs.delegate(first, 0, Deed("lin", later, 1), "wu")
    assert [task.opened_at for task in advised.open_tasks] == [NOON]
    moved = verbs.transfer(first, 0, Deed("lin", later, 1), "wu")
    assert [task.opened_at for task in moved.open_tasks] == [later]
