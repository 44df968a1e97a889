"""A marketplace's after-sale: which word is news, and what is to be done before its deadline."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.after_sale import AfterSale, AtDeadline, SaleState, Turn, newer, turn
from domain.errors import ImpossibleMove
from domain.money import Money
from tests.builders import NOON

HOUR = timedelta(hours=1)
SALE = AfterSale("AS-1", 3, SaleState.ASKED, Money(100), NOON + 6 * HOUR, extensions_left=1)


def test_only_a_newer_revision_is_news() -> None:
    assert newer(SALE, SALE) is None
    assert newer(SALE, replace(SALE, revision=2, state=SaleState.CLOSED)) is None
    told = replace(SALE, revision=4, state=SaleState.AGREED)
    assert newer(SALE, told) == told


@pytest.mark.parametrize("end", [SaleState.SUCCEEDED, SaleState.CLOSED])
@pytest.mark.parametrize("told", SaleState)
def test_an_end_is_not_taken_back(end: SaleState, told: SaleState) -> None:
    known, word = replace(SALE, state=end), replace(SALE, state=told, revision=4)
    if told is end:
        assert newer(known, word) == word
    else:
        with pytest.raises(ImpossibleMove, match=f"is {end}, the platform says {told}"):
            newer(known, word)


@pytest.mark.parametrize(
    ("wanted", "left", "extended", "paged", "expected"),
    [
        (AtDeadline.EXTEND, 1, False, False, (NOON + 5 * HOUR, Turn.EXTEND)),
        (AtDeadline.EXTEND, 1, True, False, (NOON + 5 * HOUR, Turn.PAGE)),
        (AtDeadline.EXTEND, 0, False, False, (NOON + 5 * HOUR, Turn.PAGE)),
        (AtDeadline.EXTEND, 0, False, True, (NOON + 6 * HOUR, Turn.ASK)),
        (AtDeadline.AGREE, 1, False, False, (NOON + 5 * HOUR, Turn.AGREE)),
        (AtDeadline.REFUSE, 1, False, False, (NOON + 5 * HOUR, Turn.REFUSE)),
    ],
)
def test_what_happens_at_the_deadline_less_the_margin(
    *,
    wanted: AtDeadline,
    left: int,
    extended: bool,
    paged: bool,
    expected: tuple[datetime, Turn],
) -> None:
    sale = replace(SALE, extensions_left=left)
    assert turn(sale, wanted, HOUR, extended=extended, paged=paged) == expected


def test_nothing_is_to_be_done_about_what_is_decided_or_has_no_deadline() -> None:
    for sale in (replace(SALE, state=SaleState.AGREED), replace(SALE, deadline=None)):
        assert turn(sale, AtDeadline.EXTEND, HOUR, extended=False, paged=False) is None
