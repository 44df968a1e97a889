"""Bugs as they are made, planted to see whether the drill finds them. None of this is anywhere in the product.

Each names a schedule of SEED that catches it. `python -m tests.drill.search` looks for them anew: it plays schedules 0,
1, 2, ... with the bug planted, a dozen at once, and then by itself each one that shows it, until one does so again.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import Problem
from domain.reference import OrderId
from domain.stock import Demand, units_by_sku
from drill.virtual import edge
from drill.virtual.steps import Crashed
from persistence import evidence, queries, stock
from persistence.orders import PostgresOrders
from ports.records import OrderStep, OrderView
from ports.warehouse import PushRequest

SEED = 7
Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Bug:
    """`shows`: the invariant that must break. `sql` spoils the record first, where a constraint would help.

    Only that `part` of the schedule is played which it is about.
    """

    what: str
    plant: Callable[[Patch], None]
    shows: str
    schedule: int
    sql: str = ""
    part: str = "of_orders"


def check_then_insert(patch: Patch) -> None:
    """Looks whether there is enough, and takes it later; in between somebody else takes it too."""
    free = text("select sku, on_hand - reserved as free from stock where sku = any(:skus)")

    async def free_for_now(db: AsyncConnection, wanted: Iterable[Demand]) -> dict[str, int]:
        found = {row.sku: row.free for row in await db.execute(free, {"skus": list(units_by_sku(wanted))})}
        await asyncio.sleep(0.1)
        return found

    patch.setattr(stock, "free", free_for_now)


def acknowledge_before_acceptance(patch: Patch) -> None:
    """The sender hears yes, whatever becomes of the message."""
    tell = edge._Fragile.tell

    async def hopeful(*about: Any, **more: Any) -> None:
        with suppress(Problem, Crashed):
            await tell(*about, **more)

    patch.setattr(edge._Fragile, "tell", hopeful)


def random_key_per_attempt(patch: Patch) -> None:
    request_of = PostgresOrders.push_request

    async def push_request(self: PostgresOrders, step: OrderStep) -> PushRequest:
        return replace(await request_of(self, step), transaction_id=uuid.uuid4().hex)  # noqa: TID251 - the bug itself

    patch.setattr(PostgresOrders, "push_request", push_request)


def status_overwrite(patch: Patch) -> None:
    """The last message wins, without a look at the table of allowed moves."""
    patch.setattr("domain.order.move", lambda _moves, _current, target: target)


def skip_on_evidence(patch: Patch) -> None:
    """What was kept once counts as done, though nobody accepted it."""
    seen = text("select exists (select from inbound_events where message_id = :id)")

    async def parcel_is_recorded(db: AsyncConnection, _: object, parcel_no: str, *, delivered: bool) -> bool:
        message_id = f"{'delivered' if delivered else 'shipped'}-{parcel_no}"
        return bool((await db.execute(seen, {"id": message_id})).scalar_one())

    known_of = evidence.known_of

    async def known_by_id(db: AsyncConnection, notice: Any, order_id: OrderId, arrival: Any) -> evidence.Known:
        known = await known_of(db, notice, order_id, arrival)
        kept = (await db.execute(seen, {"id": notice.notice_id})).scalar_one()
        return replace(known, recorded=notice.amount.amount_minor if kept else None)

    patch.setattr(queries, "parcel_is_recorded", parcel_is_recorded)
    patch.setattr(evidence, "known_of", known_by_id)


def stock_freed_twice(patch: Patch) -> None:
    """The last step of a stopped order frees its stock each time it is repeated."""
    stop = PostgresOrders.stop
    free = text(
        """
        update stock s set reserved = s.reserved - r.quantity from reservations r
        where r.sku = s.sku and r.order_id = :id and r.released
        """
    )

    async def stop_again(self: PostgresOrders, step: OrderStep) -> OrderView:
        async with self._engine.begin() as db:
            await db.execute(free, {"id": str(step.order_id)})
        return await stop(self, step)

    patch.setattr(PostgresOrders, "stop", stop_again)


NO_CHECK = "alter table stock drop constraint ck_stock_never_oversold"
BUGS = (
    Bug("check, then insert, instead of a constraint", check_then_insert, "reserved-stock", 154, NO_CHECK),
    Bug("acknowledge before acceptance", acknowledge_before_acceptance, "accepted-events-end", 14),
    Bug("a random idempotency key per attempt", random_key_per_attempt, "one-key-per-push", 0),
    Bug("status overwrite", status_overwrite, "axes-never-go-back", 0),
    Bug("skip on evidence", skip_on_evidence, "parcels", 6),
    Bug("stock freed twice", stock_freed_twice, "reserved-stock", 37, NO_CHECK),
)
