"""The brake on outgoing money: one stops, two release."""

from datetime import timedelta

import pytest

from domain.brake import RELEASED, Brake, Said, resumed, stopped
from domain.errors import BrakeRefused
from tests.builders import NOON

FANG, LIN, BOSS = (Said(by, "it looks odd", NOON) for by in ("fang", "lin", "boss"))
ON = Brake(FANG)
ASKED = Brake(FANG, LIN)


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        pytest.param(RELEASED, FANG, ON, id="anybody stops"),
        pytest.param(ON, LIN, ON, id="the first stop stands"),
        pytest.param(ASKED, BOSS, ON, id="a further stop takes the release back"),
    ],
)
def test_stopping(before: Brake, said: Said, after: Brake) -> None:
    assert stopped(before, said) == after


@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        pytest.param(ON, LIN, ASKED, id="the first one asks"),
        pytest.param(ON, FANG, Brake(FANG, FANG), id="who stopped may ask"),
        pytest.param(ASKED, FANG, RELEASED, id="who stopped may confirm"),
        pytest.param(ASKED, BOSS, RELEASED, id="a second one confirms"),
    ],
)
def test_releasing(before: Brake, said: Said, after: Brake) -> None:
    assert resumed(before, said) == after
    assert resumed(before, said).is_on is (after is not RELEASED)


@pytest.mark.parametrize(
    ("before", "said", "why"),
    [
        (RELEASED, LIN, "not stopped"),
        (ASKED, LIN, "lin asked for it: it takes a second person"),
        (ASKED, Said("lin", "another reason", NOON + timedelta(days=1)), "a second person"),
        (ON, Said("lin", " ", NOON), "who does it and why"),
        (ON, Said("", "checked", NOON), "who does it and why"),
    ],
)
def test_what_releases_nothing_is_refused_with_a_sentence(before: Brake, said: Said, why: str) -> None:
    with pytest.raises(BrakeRefused, match=why):
        resumed(before, said)


def test_a_stop_has_a_reason() -> None:
    with pytest.raises(BrakeRefused, match="why"):
        stopped(RELEASED, Said("fang", "", NOON))
