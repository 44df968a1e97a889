"""Every pair of values on each axis: what a fact that says the one does to an order that stands at the other."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from domain.axis import (
    AFTER_SALE_MOVES,
    FULFILMENT_MOVES,
    HOLDING_MOVES,
    PAYMENT_MOVES,
    AfterSale,
    Fulfilment,
    Holding,
    Payment,
    move,
)
from domain.errors import ImpossibleMove

# A row is where the order stands, a column what the fact says, both in the order of the enum.
# `>` it moves; `=` it stays, for the fact is old news; `x` there is no way.
PAYMENT = """
unpaid            = > >
partly_paid       = = >
paid              = = =
"""
FULFILMENT = """
waiting           = > x x x x x x >
reserved          = = > > > > > x >
pushed            = = = > > > > x >
partly_shipped    = = = = > > > x x
shipped           = = = = = > > x x
partly_delivered  = = = = = = > x x
delivered         = = = = = = = > x
completed         = = = = = = = = x
stopped           = = = x x x x x =
"""
HOLDING = """
clear             = >
held              > =
"""
AFTER_SALE = """
none              = > x
requested         = = >
resolved          = > =
"""
AXES: tuple[tuple[str, type[StrEnum], Mapping[Any, Any]], ...] = (
    (PAYMENT, Payment, PAYMENT_MOVES),
    (FULFILMENT, Fulfilment, FULFILMENT_MOVES),
    (HOLDING, Holding, HOLDING_MOVES),
    (AFTER_SALE, AfterSale, AFTER_SALE_MOVES),
)
PAIRS = [
    pytest.param(moves, axis(name), target, mark, id=f"{axis.__name__}-{name}-{target}")
    for table, axis, moves in AXES
    for name, *marks in map(str.split, table.strip().splitlines())
    for target, mark in zip(axis, marks, strict=True)
]


@pytest.mark.parametrize(("moves", "current", "target", "mark"), PAIRS)
def test_each_pair_moves_stays_or_has_no_way(
    moves: Mapping[StrEnum, frozenset[StrEnum]], current: StrEnum, target: StrEnum, mark: str
) -> None:
    if mark == "x":
        with pytest.raises(ImpossibleMove, match=f"cannot go from {current} to {target}"):
            move(moves, current, target)
    else:
        assert move(moves, current, target) is (target if mark == ">" else current)


@pytest.mark.parametrize(("table", "axis", "moves"), AXES)
def test_the_tables_name_every_value(table: str, axis: type[StrEnum], moves: Mapping[Any, Any]) -> None:
    assert [row.split()[0] for row in table.strip().splitlines()] == list(axis)
    assert set(moves) == set(axis)
