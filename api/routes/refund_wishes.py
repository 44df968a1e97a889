"""A customer asks for a refund on his own page, withdraws it, rates it: plain forms, behind the proof of the page."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import AcceptanceHere, AllowancesHere, Asking, HouseHere
from api.errors import Documented, Problem, problems
from api.refund_ratings import rate_on_page
from api.refund_wishes import OFTEN, NotAWish, ask, became, check_origin, wish_form, withdraw
from api.routes.tracking import REFUSED_PAGE, WordsHere, refusal
from api.templates.wish_page import told_page, wish_page
from api.templates.words import Words
from api.tracking import Question, Unknown, own_address, permitted
from domain.reference import OrderId
from runtime.wiring import House

router = APIRouter(prefix="/track", tags=["tracking"])
Wished = Annotated[str, Query(max_length=64)]
RefundHere = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")]
POSTED: Documented = {**problems(403), **REFUSED_PAGE}


class Visit:
    """Somebody on the pages of one order, with or without its proof, who reads one of our languages."""

    def __init__(self, house: House, said: Words, who: str, question: Question, language: str | None) -> None:
        self.house, self.said = house, said
        self._who, self._question, self._language = who, question, language

    async def proven(self) -> OrderId:
        """Raises Unknown without proof, and what the tracking page raises."""
        found = await permitted(self.house, self._who, self._question)
        if not self._question.proves:
            raise Unknown
        return found.order_id

    def address(self, order_id: OrderId, rest: str = "", **more: str) -> str:
        return own_address(self.house, order_id, self._language, rest, **more)

    def told(self, what: str, order_id: OrderId) -> Response:
        return told_page(what, self.said, self.address(order_id))

    async def form(self, order_id: OrderId, problem: str = "", status: int = 200) -> Response:
        offered, now = await wish_form(self.house, order_id), self.house.clock.now()
        return wish_page(offered, self.said, now, self.address(order_id), problem=problem, status=status)

    def refusal(self, problem: Problem, order_id: OrderId | None) -> Response:
        """Whatever keeps us from answering now, for one who has proven himself, is no matter of his."""
        if order_id is not None and not isinstance(problem, Unknown) and problem.status >= 500:  # noqa: PLR2004 - HTTP
            return self.told("unavailable", order_id)
        return refusal(problem, self.said)


async def visiting(
    here: HouseHere,
    said: WordsHere,
    who: Asking,
    order_no: str,
    shop: str = "",
    proof: str = "",
    lang: Annotated[str | None, Query()] = None,
) -> Visit:
    return Visit(here, said, who, Question(order_no, shop, proof=proof), lang if lang in ("zh", "en") else None)


@router.get("/{order_no}/refund", summary="Ask for a refund", response_class=HTMLResponse, responses=REFUSED_PAGE)
async def form(visit: Annotated[Visit, Depends(visiting)], asked: Wished = "") -> Response:
    """What can still go back, and a form to ask for it. `asked`: what became of a wish that was sent."""
    try:
        order_id = await visit.proven()
        what = await became(visit.house, order_id, asked) if asked else ""
        if what == "open":
            return RedirectResponse(visit.address(order_id), 303)
        if what == "coming":
            return visit.told(what, order_id)
        return await visit.form(order_id, visit.said.of_wishes.refused if what else "")
    except Problem as problem:
        return visit.refusal(problem, None)


@router.post("/{order_no}/refund", summary="Send the form", status_code=303, response_class=Response, responses=POSTED)
async def send(
    request: Request, visit: Annotated[Visit, Depends(visiting)], acceptance: AcceptanceHere, spent: AllowancesHere
) -> Response:
    """The same form sent twice is one refund. Leads to the page that shows what became of it."""
    check_origin(request, visit.house)
    order_id = None
    try:
        order_id = await visit.proven()
        await spent.spend(visit.house, OFTEN, str(order_id))
        refund_id = await ask(acceptance, order_id, await request.body())
    except Problem as problem:
        if isinstance(problem, NotAWish) and order_id is not None:
            return await visit.form(order_id, visit.said.of_wishes.invalid, problem.status)
        return visit.refusal(problem, order_id)
    return RedirectResponse(visit.address(order_id, "/refund", asked=refund_id), 303)


@router.post(
    "/{order_no}/refunds/{refund_id}/withdrawal",
    summary="Withdraw a refund",
    status_code=303,
    response_class=Response,
    responses=POSTED,
)
async def take_back(
    request: Request, visit: Annotated[Visit, Depends(visiting)], spent: AllowancesHere, refund_id: RefundHere
) -> Response:
    """Of what the customer asked for himself, until it is decided. Leads back to the order's page."""
    check_origin(request, visit.house)
    order_id = None
    try:
        order_id = await visit.proven()
        await spent.spend(visit.house, OFTEN, str(order_id))
        in_time = await withdraw(visit.house, order_id, refund_id, await request.body())
    except Problem as problem:
        return visit.refusal(problem, order_id)
    return RedirectResponse(visit.address(order_id), 303) if in_time else visit.told("too_late", order_id)


@router.post(
    "/{order_no}/refunds/{refund_id}/rating",
    summary="Rate a refund",
    status_code=303,
    response_class=Response,
    responses=POSTED,
)
async def rating(
    request: Request, visit: Annotated[Visit, Depends(visiting)], spent: AllowancesHere, refund_id: RefundHere
) -> Response:
    """Form field `score`, from 1 to 5, once it has ended. Leads back to the order's page."""
    check_origin(request, visit.house)
    order_id = None
    try:
        order_id = await visit.proven()
        await spent.spend(visit.house, OFTEN, str(order_id))
        score = dict(parse_qsl((await request.body())[:1000].decode(errors="replace"))).get("score", "")
        await rate_on_page(visit.house, order_id, refund_id, score)
    except Problem as problem:
        return visit.refusal(problem, order_id)
    return RedirectResponse(visit.address(order_id), 303)
