"""What a customer asks of his refunds on his own page: offered is exactly what can still go back.

No cookie opens the page: who posts has the order's proof in the address, which no other site knows. What a browser says
of another site that posts is heeded on top.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from pydantic import ValidationError

from api.acceptance import Acceptance
from api.actors import speaking
from api.allowances import Limit
from api.errors import Problem
from api.refund_bodies import RefundBody
from api.refunds import act, ask_refund
from api.shop_orders import Request as Asked
from api.tracking import Unknown
from domain.reference import OWN_SHOP, OrderId
from domain.refundable import Offer, offers
from persistence import progress, refund_list, refund_rows
from persistence.access import Token
from persistence.engine import reading
from persistence.progress import Recorded
from runtime.wiring import House
from workflows import identity
from workflows.refund_messages import ApprovalCommand

PAGE = Token("tracking page", frozenset())  # whose idempotency keys they are
REASONS = ("not_wanted", "damaged", "wrong_item", "not_as_described", "other")
MOST_FIELDS = 300
OFTEN = Limit("track-refund", 20, timedelta(hours=1), "this page may ask 20 times an hour: wait until the hour is over")


class NotAWish(Problem):
    """Nothing was chosen, or what was sent is not what the form asks for."""

    def __init__(self) -> None:
        super().__init__(422, "not-a-wish", "choose what is to go back, and why")


@dataclass(frozen=True)
class WishForm:
    """`after`: how many refunds the record had. The same wish after the same ones is one wish, however often sent."""

    recorded: Recorded
    offers: tuple[Offer, ...]
    after: int


async def wish_form(house: House, order_id: OrderId) -> WishForm:
    """Raises Unknown for a marketplace's order: its refunds are asked for there."""
    if order_id.channel != OWN_SHOP:
        raise Unknown
    async with reading(house.engine) as db:
        recorded = await progress.read(db, order_id)
        assert recorded is not None  # orders are never deleted
        refunds = await refund_rows.load_all(db, order_id)
    found = offers(recorded.order, tuple(each.refund for each in refunds.values()))
    return WishForm(recorded, found, len(refunds))


async def ask(acceptance: Acceptance, order_id: OrderId, body: bytes) -> str:
    """The refund's id, whether it was opened, refused with the maximum, or is still to be taken up.

    Raises NotAWish, and Problem 503 while nothing can be done: the same may be sent again.
    """
    if order_id.channel != OWN_SHOP:
        raise Unknown
    wish, after = _read(body, order_id, await _customer(acceptance.house, order_id))
    digest = hashlib.sha256(f"{after} {wish.model_dump_json()}".encode()).hexdigest()
    key = f"page/{order_id}/{digest[:32]}"
    try:
        await ask_refund(acceptance, Asked(PAGE, key, body), wish)
    except Problem as problem:
        if problem.kind != "refund-refused":
            raise
    return identity.refund_id(order_id, key)


def _read(body: bytes, order_id: OrderId, customer: str) -> tuple[RefundBody, str]:
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=MOST_FIELDS))
        if fields.get("reason") not in REASONS:
            raise NotAWish
        wish = RefundBody.model_validate(_named(fields, order_id, customer))
    except (ValueError, ValidationError):
        raise NotAWish from None
    if not (wish.units or wish.shipping_minor):
        raise NotAWish
    return wish, fields.get("after", "")


def _named(fields: dict[str, str], order_id: OrderId, customer: str) -> dict[str, Any]:
    """As `POST /refunds` takes it. A line of which none was chosen is not named."""
    counts = {name.removeprefix("units."): int(said) for name, said in fields.items() if name.startswith("units.")}
    return {
        "shop_id": order_id.shop_id,
        "order_no": order_id.order_no,
        "kind": fields.get("kind", "refund_only"),
        "units": tuple({"line_id": line_id, "quantity": count} for line_id, count in counts.items() if count),
        "shipping_minor": int(fields["shipping"]) if fields.get("shipping") else None,
        "reason": fields["reason"],
        "note": fields.get("note", "").strip(),
        "applicant": customer,
    }


async def _customer(house: House, order_id: OrderId) -> str:
    async with reading(house.engine) as db:
        known = await refund_list.customer_and_currency(db, order_id)
    if known is None:
        raise Unknown
    return speaking(PAGE, known[0])


async def became(house: House, order_id: OrderId, refund_id: str) -> str:
    """What came of a wish: `open`, `refused` at once, or `coming` while the record has nothing of it."""
    async with reading(house.engine) as db:
        found = await refund_list.find_refund(db, refund_id)
    if found is None or found.loaded.refund.order_id != order_id:
        return "coming"
    return "refused" if found.loaded.refund.refusal else "open"


async def withdraw(house: House, order_id: OrderId, refund_id: str, body: bytes) -> bool:
    """Whether it came in time. Raises Unknown for another's, Problem 503 while nothing can be done."""
    customer = await _customer(house, order_id)
    if not await _is_his(house, order_id, refund_id, customer):
        raise Unknown
    fields = dict(parse_qsl(body[:1000].decode(errors="replace")))
    if not re.fullmatch("[0-9]{1,7}", fields.get("version", "")):
        raise Unknown  # not a form of ours
    command = ApprovalCommand("withdraw", customer, int(fields["version"]))
    try:
        await act(house, refund_id, command)
    except Problem as problem:
        if problem.kind != "decision-refused":
            raise
        return False
    return True


async def _is_his(house: House, order_id: OrderId, refund_id: str, customer: str) -> bool:
    async with reading(house.engine) as db:
        found = await refund_list.find_refund(db, refund_id)
    refund = found.loaded.refund if found else None
    return refund is not None and (refund.order_id, refund.applicant) == (order_id, customer)


def check_origin(request: Request, house: House) -> None:
    """Problem 403 for a form that another site sends. A page without a referrer names the origin `null`."""
    ours = ("null", request.headers.get("host", ""), urlsplit(house.settings.public_url).netloc)
    origin = request.headers.get("origin", "null")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none") or (urlsplit(origin).netloc or origin) not in ours:
        raise Problem(403, "another-site", "send this from the order's own page")
