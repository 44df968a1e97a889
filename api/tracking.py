"""Who may see an order, and what of it: by its number alone, by a signed link, by the tail of the recipient's phone.

An unknown number and a wrong proof take the same way and get the same answer, so that nobody learns which it was.
"""

import asyncio
import hmac
import unicodedata
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from api.dependencies import count_failure, refuse_if_too_many_failures
from api.errors import Problem
from api.progress import Tracking, tracking
from api.refund_progress import refunds_of
from api.refund_tracking import refund_json
from api.tracking_links import is_proof, proof
from domain.errors import InvalidReference
from domain.money import Money
from domain.reference import OWN_SHOP, OrderId
from persistence import progress
from persistence.engine import reading
from persistence.progress import Found
from runtime.wiring import House

PHONE_TAIL_LENGTH = 4
NOBODY = OrderId(OWN_SHOP, "nobody", "0")  # what an unknown number is compared with: as long as a known one takes


class Unknown(Problem):
    """No such order, or not for this caller."""

    def __init__(self) -> None:
        super().__init__(404, "unknown-order", "no order is known by this number and proof")


class StillComing(Problem):
    """We gave this link when we took the order; the record follows within moments."""

    def __init__(self) -> None:
        detail = "the order is still being recorded: try again in a moment"
        super().__init__(409, "order-on-its-way", detail, headers={"retry-after": "3"})


class Question:
    """What a caller asks: an order number, perhaps a shop, perhaps a proof."""

    def __init__(self, order_no: str, shop: str, *, proof: str = "", phone_tail: str | None = None) -> None:
        self.order_no = order_no
        self.shop = shop
        self.proof = proof
        self.phone_tail = phone_tail

    @property
    def possible(self) -> bool:
        """Whether shop and number could be an order's at all."""
        try:
            OrderId(OWN_SHOP, self.shop or "x", self.order_no)
        except InvalidReference:
            return False
        return True

    @property
    def proves(self) -> bool:
        return self.phone_tail is not None or bool(self.proof)


async def answer(house: House, caller: str, question: Question) -> Tracking:
    """Raises Unknown, StillComing, and Problem 429 once this caller was wrong too often."""
    found = await permitted(house, caller, question)
    if not question.proves:
        return await tracking(house, found)
    told, back = await asyncio.gather(tracking(house, found), refunds_of(house, found.order_id))
    return replace(told, refunds=back)


async def permitted(house: House, caller: str, question: Question) -> Found:
    """The one order that this question may see. Guesses at a phone are limited per order number, too.

    Nobody guesses a signed link: a right one opens even where a neighbour's guesses are refused.
    """
    found = _seen(house, question, await _named(house, question))
    if found is not None and question.proof:
        return found
    if _just_placed(house, question):
        raise StillComing
    subjects = [f"track/{caller}"]
    if question.phone_tail is not None and question.possible:
        subjects.append(f"track-phone/{question.shop}/{question.order_no}")
    for subject in subjects:
        await refuse_if_too_many_failures(house, subject)
    if found is None:
        for subject in subjects:
            await count_failure(house, subject)
        raise Unknown
    return found


async def _named(house: House, question: Question) -> list[Found]:
    if not question.possible:
        return []
    async with reading(house.engine) as db:
        return await progress.find(db, question.order_no, question.shop)


def _seen(house: House, question: Question, named: list[Found]) -> Found | None:
    """A signed link names its order by itself; otherwise the number must mean exactly one."""
    only = named[0] if len(named) == 1 else None
    if question.phone_tail is not None:
        asked = house.customers.phone_tail(only.order_id if only else NOBODY, question.phone_tail)
        known = only.phone_tail if only else ""
        right = hmac.compare_digest(asked.encode(), known.encode())
        return only if right and question.phone_tail else None  # a recipient without a phone is proven by no tail
    if question.proof:
        is_proof(house.settings, NOBODY, question.proof)
        proven = [each for each in named if is_proof(house.settings, each.order_id, question.proof)]
        return proven[0] if proven else None
    return only if only and only.track_by_number else None


def _just_placed(house: House, question: Question) -> bool:
    """Only who took the order can have signed its link."""
    if question.phone_tail is not None or not (question.proof and question.shop and question.possible):
        return False
    return is_proof(house.settings, OrderId(OWN_SHOP, question.shop, question.order_no), question.proof)


def phone_tail(body: bytes) -> str:
    """The form's one field, full-width digits too. Anything but four digits proves nothing."""
    fields = parse_qs(body[:1000].decode(errors="replace"))
    digits = "".join(str(unicodedata.decimal(char)) for char in fields.get("phone_tail", [""])[0] if char.isdecimal())
    return digits if len(digits) == PHONE_TAIL_LENGTH else ""


def own_address(house: House, order_id: OrderId, language: str | None, rest: str = "", **more: str) -> str:
    """The signed page's address on this very host; `rest`: that of a page of its own below it."""
    wanted = {"shop": order_id.shop_id, "proof": proof(house.settings, order_id), **more}
    return f"/track/{order_id.order_no}{rest}?" + urlencode(wanted | ({"lang": language} if language else {}))


def public_json(found: Tracking) -> dict[str, Any]:
    """What the number alone shows: nothing about the person, the goods or the money."""
    hoped = found.expectation
    return {
        "order_no": found.order.id.order_no,
        "stage": found.stage,
        "source": found.standing.source,
        "as_of": found.standing.as_of,
        "updated_at": found.recorded.updated_at,
        "expected": hoped and hoped.earliest and _expected(found),
        "overdue": bool(hoped and hoped.overdue),
    }


def full_json(found: Tracking) -> dict[str, Any]:
    order, hoped = found.order, found.expectation
    return public_json(found) | {
        "shop": {"id": order.id.shop_id, "name": found.recorded.shop_name, "time_zone": found.recorded.time_zone},
        "due": hoped.due if hoped and hoped.overdue else None,
        "completes_at": found.completes_at,
        "steps": [
            {"name": each.milestone, "reached": each.reached, "current": each.current, "at": each.at}
            for each in found.steps
        ],
        "next": {"stage": found.follows, "by": found.actor},
        "on_hold": list(found.concerns),
        "lines": [
            {"title": each.title, "quantity": each.quantity, "amount": _money(each.cash)} for each in order.lines
        ],
        "shipping": _money(order.shipping),
        "amount": _money(order.amount),
        "pay_until": found.pay_until,
        "payments": [
            {
                "provider": each.provider,
                "reference": each.trade_no,
                "amount": _money(each.amount),
                "paid_at": each.paid_at,
            }
            for each in order.captures
        ],
        "refund_due": _money(found.recorded.refund_due),
        "refunds": [refund_json(each) for each in found.refunds],
        "parcels": [
            {
                "carrier": each.carrier,
                "waybill_no": each.waybill_no,
                "shipped_at": each.shipped_at,
                "delivered_at": each.delivered_at,
                "contents": found.contents(each),
            }
            for each in order.parcels
        ],
    }


def _expected(found: Tracking) -> dict[str, Any]:
    assert found.expectation is not None
    return {
        "earliest": found.expectation.earliest,
        "latest": found.expectation.latest,
        "basis": found.expectation.basis,
    }


def _money(amount: Money) -> dict[str, Any]:
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}
