"""The lines of an order, and which of them can be."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import InvalidOrder
from domain.money import Money


@dataclass(frozen=True)
class Line:
    """`list_price` is per unit; discounts and subsidy are the line's whole shares; a gift names its parent line."""

    line_id: str
    platform_sku: str
    title: str
    quantity: int
    list_price: Money
    merchant_discount: Money
    platform_subsidy: Money
    gift_of: str | None = None

    @property
    def cash(self) -> Money:
        """The buyer's cash share of this line."""
        listed = Money(self.list_price.amount_minor * self.quantity, self.list_price.currency)
        return listed - self.merchant_discount - self.platform_subsidy


def check_lines(lines: tuple[Line, ...]) -> None:
    ids = [line.line_id for line in lines]
    sold = {line.line_id for line in lines if line.gift_of is None}
    if not ids or len(set(ids)) != len(ids):
        raise InvalidOrder("lines: give at least one line, each with its own line_id")
    for line in lines:
        if line.line_id.rpartition(".")[0] in ids:  # a bundle's parts are numbered so: domain/stock.py, explode
            raise InvalidOrder(f"line {line.line_id}: reads like a part of another line, give it another line_id")
        if line.quantity < 1 or line.cash.amount_minor < 0:
            raise InvalidOrder(f"line {line.line_id}: quantity from 1, discounts no larger than the price")
        if min(line.list_price, line.merchant_discount, line.platform_subsidy).amount_minor < 0:
            raise InvalidOrder(f"line {line.line_id}: prices and discounts are zero or more")
        if line.gift_of is not None and line.gift_of not in sold:
            raise InvalidOrder(f"line {line.line_id}: gift_of must name a line of the order that is no gift")
        if line.gift_of is not None and line.list_price.amount_minor:
            raise InvalidOrder(f"line {line.line_id}: a gift has list price 0")
