"""Where is my order? For customers: a page that needs no script, and the same as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from api.answers import TrackedByNumber, TrackedWithProof
from api.dependencies import Asking, HouseHere
from api.errors import Documented, Problem, problems
from api.live import Streams, changes
from api.templates.page import coming_page, order_page, too_many_page, unknown_page, words_for
from api.templates.words import Words
from api.tracking import (
    Question,
    StillComing,
    Unknown,
    answer,
    full_json,
    own_address,
    permitted,
    phone_tail,
    public_json,
)

router = APIRouter(prefix="/track", tags=["tracking"])
Tracked = TrackedWithProof | TrackedByNumber
REFUSED = problems(404, 409, 413, 422, 429)
REFUSED_PAGE: Documented = problems(413, 422) | {
    status: {"description": word, "content": {"text/html": {"schema": {"type": "string"}}}}
    for status, word in ((404, "Unknown"), (409, "On its way into the record"), (429, "Too many wrong guesses"))
}
EVENTS: dict[str, Any] = {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
Seen = Annotated[int, Query(ge=0, le=2**53)]
PHONE_FORM = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": {"phone_tail": {"type": "string"}}}
            }
        }
    }
}


async def words(accept_language: Annotated[str, Header()] = "", lang: Annotated[str | None, Query()] = None) -> Words:
    return words_for(lang, accept_language)


WordsHere = Annotated[Words, Depends(words)]


async def by_link(order_no: str, shop: str = "", proof: str = "") -> Question:
    return Question(order_no, shop, proof=proof)


async def by_phone(request: Request, order_no: str, shop: str = "") -> Question:
    return Question(order_no, shop, phone_tail=phone_tail(await request.body()))


def refusal(problem: Problem, words: Words) -> Response:
    if isinstance(problem, StillComing):
        return coming_page(words)
    return unknown_page(words) if isinstance(problem, Unknown) else too_many_page(words, problem.headers or {})


@router.get("/{order_no}.json", summary="Where an order stands", response_model=Tracked, responses=REFUSED)
async def as_json(here: HouseHere, who: Asking, question: Annotated[Question, Depends(by_link)]) -> dict[str, Any]:
    """By number alone: stage and expected end. With `proof` from the signed link: everything."""
    found = await answer(here, who, question)
    return full_json(found) if question.proves else public_json(found)


@router.post(
    "/{order_no}.json",
    summary="Where an order stands, proven by the phone",
    response_model=TrackedWithProof,
    responses=REFUSED,
    openapi_extra=PHONE_FORM,
)
async def as_json_by_phone(
    here: HouseHere, who: Asking, question: Annotated[Question, Depends(by_phone)]
) -> dict[str, Any]:
    """Form field `phone_tail`: the last four digits of the recipient's phone."""
    return full_json(await answer(here, who, question))


@router.get(
    "/{order_no}/events",
    summary="Hear when an order moves",
    response_class=StreamingResponse,
    responses={**problems(404, 409, 422, 429), 200: EVENTS},
)
async def events(
    request: Request,
    here: HouseHere,
    who: Asking,
    question: Annotated[Question, Depends(by_link)],
    seen: Seen = 0,
    last_event_id: Annotated[str, Header(max_length=20)] = "",
) -> Response:
    """Server-sent events, with `proof` from the signed link: `changed` with a version after the one that was seen."""
    streams: Streams = request.app.state.streams
    streams.must_have_room()
    found = await permitted(here, who, question)
    if not question.proves:
        raise Unknown
    heard = int(last_event_id) if last_event_id.isdecimal() else seen
    return StreamingResponse(changes(here, streams, found.order_id, heard), media_type="text/event-stream")


@router.get("/{order_no}", summary="The tracking page", response_class=HTMLResponse, responses=REFUSED_PAGE)
async def page(
    request: Request, here: HouseHere, who: Asking, question: Annotated[Question, Depends(by_link)], said: WordsHere
) -> Response:
    """In Chinese or English, by `lang` or Accept-Language."""
    try:
        found = await answer(here, who, question)
    except Problem as problem:
        return refusal(problem, said)
    return order_page(found, said, here.clock.now(), request.query_params, full=question.proves)


@router.post(
    "/{order_no}",
    summary="Prove by the phone",
    status_code=303,
    response_class=Response,
    responses=REFUSED_PAGE,
    openapi_extra=PHONE_FORM,
)
async def page_by_phone(
    here: HouseHere,
    who: Asking,
    question: Annotated[Question, Depends(by_phone)],
    said: WordsHere,
    lang: Annotated[str | None, Query()] = None,
) -> Response:
    """Leads to the signed page, which may be reloaded and kept."""
    try:
        found = await permitted(here, who, question)
    except Problem as problem:
        return refusal(problem, said)
    return RedirectResponse(own_address(here, found.order_id, lang if lang in ("zh", "en") else None), 303)
