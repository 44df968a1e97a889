"""Cases: what needs a person, who owns it, by when, and what the person may choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.errors import SkipRefused


class Cause(StrEnum):
    AMOUNT_MISMATCH = "amount_mismatch"
    SURPLUS_PAYMENT = "surplus_payment"
    PAID_AFTER_CLOSE = "paid_after_close"
    REFUND_DUE = "refund_due"
    OTHER_CONTENT = "other_content"
    UNKNOWN_TRADE = "unknown_trade"
    MESSAGE_WITHOUT_ORDER = "message_without_order"
    PROVIDER_SILENT = "provider_silent"
    OUT_OF_STOCK = "out_of_stock"
    UNMATCHED_SKU = "unmatched_sku"
    ADDRESS_INCOMPLETE = "address_incomplete"
    UNSUPPORTED_KIND = "unsupported_kind"
    PUSH_FAILED = "push_failed"
    PUSH_REFUSED = "push_refused"
    STOP_FAILED = "stop_failed"
    RETURN_REQUESTED = "return_requested"
    UNKNOWN_LINES = "unknown_lines"
    UNEXPECTED_PARCEL = "unexpected_parcel"
    IMPOSSIBLE_FACT = "impossible_fact"
    STEP_REFUSED = "step_refused"
    LEVELS_NOT_PUSHED = "levels_not_pushed"
    NOBODY_SIGNS = "nobody_signs"
    REFUND_REFUSED = "refund_refused"
    REFUND_ROUTE_GONE = "refund_route_gone"
    REFUND_UNCLEAR = "refund_unclear"
    BALANCE_SHORT = "balance_short"
    REFUND_REVERSED = "refund_reversed"
    UNKNOWN_REFUND = "unknown_refund"
    TRADE_REFUNDED = "trade_refunded"
    RED_LETTER_DUE = "red_letter_due"
    RETURN_NOT_ANNOUNCED = "return_not_announced"
    RETURN_OVERDUE = "return_overdue"
    RETURN_DAMAGED = "return_damaged"
    UNEXPECTED_RETURN = "unexpected_return"
    MONEY_STOPPED = "money_stopped"
    CAP_REACHED = "cap_reached"
    PAID_ELSEWHERE = "paid_elsewhere"
    DISPUTE_OPEN = "dispute_open"
    AFTER_SALE_CHANGED = "after_sale_changed"
    AFTER_SALE_STUCK = "after_sale_stuck"


class Choice(StrEnum):
    """What a person may decide. CLOSE: dealt with outside; the reason says how.

    ELSEWHERE: the buyer got a refund's money another way. CONFIRM: a second person has seen that he did.
    """

    RETRY = "retry"
    SKIP = "skip"
    SPLIT = "split"
    CANCEL = "cancel"
    CLOSE = "close"
    ELSEWHERE = "elsewhere"
    CONFIRM = "confirm"


_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Handling:
    """How a cause is handled. `waits`: the order's workflow stands still until somebody decides."""

    owner: str
    next_action: str
    choices: tuple[Choice, ...]
    waits: bool = False
    limit: timedelta = _DAY


MONEY_BACK = (Cause.SURPLUS_PAYMENT, Cause.AMOUNT_MISMATCH, Cause.PAID_AFTER_CLOSE, Cause.REFUND_DUE)
"""Money that is due back, or will be: it goes by itself, and the case settles itself once it is back."""

_STEP = (Choice.RETRY, Choice.CANCEL)
_MONEY = (Choice.CLOSE,)
_ROUTE = (Choice.RETRY, Choice.ELSEWHERE, Choice.CANCEL)

HANDLING: dict[Cause, Handling] = {
    Cause.AMOUNT_MISMATCH: Handling("finance", "compare the trade with the order, then refund or correct it", _MONEY),
    Cause.SURPLUS_PAYMENT: Handling("finance", "pay the surplus back by its original route", _MONEY),
    Cause.PAID_AFTER_CLOSE: Handling("finance", "pay the money back: the order was closed", _MONEY),
    Cause.REFUND_DUE: Handling("finance", "pay the buyer back by the original route", _MONEY),
    Cause.OTHER_CONTENT: Handling("finance", "ask the provider which of the two contents is true", _MONEY),
    Cause.UNKNOWN_TRADE: Handling("finance", "find out what this trade paid for", _MONEY),
    Cause.MESSAGE_WITHOUT_ORDER: Handling("support", "ask the shop for the order, then it goes on by itself", _MONEY),
    Cause.PROVIDER_SILENT: Handling("operations", "check the provider, then retry", (Choice.RETRY,), waits=True),
    Cause.OUT_OF_STOCK: Handling(
        "warehouse",
        "restock and retry; split: what is there goes ahead; or cancel: the buyer is refunded for what did not go",
        (Choice.RETRY, Choice.SPLIT, Choice.CANCEL),
        waits=True,
    ),
    Cause.UNMATCHED_SKU: Handling("operations", "map the sku, then retry", _STEP, waits=True),
    Cause.ADDRESS_INCOMPLETE: Handling("support", "ask the buyer, amend the recipient, then retry", _STEP, waits=True),
    Cause.UNSUPPORTED_KIND: Handling("operations", "handle it outside and cancel it here", _STEP, waits=True),
    Cause.PUSH_FAILED: Handling(
        "warehouse",
        "check the warehouse, then retry; skip if it was shipped outside; or cancel",
        (Choice.RETRY, Choice.SKIP, Choice.CANCEL),
        waits=True,
    ),
    Cause.PUSH_REFUSED: Handling(
        "warehouse",
        "mend what the warehouse refused, then retry; skip if it was shipped outside; or cancel",
        (Choice.RETRY, Choice.SKIP, Choice.CANCEL),
        waits=True,
    ),
    Cause.STOP_FAILED: Handling(
        "warehouse", "stop the order at the warehouse, then retry", (Choice.RETRY,), waits=True
    ),
    Cause.RETURN_REQUESTED: Handling("support", "the goods had left: arrange the return with the buyer", _MONEY),
    Cause.UNKNOWN_LINES: Handling("warehouse", "ask the warehouse what is in the parcel", _MONEY),
    Cause.UNEXPECTED_PARCEL: Handling("warehouse", "goods left that should not have: get them back", _MONEY),
    Cause.IMPOSSIBLE_FACT: Handling("operations", "read the message, find out what is true, and see to it", _MONEY),
    Cause.STEP_REFUSED: Handling("operations", "mend what the record refuses, then retry", (Choice.RETRY,), waits=True),
    Cause.LEVELS_NOT_PUSHED: Handling(
        "operations", "bring the shop's listener back: its levels follow and the case settles itself", _MONEY
    ),
    Cause.NOBODY_SIGNS: Handling(
        "operations", "name people who may sign, in the policy or in the staff, then retry", (Choice.RETRY,), waits=True
    ),
    Cause.REFUND_REFUSED: Handling(
        "finance",
        "find out why the provider refuses; retry, pay the buyer another way and say how, or cancel",
        _ROUTE,
        waits=True,
    ),
    Cause.REFUND_ROUTE_GONE: Handling(
        "finance",
        "see that the provider will not pay it any more, pay the buyer another way and say how; retry; or cancel",
        _ROUTE,
        waits=True,
    ),
    Cause.REFUND_UNCLEAR: Handling(
        "finance",
        "get the provider's word on what became of the refund, then retry: it is asked again",
        (Choice.RETRY,),
        waits=True,
    ),
    Cause.BALANCE_SHORT: Handling(
        "finance",
        "top up the merchant account: its refunds go on by themselves, and the case settles itself",
        _MONEY,
    ),
    Cause.REFUND_REVERSED: Handling(
        "finance",
        "the provider takes its word back: find out where the money is, and see that the buyer gets it",
        _MONEY,
    ),
    Cause.UNKNOWN_REFUND: Handling(
        "finance", "money went out by a number that nobody here gave: find out who refunded what", _MONEY
    ),
    Cause.TRADE_REFUNDED: Handling(
        "finance",
        "the trade was paid, and money of it went back outside: retry once that is mended, or cancel the order",
        _STEP,
        waits=True,
    ),
    Cause.RED_LETTER_DUE: Handling(
        "finance", "reverse the invoice for what went back, and record it: lockstep invoice reverse", _MONEY
    ),
    Cause.RETURN_NOT_ANNOUNCED: Handling(
        "warehouse", "tell the warehouse of the parcel that comes back, then retry", (Choice.RETRY,), waits=True
    ),
    Cause.RETURN_OVERDUE: Handling(
        "warehouse", "find the parcel that came back, or ask the carrier: it goes on once it is received", _MONEY
    ),
    Cause.RETURN_DAMAGED: Handling(
        "support",
        "say what is taken off for the damage (POST /refunds/{id}/assessment); retry: paid back as approved",
        (Choice.RETRY,),
        waits=True,
    ),
    Cause.UNEXPECTED_RETURN: Handling("warehouse", "find out what came back, and whose it is", _MONEY),
    Cause.CAP_REACHED: Handling(
        "finance",
        "see whether so much should leave; two raise the cap (lockstep money cap), or wait: it goes on by itself",
        _MONEY,
    ),
    Cause.MONEY_STOPPED: Handling(
        "finance",
        "find out what is wrong; then two people release it, and what waits goes on by itself: lockstep money resume",
        _MONEY,
        limit=timedelta(hours=4),
    ),
    Cause.DISPUTE_OPEN: Handling(
        "finance",
        "answer the dispute with the provider; once it has ended there, refunds go on: lockstep dispute close",
        _MONEY,
    ),
    Cause.AFTER_SALE_CHANGED: Handling(
        "support",
        "the platform's after-sale is not what the refund is about: answer it there before its deadline",
        _MONEY,
        limit=timedelta(hours=4),
    ),
    Cause.AFTER_SALE_STUCK: Handling(
        "support",
        "the platform does not take our answer: answer it there, then retry: it is asked what became of it",
        (Choice.RETRY,),
        waits=True,
        limit=timedelta(hours=4),
    ),
    Cause.PAID_ELSEWHERE: Handling(
        "finance",
        "look at the evidence; confirm that the buyer has the money, or cancel: it did not go",
        (Choice.CONFIRM, Choice.CANCEL),
        waits=True,
    ),
}


def time_for(cause: Cause, usual: timedelta) -> timedelta:
    """How long somebody has for it. `usual`: what 24 hours are here; a demo's are shorter."""
    return usual * (HANDLING[cause].limit / _DAY)


@dataclass(frozen=True)
class NewCase:
    """A case to open. `subject` tells two cases of one cause apart, such as the trade or the parcel."""

    cause: Cause
    subject: str
    detail: str


@dataclass(frozen=True)
class CaseDecision:
    """What a person decided. Skipping needs the outside shipment and a second person.

    `outside_payment_no`: under which the buyer got his money another way, such as a bank's reference.
    """

    case_id: str
    choice: Choice
    by: str
    reason: str
    second_person: str | None = None
    outside_shipment_no: str | None = None
    outside_payment_no: str | None = None


def check_decision(cause: Cause, decision: CaseDecision) -> None:
    """Raises SkipRefused with a sentence that says what is missing."""
    allowed = HANDLING[cause].choices
    if decision.choice not in allowed:
        raise SkipRefused(f"a case of {cause} allows {', '.join(allowed)}, not {decision.choice}")
    if not decision.reason.strip() or not decision.by.strip():
        raise SkipRefused("say who decides and why")
    if decision.choice is Choice.SKIP and not (decision.outside_shipment_no or "").strip():
        raise SkipRefused("skipping the push needs the shipment number under which the goods left")
    if decision.choice is Choice.SKIP and (decision.second_person or "").strip() in ("", decision.by.strip()):
        raise SkipRefused("skipping the push needs a second person")
    if decision.choice is Choice.ELSEWHERE and not (decision.outside_payment_no or "").strip():
        raise SkipRefused("another way needs the number under which the buyer got the money")
