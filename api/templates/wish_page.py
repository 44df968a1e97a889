"""The pages by which a customer asks for a refund."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse

from api.refund_wishes import WishForm
from api.templates.page import Reader, rendered
from api.templates.words import Words

STATUS = {"coming": 202, "too_late": 409, "unavailable": 503}


def wish_page(
    form: WishForm, words: Words, now: datetime, order_page: str, *, problem: str = "", status: int = 200
) -> HTMLResponse:
    reader = Reader(words, ZoneInfo(form.recorded.time_zone), now)
    titles = {each.line_id: each.title for each in form.recorded.order.lines}
    return rendered(
        "wish.html", words, status, form=form, reader=reader, titles=titles, order_page=order_page, problem=problem
    )


def told_page(what: str, words: Words, order_page: str) -> HTMLResponse:
    """What became of it, when there is nothing to show yet, or any more."""
    return rendered("wish_told.html", words, STATUS[what], what=what, order_page=order_page)
