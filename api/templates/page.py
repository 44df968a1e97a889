"""The tracking page as HTML: nothing from outside, one style sheet and one short script that their own hashes let in.

It needs no script: without one it renews itself twice a minute.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.progress import Tracking
from api.templates.chinese import CHINESE
from api.templates.english import ENGLISH
from api.templates.words import Words
from domain.money import Money

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "tracking.css").read_text(encoding="utf-8")
LIVE = (FOLDER / "live.js").read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src {_hashed(STYLE)}; script-src {_hashed(LIVE)}; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-robots-tag": "noindex, nofollow",
    "vary": "accept-language",
}
SYMBOLS = {"CNY": "¥", "HKD": "HK$", "USD": "US$", "EUR": "€", "JPY": "JP¥"}
SIGNED = ("shop", "proof", "lang")  # what opens the page
LANGUAGES = {"zh": CHINESE, "en": ENGLISH}
PAGES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def words_for(wish: str | None, accepted: str) -> Words:
    """The asked language, else the first one we have in Accept-Language, else Chinese."""
    if wish in LANGUAGES:
        return LANGUAGES[wish]
    weighed = [each.strip().lower().partition(";q=") for each in accepted.split(",")[:20]]
    ranked = sorted(weighed, key=lambda each: -_weight(each[2]))
    return next((LANGUAGES[each[0][:2]] for each in ranked if each[0][:2] in LANGUAGES), CHINESE)


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


@dataclass(frozen=True)
class Reader:
    """How this reader sees times and money."""

    words: Words
    zone: ZoneInfo
    now: datetime

    def moment(self, moment: datetime) -> Markup:
        here = moment.astimezone(self.zone)
        return _time(here, self._day(here) + here.strftime(" %H:%M"))

    def span(self, earliest: datetime, latest: datetime) -> Markup:
        """Days for a range of days, hours for one of hours: no more exact than it is."""
        begin, end = earliest.astimezone(self.zone), latest.astimezone(self.zone)
        if end - begin >= timedelta(days=1):
            first, last = self._day(begin), self._day(end)
        else:
            first = self._day(begin) + begin.strftime(" %H:%M")
            last = end.strftime("%H:%M") if begin.date() == end.date() else self._day(end) + end.strftime(" %H:%M")
        return _time(begin, first) + Markup(" – ") + _time(end, last)

    def _day(self, here: datetime) -> str:
        same_year = here.year == self.now.astimezone(self.zone).year
        shape = self.words.day if same_year else self.words.day_of_year
        return shape.format(day=here.day, month=self.words.months[here.month - 1], year=here.year)

    def money(self, amount: Money) -> str:
        return f"{SYMBOLS[amount.currency]}{amount.decimal}"

    @property
    def zone_name(self) -> str:
        offset = self.now.astimezone(self.zone).strftime("%z")
        name = self.words.zones.get(self.zone.key, self.zone.key.replace("_", " "))
        return f"{name} (UTC{offset[:3]}:{offset[3:]})"


def _time(here: datetime, said: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(here.isoformat(timespec="seconds"), said)


def fill(sentence: str, *values: object) -> Markup:
    """A sentence of ours with values in its braces; the values are escaped."""
    return Markup(sentence).format(*values)  # noqa: S704 - the sentences are our own


PAGES.filters["fill"] = fill
PAGES.globals["live"] = Markup(LIVE)  # noqa: S704 - our own file


def order_page(found: Tracking, words: Words, now: datetime, query: Mapping[str, str], *, full: bool) -> HTMLResponse:
    reader = Reader(words, ZoneInfo(found.recorded.time_zone), now)
    other = "?" + urlencode({**query, "lang": words.other_code})
    signed = "?" + urlencode({name: query[name] for name in SIGNED if name in query})
    return rendered("tracking.html", words, 200, found=found, reader=reader, full=full, other=other, signed=signed)


def coming_page(words: Words) -> HTMLResponse:
    """Taken, but not in the record yet."""
    return rendered("coming.html", words, 200)


def unknown_page(words: Words) -> HTMLResponse:
    """Nothing of the question is in it: every unknown order looks the same."""
    return rendered("unknown.html", words, 404)


def too_many_page(words: Words, headers: Mapping[str, str]) -> HTMLResponse:
    return rendered("too_many.html", words, 429, headers)


def rendered(
    template: str, words: Words, status: int, more: Mapping[str, str] | None = None, **about: object
) -> HTMLResponse:
    html = PAGES.get_template(template).render(words=words, style=Markup(STYLE), **about)  # noqa: S704 - our own file
    return HTMLResponse(html, status, headers={**HEADERS, "content-language": words.code, **(more or {})})
