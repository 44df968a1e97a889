"""A refund between its rows and the domain: loaded with all others of its order, under that order's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.after_sale import AfterSale
from domain.approval import Approval
from domain.money import Money
from domain.reference import OrderId
from domain.refund import Basis, Decision, Goods, Kind, Refund, Repayment
from domain.refund_leg import Leg, LegState
from domain.refund_money import Adjustment, LineBack, Quote, Share
from domain.returns import Return
from persistence import after_sales
from persistence.refund_tables import refund_legs, refund_lines, refunds
from ports.refunds import RefundAsked, Reminder

_APPROVAL = TypeAdapter(Approval)
RETURN = TypeAdapter(Return)
_REMINDERS = TypeAdapter(tuple[Reminder, ...])
_ALL = """
    select r.*,
      (select coalesce(json_agg(x order by x.position), '[]') from refund_lines x where x.refund_id = r.id) as lines,
      (select coalesce(json_agg(x order by x.number), '[]') from refund_legs x where x.refund_id = r.id) as legs,
      (select row_to_json(x) from returns x where x.refund_id = r.id) as back,
      (select row_to_json(x) from after_sales x where x.refund_id = r.id) as sale
    from refunds r
    """
_LOAD = text(f"{_ALL} where r.order_id = :order_id order by r.requested_at, r.id")
_LOAD_OPEN = text(
    f"{_ALL} where r.ended_at is null and r.requested_at <= coalesce(cast(:by as timestamptz), 'infinity') "
    "order by r.requested_at, r.id"
)


@dataclass(frozen=True)
class LoadedRefund:
    """The refund, and what of it the domain does not decide on. `follows`: the request that it is asked again after."""

    refund: Refund
    reason: str
    approval: Approval | None = None
    approval_moves: int = 0
    reminders: tuple[Reminder, ...] = ()
    policy: str | None = None
    back: Return | None = None
    sale: AfterSale | None = None
    attempt: int = 1
    follows: str | None = None


@dataclass(frozen=True)
class OpenRefund:
    """`legs_planned_at`: by the leg's number."""

    loaded: LoadedRefund
    requested_at: datetime
    updated_at: datetime
    legs_planned_at: dict[int, datetime]


async def load_open(db: AsyncConnection, requested_by: datetime | None = None) -> list[OpenRefund]:
    """Every refund that has not ended, of all orders, the oldest first; or those that were asked for by then."""
    asked = {"by": requested_by}
    rows = [dict(row) for row in (await db.execute(_LOAD_OPEN, asked)).mappings()]
    return [
        OpenRefund(
            _from_row(OrderId.parse(row["order_id"]), row),
            row["requested_at"],
            row["updated_at"],
            {each["number"]: datetime.fromisoformat(each["planned_at"]) for each in row["legs"]},
        )
        for row in rows
    ]


async def load_all(db: AsyncConnection, order_id: OrderId) -> dict[str, LoadedRefund]:
    """Every refund of the order, by id, in the order in which they were opened."""
    rows = (await db.execute(_LOAD, {"order_id": str(order_id)})).mappings()
    return {row["id"]: _from_row(order_id, dict(row)) for row in rows}


def _from_row(order_id: OrderId, row: dict[str, Any]) -> LoadedRefund:
    currency = row["currency"]
    adjustments = tuple(
        Adjustment(Money(each["amount_minor"], currency), each["line_id"]) for each in row["adjustments"]
    )
    signed = row["approved_minor"] is not None
    refund = Refund(
        row["id"],
        order_id,
        row["applicant"],
        Kind(row["kind"]),
        Basis(row["basis"]),
        Quote(
            tuple(_line(each, currency) for each in row["lines"]), adjustments, Money(row["shipping_minor"], currency)
        ),
        row["version"],
        Decision(row["decision"]),
        (Money(row["approved_minor"], currency), row["approved_version"]) if signed else None,
        Repayment(row["repayment"]),
        tuple(leg_from(each) for each in row["legs"]),
        row["refusal"],
        Goods(row["goods"]),
    )
    approval = None if row["approval"] is None else _APPROVAL.validate_python(row["approval"])
    reminders = _REMINDERS.validate_python(row["reminders"])
    back = None if row["back"] is None else RETURN.validate_python(row["back"])
    sale = after_sales.from_row(row["sale"]) if row["sale"] else None
    return LoadedRefund(
        refund,
        row["reason"],
        approval,
        row["approval_moves"],
        reminders,
        row["policy"],
        back,
        sale,
        row["attempt"],
        row["follows"],
    )


def _line(each: dict[str, Any], currency: str) -> LineBack:
    parts = (each["merchant_discount_minor"], each["platform_subsidy_minor"], each["share_minor"])
    share = Share(*(Money(part, currency) for part in parts))
    return LineBack(each["line_id"], each["quantity"], share, Money(each["cash_minor"], currency))


def leg_from(each: dict[str, Any]) -> Leg:
    return Leg(
        each["number"],
        (each["provider"], each["account"], each["trade_no"]),
        Money(each["amount_minor"], each["currency"]),
        Money(each["freight_minor"], each["currency"]),
        each["out_refund_no"],
        LegState(each["state"]),
        each["replaces"],
        each["refund_no"],
        each["code"],
        _moment(each["done_at"]),
        each["held"],
        each["said_by"],
        each["confirmed_by"],
    )


def _moment(at: str | datetime | None) -> datetime | None:
    """Out of JSON it is text."""
    return datetime.fromisoformat(at) if isinstance(at, str) else at


async def add(
    db: AsyncConnection, fact: RefundAsked, refund: Refund, now: datetime, before: LoadedRefund | None = None
) -> LoadedRefund:
    """A new refund with its lines; `before`: the request that it follows."""
    attempt, follows = (1, None) if before is None else (before.attempt + 1, before.refund.refund_id)
    loaded = LoadedRefund(refund, fact.reason, sale=fact.sale, attempt=attempt, follows=follows)
    told = {
        "note": fact.note,
        "requested_at": now,
        "order_id": str(refund.order_id),
        "attempt": attempt,
        "follows": follows,
    }
    await db.execute(insert(refunds), {**told, **_row(loaded, now)})
    await _add_lines(db, refund)
    if fact.sale is not None:
        await after_sales.save(db, refund, fact.sale, now)
    return loaded


async def _add_lines(db: AsyncConnection, refund: Refund) -> None:
    rows = [_line_row(refund.refund_id, n, back) for n, back in enumerate(refund.quote.lines)]
    if rows:
        await db.execute(insert(refund_lines), rows)


async def save(db: AsyncConnection, before: LoadedRefund, after: LoadedRefund, now: datetime) -> None:
    """Whatever changed."""
    if before != after:
        await db.execute(refunds.update().where(refunds.c.id == after.refund.refund_id), _row(after, now))
    if before.refund.quote.lines != after.refund.quote.lines:
        await db.execute(refund_lines.delete().where(refund_lines.c.refund_id == after.refund.refund_id))
        await _add_lines(db, after.refund)
    if after.sale is not None and before.sale != after.sale:
        await after_sales.save(db, after.refund, after.sale, now)
    for leg in after.refund.legs:
        if leg not in before.refund.legs:
            row = _leg_row(after.refund, leg, now)
            kept = ("planned_at", "refund_id", "number")
            changed = {name: value for name, value in row.items() if name not in kept}
            statement = insert(refund_legs).on_conflict_do_update(index_elements=["refund_id", "number"], set_=changed)
            await db.execute(statement, row)


def _row(loaded: LoadedRefund, now: datetime) -> dict[str, Any]:
    refund = loaded.refund
    amount, version = refund.approved or (None, None)
    return {
        "id": refund.refund_id,
        "applicant": refund.applicant,
        "kind": refund.kind,
        "basis": refund.basis,
        "reason": loaded.reason,
        "currency": refund.amount.currency,
        "amount_minor": refund.amount.amount_minor,
        "shipping_minor": refund.quote.shipping.amount_minor,
        "adjustments": [
            {"line_id": each.line_id, "amount_minor": each.amount.amount_minor} for each in refund.quote.adjustments
        ],
        "version": refund.version,
        "decision": refund.decision,
        "repayment": refund.repayment,
        "stage": refund.stage,
        "refusal": refund.refusal,
        "goods": refund.goods,
        "policy": loaded.policy,
        "approval": None if loaded.approval is None else _APPROVAL.dump_python(loaded.approval, mode="json"),
        "approval_moves": loaded.approval_moves,
        "reminders": _REMINDERS.dump_python(loaded.reminders, mode="json"),
        "approved_minor": amount.amount_minor if amount else None,
        "approved_version": version,
        "updated_at": now,
        "ended_at": now if refund.ended else None,
    }


def _line_row(refund_id: str, position: int, back: LineBack) -> dict[str, Any]:
    return {
        "refund_id": refund_id,
        "line_id": back.line_id,
        "position": position,
        "quantity": back.quantity,
        "merchant_discount_minor": back.share.merchant_discount.amount_minor,
        "platform_subsidy_minor": back.share.platform_subsidy.amount_minor,
        "share_minor": back.share.cash.amount_minor,
        "cash_minor": back.cash.amount_minor,
    }


def _leg_row(refund: Refund, leg: Leg, now: datetime) -> dict[str, Any]:
    provider, account, trade_no = leg.payment
    return {
        "refund_id": refund.refund_id,
        "number": leg.number,
        "out_refund_no": leg.out_refund_no,
        "provider": provider,
        "account": account,
        "trade_no": trade_no,
        "currency": leg.amount.currency,
        "amount_minor": leg.amount.amount_minor,
        "freight_minor": leg.freight.amount_minor,
        "state": leg.state,
        "replaces": leg.replaces,
        "refund_no": leg.refund_no,
        "code": leg.code,
        "planned_at": now,
        "updated_at": now,
        "done_at": leg.done_at,
        "held": leg.held,
        "said_by": leg.said_by,
        "confirmed_by": leg.confirmed_by,
    }
