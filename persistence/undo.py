"""Plans of an undoing in the record: found, released by a second person, worked off in the order they were found."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import undo
from domain.brake import Said
from domain.money import Money
from domain.reference import OrderId
from domain.undo import Found, Plan, Trade, Verdict
from persistence import audit, order_rows, people
from persistence.engine import Engine
from persistence.undo_tables import undo_items, undo_plans
from ports.clock import Clock
from ports.undo import ItemState, UndoItem, UndoTurn

NEWEST_FIRST = select(undo_plans).order_by(undo_plans.c.found_at.desc(), undo_plans.c.id)
# Of a trade that was told: its movement of money, else the newest refund of what is due to its order.
_ITEMS = text(
    """
    select i.*, r.id as refund_id, r.stage, l.refund_no, l.state as leg
    from undo_items i
    left join lateral (
      select l.refund_id, l.refund_no, l.state from refund_legs l
      where i.state = 'told' and (l.provider, l.account, l.trade_no) = (i.provider, i.account, i.trade_no)
      order by l.state = 'done' desc, l.number desc limit 1
    ) l on true
    left join lateral (
      select r.id, r.stage from refunds r
      where i.state = 'told' and r.order_id = i.order_id
        and (r.id = l.refund_id or (l.refund_id is null and r.basis = 'due'))
      order by r.requested_at desc limit 1
    ) r on true
    where i.plan_id = :plan order by i.number
    """
)
_SUMS = text(
    """
    select currency, count(*) as trades, sum(amount_minor)::bigint as amount_minor from undo_items
    where plan_id = :plan and verdict = any(:wrong) group by currency order by currency
    """
)


@dataclass(frozen=True)
class KnownItem:
    """A trade of a plan and what has become of it. `stage`: of the refund by which it goes back."""

    number: int
    found: Found
    state: ItemState
    said: str
    refund_id: str | None
    stage: str | None
    refund_no: str | None
    is_back: bool


async def find(db: AsyncConnection, trades: Sequence[Trade], said: Said) -> Plan:
    """Keeps what was found; nothing else happens. Raises UndoRefused."""
    found = [await _judged(db, each) for each in trades]
    named = hashlib.sha256(f"{said.by} {said.at.isoformat()}".encode()).hexdigest()[:8]
    plan = undo.planned(f"{said.at:%Y%m%d}-{named}", found, said)
    row = {"id": plan.id, "version": plan.version, **_said("found", said)}
    await db.execute(insert(undo_plans), row)
    await db.execute(insert(undo_items), [_item(plan.id, number, each) for number, each in enumerate(found, start=1)])
    about = {"plan": plan.id, "trades": len(found), "wrong": plan.trades, "amount": _in_words(plan.totals)}
    await audit.note_staff_deed(db, said.by, "find_undo", {**about, "reason": said.reason}, said.at)
    return plan


async def release(db: AsyncConnection, plan_id: str, said: Said, version: str) -> Plan:
    """Raises UndoRefused, LookupError for a plan that is not there."""
    before = await _locked(db, plan_id)
    after = undo.released(before, said, version, await people.read_staff(db))
    if after != before:
        await _write(db, plan_id, "released", said, {"amount": _in_words(after.totals), "found_by": after.found.by})
    return after


async def cancel(db: AsyncConnection, plan_id: str, said: Said) -> Plan:
    """Raises UndoRefused, LookupError."""
    before = await _locked(db, plan_id)
    after = undo.cancelled(before, said)
    if after != before:
        await _write(db, plan_id, "cancelled", said, {})
    return after


async def plans(db: AsyncConnection, most: int = 100) -> tuple[Plan, ...]:
    """The newest first."""
    rows = (await db.execute(NEWEST_FIRST.limit(most))).mappings().all()
    return tuple([await _plan(db, row) for row in rows])


async def load(db: AsyncConnection, plan_id: str) -> Plan:
    """Raises LookupError."""
    return await _found(db, plan_id, lock=False)


async def items(db: AsyncConnection, plan_id: str) -> tuple[KnownItem, ...]:
    return tuple(_known(row) for row in (await db.execute(_ITEMS, {"plan": plan_id})).mappings())


class PostgresUndo:
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def next_item(self, turn: UndoTurn) -> UndoItem | None:
        async with self._engine.begin() as db:
            plan = await _locked(db, turn.plan_id)
            here = undo_items.c.plan_id == turn.plan_id
            if turn.ended is not None:
                ended = {"state": turn.ended.state, "said": turn.ended.said, "ended_at": self._clock.now()}
                this = undo_items.c.number == turn.ended.number, undo_items.c.state == ItemState.WAITING
                await db.execute(update(undo_items).where(here, *this).values(ended))
            if not plan.moves:
                return None
            waiting = select(undo_items).where(here, undo_items.c.state == ItemState.WAITING)
            row = (await db.execute(waiting.order_by(undo_items.c.number).limit(1))).mappings().one_or_none()
        return None if row is None else UndoItem(row["number"], OrderId.parse(row["order_id"]), _trade(row))


async def _judged(db: AsyncConnection, trade: Trade) -> Found:
    known = await order_rows.load(db, trade.order_id, lock=False) if trade.order_id else None
    return undo.judged(trade, known.order if known else None)


async def _locked(db: AsyncConnection, plan_id: str) -> Plan:
    return await _found(db, plan_id, lock=True)


async def _found(db: AsyncConnection, plan_id: str, *, lock: bool) -> Plan:
    query = select(undo_plans).where(undo_plans.c.id == plan_id)
    row = (await db.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no plan {plan_id}")
    return await _plan(db, row)


async def _plan(db: AsyncConnection, row: RowMapping) -> Plan:
    sums = (await db.execute(_SUMS, {"plan": row["id"], "wrong": list(undo.WRONG)})).all()
    totals = tuple(Money(each.amount_minor, each.currency) for each in sums)
    found, released, cancelled = (_who(row, what) for what in ("found", "released", "cancelled"))
    assert found is not None
    return Plan(row["id"], found, sum(each.trades for each in sums), totals, row["version"], released, cancelled)


async def _write(db: AsyncConnection, plan_id: str, what: str, said: Said, about: dict[str, str]) -> None:
    await db.execute(update(undo_plans).where(undo_plans.c.id == plan_id).values(_said(what, said)))
    step = {"released": "release_undo", "cancelled": "cancel_undo"}[what]
    await audit.note_staff_deed(db, said.by, step, {"plan": plan_id, "reason": said.reason, **about}, said.at)


def _said(what: str, said: Said) -> dict[str, Any]:
    return {f"{what}_by": said.by, f"{what}_reason": said.reason, f"{what}_at": said.at}


def _who(row: RowMapping, what: str) -> Said | None:
    by: str | None = row[f"{what}_by"]
    at: datetime = row[f"{what}_at"]
    return None if by is None else Said(by, row[f"{what}_reason"], at)


def _item(plan_id: str, number: int, found: Found) -> dict[str, Any]:
    trade = found.trade
    return {
        "plan_id": plan_id,
        "number": number,
        "provider": trade.provider,
        "account": trade.account,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "amount_minor": trade.amount.amount_minor,
        "currency": trade.amount.currency,
        "paid_at": trade.paid_at,
        "order_id": str(trade.order_id) if trade.order_id else None,
        "verdict": found.verdict,
        "state": ItemState.WAITING if found.is_wrong else ItemState.LEFT_OUT,
        "said": "",
    }


def _trade(row: RowMapping) -> Trade:
    amount = Money(row["amount_minor"], row["currency"])
    return Trade(row["provider"], row["account"], row["trade_no"], row["out_trade_no"], amount, row["paid_at"])


def _known(row: RowMapping) -> KnownItem:
    found = Found(_trade(row), Verdict(row["verdict"]))
    refund = row["refund_id"], row["stage"], row["refund_no"]
    return KnownItem(row["number"], found, ItemState(row["state"]), row["said"], *refund, row["leg"] == "done")


def _in_words(totals: Iterable[Money]) -> str:
    return ", ".join(map(str, totals))
