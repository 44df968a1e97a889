"""What buyer, shop and staff do in the stories of refunds. What follows, the provider does by itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.approval import Status
from domain.refund import RefundStage
from domain.refund_leg import RefundOutcome
from drill.virtual.acting import IN_TWO_PARTS, Act
from drill.virtual.bank import SILENT
from drill.virtual.goods import SHIPPING_MINOR
from drill.virtual.life import Life, refund_key
from drill.virtual.matrix import Message
from drill.virtual.post import Letter, signature
from ports.refunds import RefundView
from workflows import identity

APPLICANT = "ann"
MOST_SIGNATURES = 30
LONG_DAYS = 14
SELDOMER, SELDOMEST_MINUTES = 1.5, 120.0  # how often it is looked at
SILENT_DAYS = 4
DAMAGE_MINOR = 100
THERE = 0  # the number of the one that a marketplace tells of; the shop numbers its own from 1
SCRIPTS: dict[str, Sequence[RefundOutcome]] = {
    "refund_refused": (RefundOutcome.REFUSED,),
    "refund_closed": (RefundOutcome.CLOSED,),
    "refund_route_gone": (RefundOutcome.ABNORMAL,),
    "refund_short": (RefundOutcome.SHORT_OF_BALANCE, RefundOutcome.SHORT_OF_BALANCE),
    "refund_told_first": (RefundOutcome.PROCESSING,),
}


def _id(life: Life, number: int) -> str:
    if number == THERE:
        return life.sale_id
    return identity.refund_id(life.order_id, refund_key(life.order_id, number))


def view(life: Life, number: int) -> RefundView | None:
    return life.refunds.get(_id(life, number))


def all_of_it(act: Act) -> dict[str, Any]:
    return {"units": [{"line_id": "1", "quantity": act.quantity}], "shipping_minor": SHIPPING_MINOR}


async def ask(act: Act, number: int, wish: dict[str, Any]) -> None:
    order_id = act.life.order_id
    about = {"shop_id": order_id.shop_id, "order_no": order_id.order_no, "reason": "damaged", "applicant": APPLICANT}
    await act.send(Letter(Message.REFUND, act.life, {**about, **wish, "key": refund_key(order_id, number)}))
    await act.until(lambda: view(act.life, number))


async def decide(act: Act, number: int, verb: str = "approve") -> None:
    """Everybody whose turn it is; a word that was lost on its way is said again."""
    for _ in range(MOST_SIGNATURES):
        await act.until(lambda: _decidable(act.life, number) or _is_over(act.life, number))
        found = view(act.life, number)
        if found is None or found.approval is None or not _decidable(act.life, number):
            return
        letter = signature(act.life, found)
        if verb == "withdraw":
            letter = replace(letter, facts={**letter.facts, "verb": verb, "by": APPLICANT, "task": None})
        if verb == "refuse":
            letter = replace(letter, facts={**letter.facts, "verb": verb, "reason": "it was worn"})
        await act.send(letter)
        await act.pauses(1, 5)


def _decidable(life: Life, number: int) -> bool:
    found = view(life, number)
    return found is not None and found.approval is not None and found.approval.status is Status.OPEN


def _is_over(life: Life, number: int) -> bool:
    found = view(life, number)
    return found is not None and (found.ended or bool(found.legs) or _is_decided(found))


def _is_decided(found: RefundView) -> bool:
    """And not to be decided anew, since it is for another amount."""
    return found.stage is not RefundStage.AWAITING_APPROVAL and found.approval is not None


async def ended(act: Act) -> None:
    """All money is back, and told of."""
    minutes, until = 2.0, act.time.clock.now() + timedelta(days=LONG_DAYS)
    while act.life.untold or not all(each.ended for each in act.life.refunds.values()):
        if act.time.clock.now() > until:
            return
        await act.time.passes(minutes=minutes)
        minutes = min(minutes * SELDOMER, SELDOMEST_MINUTES)


async def arrived(act: Act) -> None:
    await act.paid()
    if act.life.plan.story in IN_TWO_PARTS:
        await act.told(act.pay(2), act.number(2))
    await act.until(lambda: act.life.delivered_at, hours=24)


async def refunded(act: Act) -> None:
    await ask(act, 1, all_of_it(act))
    await act.pauses(0, 30)
    await decide(act, 1)
    await ended(act)


async def refunded_in_parts(act: Act) -> None:
    """One unit and the freight, both open at once; then all of it once more, which is too much."""
    await ask(act, 1, {"units": [{"line_id": "1", "quantity": 1}]})
    await ask(act, 2, {"shipping_minor": SHIPPING_MINOR})
    await ask(act, 3, all_of_it(act))
    for number in (1, 2, 3):
        await decide(act, number)
    await ended(act)


async def refund_withdrawn(act: Act) -> None:
    """The buyer takes it back, and asks anew."""
    await ask(act, 1, all_of_it(act))
    await decide(act, 1, "withdraw")
    await ask(act, 2, all_of_it(act))
    await decide(act, 2)
    await ended(act)


async def refund_signed_late(act: Act) -> None:
    """Nobody signs for a day: a superior is told, and then it is signed."""
    await ask(act, 1, all_of_it(act))
    await act.time.passes(minutes=25 * 60)
    await decide(act, 1)
    await ended(act)


async def refund_unclear(act: Act) -> None:
    """Of the first refund nobody hears for days; the other one goes its way."""
    act.life.away_until[SILENT] = act.time.clock.now() + timedelta(days=SILENT_DAYS)
    await ask(act, 1, {"units": [{"line_id": "1", "quantity": 1}]})
    await ask(act, 2, {"shipping_minor": SHIPPING_MINOR})
    await decide(act, 1)
    await decide(act, 2)
    await ended(act)


async def refund_reversed(act: Act) -> None:
    """The money was told as paid out; then the bank sends it back."""
    await refunded(act)
    await act.money_comes_back()
    await act.pauses(30, 60)


async def refund_goods_stopped(act: Act) -> None:
    """One unit is not to leave; the warehouse has it already."""
    await act.paid()
    await act.until(lambda: act.life.order_id.warehouse_reference() in act.warehouse.pushed_at)
    act.life.paying_back = True
    await ask(act, 1, {"units": [{"line_id": "1", "quantity": 1}]})
    await decide(act, 1)
    await ended(act)


def _all_units(act: Act) -> dict[str, Any]:
    return {"kind": "return", "units": [{"line_id": "1", "quantity": act.quantity}]}


async def _awaited(act: Act, number: int) -> RefundView | None:
    """Approved: the goods are to come back."""
    await decide(act, number)
    await act.until(lambda: (found := view(act.life, number)) and found.back is not None)
    return view(act.life, number)


async def returned(act: Act) -> None:
    await ask(act, 1, _all_units(act))
    await _sent_back(act, 1)


async def return_asked_twice(act: Act) -> None:
    """In two tabs at the same moment: one is opened, the other one refused."""
    act.time.start(ask(act, 1, _all_units(act)))
    await ask(act, 2, _all_units(act))
    await act.until(lambda: view(act.life, 1))
    for number in (1, 2):
        if (found := view(act.life, number)) is not None and not found.ended:
            await _sent_back(act, number)


async def _sent_back(act: Act, number: int) -> None:
    """Whatever the warehouse finds; another amount than was approved is signed for again."""
    found = await _awaited(act, number)
    if found is not None:
        await act.pauses(10, 1000)
        waybill = {"refund": found.refund_id, "by": APPLICANT, "carrier": "sf", "waybill_no": f"SF-{found.refund_id}"}
        await act.send(Letter(Message.WAYBILL, act.life, waybill))
        await act.until(lambda: _is_here(act.life, number), hours=LONG_DAYS * 24)
        if act.life.plan.story == "returned_damaged":
            off = {"line_id": "1", "amount_minor": DAMAGE_MINOR}
            said = {"refund": found.refund_id, "by": "lin", "reason": "a dent", "deductions": [off]}
            await act.send(Letter(Message.ASSESSMENT, act.life, said))
        if act.life.plan.story in ("returned_damaged", "returned_short"):
            await decide(act, number)
    await ended(act)


def _is_here(life: Life, number: int) -> bool:
    found = view(life, number)
    return found is not None and (found.ended or (found.back is not None and found.back.received_at is not None))


async def return_not_sent(act: Act) -> None:
    """The buyer keeps the goods until his window closes; meanwhile he gets the freight back."""
    await ask(act, 1, _all_units(act))
    await _awaited(act, 1)
    await ask(act, 2, {"shipping_minor": SHIPPING_MINOR})
    await decide(act, 2)
    await ended(act)


async def return_withdrawn(act: Act) -> None:
    """The buyer wants to keep the goods after all, and gets the freight back."""
    await ask(act, 1, _all_units(act))
    found = await _awaited(act, 1)
    if found is not None:
        said = {"refund": found.refund_id, "verb": "withdraw", "by": APPLICANT, "version": found.version}
        await act.send(Letter(Message.DECISION, act.life, said))
    await ask(act, 2, {"shipping_minor": SHIPPING_MINOR})
    await decide(act, 2)
    await ended(act)


def of_what_arrived(story: Callable[[Act], Awaitable[None]]) -> Callable[[Act], Awaitable[None]]:
    async def told(act: Act) -> None:
        await arrived(act)
        act.life.paying_back = True
        act.life.script = list(SCRIPTS.get(act.life.plan.story, ()))
        await story(act)
        act.life.paying_back = False

    return told


async def _then_over(act: Act) -> None:
    await refund_goods_stopped(act)
    act.life.paying_back = False


REFUND_ACTS: dict[str, Callable[[Act], Awaitable[None]]] = {
    **dict.fromkeys(("refunded", "refunded_by_two_routes", "refund_told_first", *SCRIPTS), of_what_arrived(refunded)),
    "refunded_in_parts": of_what_arrived(refunded_in_parts),
    "refund_withdrawn": of_what_arrived(refund_withdrawn),
    "refund_signed_late": of_what_arrived(refund_signed_late),
    "refund_unclear": of_what_arrived(refund_unclear),
    "refund_reversed": of_what_arrived(refund_reversed),
    **dict.fromkeys(("returned", "returned_damaged", "returned_short"), of_what_arrived(returned)),
    "return_asked_twice": of_what_arrived(return_asked_twice),
    "return_not_sent": of_what_arrived(return_not_sent),
    "return_withdrawn": of_what_arrived(return_withdrawn),
    "refund_goods_stopped": _then_over,
}
