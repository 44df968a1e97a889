"""What a customer makes of a refund that has ended: one tap on his page, or one call of his shop's program."""

from pydantic import BaseModel, Field

from api.errors import Problem
from api.schemas import Id, Strict
from api.tracking import Unknown
from domain.reference import OrderId
from domain.refund import RefundStage
from persistence import refund_list, refund_ratings
from persistence.engine import reading
from persistence.refund_list import KnownRefund
from persistence.refund_ratings import BEST, WORST
from runtime.wiring import House


class RatingBody(Strict):
    """`by`: the order's customer. `score`: 1, as bad as can be, to 5."""

    by: Id
    score: int = Field(ge=WORST, le=BEST)


class RatingAnswer(BaseModel):
    refund: str
    score: int


async def rate(house: House, refund_id: str, body: RatingBody) -> RatingAnswer:
    """Problem 409 while it is under way, and for somebody else's."""
    found = await _find(house, refund_id)
    if found is None:
        raise Problem(404, "unknown-refund", f"the record has no refund {refund_id}")
    async with reading(house.engine) as db:
        known = await refund_list.customer_and_currency(db, found.loaded.refund.order_id)
    if known is None or known[0] != body.by:
        raise Problem(409, "anothers-refund", "only the customer of its order rates a refund")
    if not _may_be_rated(found):
        raise Problem(409, "nothing-to-rate", f"it is {found.loaded.refund.stage}: rate it once it has ended")
    await _keep(house, refund_id, body.score)
    return RatingAnswer(refund=refund_id, score=body.score)


async def rate_on_page(house: House, order_id: OrderId, refund_id: str, score: str) -> None:
    """Raises Unknown for what the page does not offer."""
    found = await _find(house, refund_id)
    offered = found is not None and found.loaded.refund.order_id == order_id and _may_be_rated(found)
    if not offered or score not in map(str, range(WORST, BEST + 1)):
        raise Unknown
    await _keep(house, refund_id, int(score))


async def _find(house: House, refund_id: str) -> KnownRefund | None:
    async with reading(house.engine) as db:
        return await refund_list.find_refund(db, refund_id)


def _may_be_rated(found: KnownRefund) -> bool:
    refund = found.loaded.refund
    return refund.ended and not refund.refusal and refund.stage is not RefundStage.WITHDRAWN


async def _keep(house: House, refund_id: str, score: int) -> None:
    async with house.engine.begin() as db:
        await refund_ratings.rate(db, refund_id, score, house.clock.now())
