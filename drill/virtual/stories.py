"""What may become of an order: which steps it takes, who tells what, and what is asked, while money or a push is in
flight. The acts themselves are in acts.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drill.virtual.matrix import Call, Component, Fault, Message, Point


@dataclass(frozen=True)
class Strike:
    """One thing that the outside gets wrong, at one kind of message or call."""

    fault: Fault
    where: Message | Call


@dataclass(frozen=True)
class Story:
    """`steps`, `told` and `calls` are those in flight. `early`: the notice may come before the order."""

    steps: frozenset[str]
    told: frozenset[Message] = frozenset()
    calls: frozenset[Call] = frozenset()
    early: bool = False

    def reaches(self, point: Point) -> bool:
        if point.is_step:
            return point.at in self.steps or (self.early and point.at in _EARLY_STEPS)
        if point.message is Message.REFUNDED:  # the workflow hears of it only where it comes first
            return HEARD in self.steps
        return point.message in self.told or (self.early and point.message is Message.ORDER)

    def needs_early(self, point: Point) -> bool:
        return not (point.at in self.steps if point.is_step else point.message in self.told)

    def strikes(self, fault: Fault) -> tuple[Strike, ...]:
        where: set[Message | Call]
        if fault is Fault.DUPLICATE:
            where = {*self.told}
        elif fault is Fault.REORDER:
            where = {Message.NOTICE} if self.early else set()
            where |= self.told & {Message.PARCEL, Message.REFUNDED, Message.AFTER_SALE}
        elif fault is Fault.DELAY:
            where = {*(self.told & LATE), *(self.calls & {Call.PAY_BACK})}
            where |= {call for call, message in OVERTAKEN_BY.items() if call in self.calls and message in self.told}
        else:
            where = {*self.calls}
        return tuple(Strike(fault, each) for each in sorted(where))


LATE = {Message.NOTICE, Message.PARCEL, Message.REFUNDED, Message.AFTER_SALE}
OVERTAKEN_BY: Mapping[Call, Message] = {
    Call.QUERY: Message.NOTICE,
    Call.CLOSE: Message.NOTICE,
    Call.PUSH: Message.PARCEL,
    Call.STOP: Message.PARCEL,
}
"""The message that comes while we wait for the answer."""

HEARD = "refunds.record_notice"
_EARLY_STEPS = {"records.load", "records.place"}
_PAID = {"records.record_payment", "records.reserve_stock"}
_SENT = {*_PAID, Call.PUSH, "records.record_push", "records.report_parcel"}
_STOPPED = {*_PAID, Call.PUSH, "records.record_push", "records.request_cancellation", Call.STOP, "records.stop"}
_ATTENDED = {*_SENT, "records.open_case", "records.settle_case"}
_TOLD = {Message.NOTICE, Message.PARCEL}
_SIGNED = {"refunds.open", "refunds.move_approval", "approvers.route", "approvers.standing", "approvers.levels"}
_REFUNDED = {*_SIGNED, "refunds.plan", "refunds.ask_leg", "refunds.record_answer", Call.PAY_BACK}
_ASKED_ABOUT = {*_REFUNDED, Call.PAID_BACK}
_AWAITED = {"refunds.expect_return", "refunds.note_sent", "refunds.receive_return", Call.EXPECT}
_BACK = {Message.WAYBILL, Message.CAME_BACK, Message.REFUNDED}
_DUE = {
    "records.due_back",
    "messages.start_refund",
    "refunds.approve_by_policy",
    "messages.tell_order",
    "records.hear_of_refund",
}
_DUE_SIGNED = _DUE - {"refunds.approve_by_policy"}
_HEARD_THERE = "refunds.hear_platform"
_WORDS = {Message.REFUND, Message.DECISION, Message.REFUNDED}
_BOTH = {Call.PAY_BACK, Call.PAID_BACK}


def _story(steps: set[str], told: set[Message], calls: set[Call], *, early: bool = False) -> Story:
    return Story(frozenset(str(each) for each in steps), frozenset(told), frozenset(calls), early)


def _there(*steps: str) -> Story:
    """A marketplace moves the money, or does not."""
    return _story({_HEARD_THERE, *steps}, {Message.AFTER_SALE}, {each for each in steps if isinstance(each, Call)})


STORIES: Mapping[str, Story] = {
    "straight": _story(_SENT, _TOLD, {Call.PUSH}, early=True),
    "presale": _story(_SENT, _TOLD, {Call.PUSH}, early=True),
    "paid_twice": _story(_SENT, _TOLD, {Call.PUSH}, early=True),
    "silent": _story({*_SENT, Call.QUERY}, {Message.PARCEL}, {Call.QUERY, Call.PUSH}),
    "told_late": _story({*_SENT, Call.QUERY}, _TOLD, {Call.QUERY, Call.PUSH}),
    "last_moment": _story({*_SENT, Call.QUERY, Call.CLOSE}, _TOLD, {Call.QUERY, Call.CLOSE, Call.PUSH}),
    "wrong_amount": _story(
        {"records.record_payment", Call.CLOSE, Call.QUERY, "records.stop"},
        {Message.NOTICE},
        {Call.QUERY, Call.CLOSE},
        early=True,
    ),
    "cancelled": _story(_STOPPED, {Message.NOTICE, Message.CANCEL}, {Call.PUSH, Call.STOP}, early=True),
    "cancelled_too_late": _story(
        {*_SENT, "records.request_cancellation", Call.STOP, "records.cancel_too_late"},
        {*_TOLD, Message.CANCEL},
        {Call.PUSH, Call.STOP},
        early=True,
    ),
    "mended": _story({*_SENT, "records.amend_recipient"}, {*_TOLD, Message.RECIPIENT}, {Call.PUSH}, early=True),
    "short": _story({*_SENT, "records.settle_case"}, _TOLD, {Call.PUSH}, early=True),
    "short_cancelled": _story({*_PAID, "records.settle_case", "records.stop"}, {Message.NOTICE}, set(), early=True),
    "split": _story({*_SENT, "records.settle_case"}, _TOLD, {Call.PUSH}, early=True),
    "given_up": _story({*_SENT, "records.settle_case"}, _TOLD, {Call.PUSH}, early=True),
    "unmatched": _story({*_SENT, "records.settle_case"}, _TOLD, {Call.PUSH}, early=True),
    "refused": _story(_ATTENDED, _TOLD, {Call.PUSH}, early=True),
    "warehouse_away": _story(_ATTENDED, _TOLD, {Call.PUSH}, early=True),
    "surplus_at_the_end": _story({*_SENT, "records.complete"}, _TOLD, {Call.PUSH}, early=True),
    "orphan": _story(
        {*_SENT, "records.load", "records.place", "records.open_case"}, {*_TOLD, Message.ORDER}, {Call.PUSH}
    ),
    "paid_after_close": _story({"records.load", "records.record_payment"}, {Message.NOTICE}, set()),
    "unpaid": _story(set(), set(), set()),
    "refunded": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refunded_in_parts": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refunded_by_two_routes": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refund_withdrawn": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refund_signed_late": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refund_told_first": _story({*_ASKED_ABOUT, HEARD}, _WORDS, _BOTH),
    "refund_refused": _story({*_REFUNDED, "refunds.settle_case"}, _WORDS, {Call.PAY_BACK}),
    "refund_closed": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refund_route_gone": _story({*_REFUNDED, "refunds.settle_case"}, _WORDS, {Call.PAY_BACK}),
    "refund_short": _story(_REFUNDED, _WORDS, {Call.PAY_BACK}),
    "refund_unclear": _story({*_ASKED_ABOUT, "refunds.open_case", "refunds.settle_case"}, _WORDS, _BOTH),
    "refund_reversed": _story({*_REFUNDED, HEARD, "refunds.load"}, _WORDS, {Call.PAY_BACK}),
    "refund_goods_stopped": _story(
        {*_REFUNDED, "refunds.hear_of_goods", "records.ask_goods_stop", "records.stop_goods"},
        _WORDS,
        {Call.PAY_BACK, Call.STOP},
    ),
    "returned": _story(_AWAITED, _BACK, {Call.EXPECT, Call.PAY_BACK}),
    "returned_damaged": _story(
        {*_AWAITED, "refunds.assess_return"}, {*_BACK, Message.ASSESSMENT}, {Call.EXPECT, Call.PAY_BACK}
    ),
    "returned_short": _story(_AWAITED, _BACK, {Call.EXPECT, Call.PAY_BACK}),
    "return_asked_twice": _story(_AWAITED, _BACK, {Call.EXPECT, Call.PAY_BACK}),
    "return_not_sent": _story({"refunds.expect_return", "refunds.close_return"}, {Message.REFUNDED}, {Call.PAY_BACK}),
    "return_withdrawn": _story({"refunds.expect_return"}, {Message.REFUNDED}, {Call.PAY_BACK}),
    **dict.fromkeys(
        ("due_twice", "due_other_amount", "due_too_much", "due_cancelled", "due_after_close"),
        _story(_DUE, {Message.REFUNDED}, {Call.PAY_BACK}),
    ),
    **dict.fromkeys(
        ("due_twice_signed", "due_cancelled_signed"), _story(_DUE_SIGNED, {Message.REFUNDED}, {Call.PAY_BACK})
    ),
    "there_signed": _there(Call.AGREE, Call.ASK),
    "there_decided": _there(Call.ASK),
    "there_refused": _there(Call.REFUSE),
    "there_extended": _there(Call.EXTEND, Call.AGREE, Call.ASK),
    "there_by_policy": _there("refunds.decide_at_deadline", Call.AGREE, Call.ASK),
    "cancelled_unpaid": _story(set(), set(), set()),
}


def reaching(point: Point) -> tuple[str, ...]:
    return tuple(name for name, story in STORIES.items() if story.reaches(point))


def is_lost_task(point: Point) -> bool:
    """The workflow task is lost after this step: at most once in an order's life, a second loss is not told but
    waited for.
    """
    return point.component is Component.TEMPORAL and point.is_step
