"""The record in Postgres, read with plain SQL in one transaction, so that all invariants see one moment."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from verify.dump import order_of

Row = dict[str, Any]


class Record:
    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def rows(self, query: LiteralString) -> list[Row]:
        return self._connection.execute(query).fetchall()

    def strings(self, query: LiteralString) -> list[str]:
        """The first column."""
        return [str(next(iter(row.values()))) for row in self.rows(query)]

    @cached_property
    def orders(self) -> dict[str, Row]:
        """The axes and amounts of every order, by id."""
        query: LiteralString = """
            select id, currency, amount_minor, payment, fulfilment, holds, after_sale, cancellation, unmatched
            from orders
        """
        return {row["id"]: row for row in self.rows(query)}

    @cached_property
    def payments(self) -> list[Row]:
        return self.rows(
            """
            select provider, account, trade_no, order_id, part, amount_minor, currency, paid_at, matched, source
            from payments order by seq
            """
        )

    @cached_property
    def plan(self) -> list[Row]:
        return self.rows(
            """
            select p.order_id, p.part, p.amount_minor, o.currency
            from payment_plan p join orders o on o.id = p.order_id order by p.order_id, p.part
            """
        )

    @cached_property
    def accounts(self) -> dict[str, tuple[str, str]]:
        """What each shop is paid to: channel/shop -> provider and account at it."""
        rows = self.rows("select channel || '/' || shop_id as shop, provider, account from shops")
        return {row["shop"]: (row["provider"], row["account"]) for row in rows}

    @cached_property
    def waiting(self) -> set[str]:
        """Orders that stand still for an open case which somebody owns."""
        return set(
            self.strings(
                """
                select distinct order_id from cases
                where order_id is not null and refund_id is null and settled_at is null and waits
                  and trim(owner) <> '' and due_at is not null
                """
            )
        )

    @cached_property
    def legs(self) -> list[Row]:
        """Each movement of money back."""
        return self.rows(
            """
            select out_refund_no, provider, account, trade_no, amount_minor, state, said_by, confirmed_by
            from refund_legs
            """
        )

    @cached_property
    def shops_out_of_touch(self) -> set[str]:
        """Shops that take no levels, as somebody knows."""
        return set(
            self.strings(
                """
                select subject from cases
                where cause = 'levels_not_pushed' and settled_at is null and trim(owner) <> '' and due_at is not null
                """
            )
        )

    @cached_property
    def pushes(self) -> dict[str, Row]:
        """What is recorded as pushed, by reference; not what a person says has left by another way."""
        rows = self.rows(
            """
            select order_id, reference, transaction_id, contents, outbound_no, outside_shipment_no, stopped
            from outbound_orders
            """
        )
        return {row["reference"]: row for row in rows if row["outside_shipment_no"] is None}

    @cached_property
    def goods(self) -> list[Row]:
        """What each line takes from stock, how much of it was given to the warehouse, and how much will not come."""
        return self.rows(
            """
            select order_id, line_id, sku, quantity, cash_minor, dropped,
                   (select coalesce(sum((p.contents ->> d.line_id)::int), 0)::int from outbound_orders p
                    where p.order_id = d.order_id and not p.stopped) as handed_over
            from demands d
            """
        )

    def gave_up(self, reference: str) -> bool:
        """Whether the record counts on nothing of this outbound order: it was stopped, alone or with its order."""
        order = self.orders.get(order_of(reference))
        push = self.pushes.get(reference)
        if order is None or reference in self.outside_shipments:
            return False
        if push is None:  # its answer was not heard before it was stopped
            return bool(order["fulfilment"] == "stopped" or order["cancellation"] == "too_late")
        return bool(push["stopped"])

    @cached_property
    def outside_shipments(self) -> set[str]:
        return set(self.strings("select reference from outbound_orders where outside_shipment_no is not null"))


@contextmanager
def opened(database_url: str) -> Iterator[Record]:
    """Read-only. Takes SQLAlchemy's form of a URL too."""
    plain = re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", database_url)
    with psycopg.connect(plain, row_factory=dict_row) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield Record(connection)
