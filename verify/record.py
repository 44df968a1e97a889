"""The record in Postgres, read with plain SQL in one transaction, so that all invariants see one moment."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

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
    def accounts(self) -> dict[str, str]:
        """What each shop is paid to: channel/shop -> account at the provider."""
        rows = self.rows("select channel || '/' || shop_id as shop, account from shops")
        return {row["shop"]: row["account"] for row in rows}

    @cached_property
    def waiting(self) -> set[str]:
        """Orders that stand still for an open case which somebody owns."""
        return set(
            self.strings(
                """
                select distinct order_id from cases
                where order_id is not null and settled_at is null and waits and trim(owner) <> '' and due_at is not null
                """
            )
        )

    @cached_property
    def pushes(self) -> dict[str, Row]:
        """What is recorded as pushed, by reference; not what a person says has left by another way."""
        rows = self.rows(
            "select order_id, reference, transaction_id, outbound_no, outside_shipment_no from outbound_orders"
        )
        return {row["reference"]: row for row in rows if row["outside_shipment_no"] is None}

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
