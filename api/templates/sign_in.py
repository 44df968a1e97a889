"""Where an operator signs in to read payloads in the Temporal Web UI. One page in both languages: few see it."""

from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api.templates.page import HEADERS, PAGES, STYLE

REFUSED = {
    401: ("This token is unknown or was ended.", "令牌无效或已被收回。"),
    403: ("This token may not read payloads.", "该令牌没有读取载荷的权限。"),
    429: ("Too many failed attempts: wait ten minutes.", "失败次数过多,请十分钟后再试。"),
}


def sign_in_page(ui_url: str, *, signed_in: bool = False, refused: int = 0) -> HTMLResponse:
    """`refused`: the status with which the token was turned away; 0 when it was not."""
    sentences = REFUSED.get(refused, ())
    html = PAGES.get_template("sign_in.html").render(
        style=Markup(STYLE),  # noqa: S704 - our own file
        ui_url=ui_url,
        signed_in=signed_in,
        sentences=sentences,
    )
    return HTMLResponse(html, refused or 200, headers=HEADERS)
