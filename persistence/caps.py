"""Caps in the record: counted under their lock, so that legs at once never come to more than one together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.caps import Cap, Leaving, Per, checked, reached
from domain.case import HANDLING, Cause
from domain.errors import BrakeRefused
from domain.money import Money
from persistence import audit, grouped_cases
from persistence.brake_tables import money_caps

_ALL = select(money_caps).order_by(money_caps.c.name)
_GONE = text(
    """
    select coalesce(sum(l.amount_minor), 0)::bigint from refund_legs l join refunds r on r.id = l.refund_id
    where l.let_go_at >= :begins and l.held is null and l.state not in ('refused', 'closed', 'given_up')
      and l.currency = :currency
      and (cast(:provider as text) is null or l.provider = :provider)
      and (cast(:policy as text) is null or split_part(r.policy, '@', 1) = :policy)
      and (l.refund_id, l.number) is distinct from (cast(:refund as text), cast(:number as integer))
    """
)
_LET_GO = text("update refund_legs set let_go_at = :now where refund_id = :refund and number = :number")
# A worker that was frozen here would hold up everybody's money for as long as it is.
_NOT_FROZEN = text("set local idle_in_transaction_session_timeout = '5s'")
NOBODY = ("", 0)


@dataclass(frozen=True)
class Standing:
    """A cap and what has left in its window, which ends at `ends`."""

    cap: Cap
    gone: Money
    ends: datetime


async def let_go(db: AsyncConnection, leg: tuple[str, int], leaving: Leaving, now: datetime) -> str | None:
    """What keeps the leg (refund, number). None: it goes, and counts from now on.

    The caps stay locked until the transaction ends: who comes next counts this leg too.
    """
    caps = [cap for cap in await _locked(db) if cap.covers(leaving)]
    if caps:
        await db.execute(_NOT_FROZEN)
    over = reached(caps, leaving, {cap.name: await _gone(db, cap, now, leg) for cap in caps})
    if over is not None:
        return over.held
    await db.execute(_LET_GO, {"now": now, "refund": leg[0], "number": leg[1]})
    return None


async def standing(db: AsyncConnection, now: datetime) -> tuple[Standing, ...]:
    caps = [_cap(row) for row in (await db.execute(_ALL)).mappings()]
    gone = [Money(await _gone(db, cap, now), cap.amount.currency) for cap in caps]
    return tuple(Standing(cap, left, cap.window(now)[1]) for cap, left in zip(caps, gone, strict=True))


async def set_cap(db: AsyncConnection, cap: Cap, by: str, now: datetime) -> None:
    """A new one, or another one of this name. What waits looks again by itself. Raises BrakeRefused."""
    row = {**_row(checked(cap)), "changed_by": by, "changed_at": now}
    before = next((each for each in await _locked(db) if each.name == cap.name), None)
    await db.execute(insert(money_caps).on_conflict_do_update(index_elements=["name"], set_=row), row)
    about = {"cap": str(cap), "zone": cap.zone, **({"before": str(before)} if before else {})}
    await _changed(db, cap.name, by, "set_money_cap", about, now)


async def remove_cap(db: AsyncConnection, name: str, by: str, now: datetime) -> None:
    """Raises BrakeRefused where there is none."""
    before = next((each for each in await _locked(db) if each.name == name), None)
    if before is None:
        raise BrakeRefused(f"there is no cap {name}")
    await db.execute(delete(money_caps).where(money_caps.c.name == name))
    await _changed(db, name, by, "remove_money_cap", {"cap": str(before)}, now)


async def follow(db: AsyncConnection, name: str, now: datetime, limit: timedelta) -> bool:
    """The one case of a cap. Whether it was opened."""
    row = (await db.execute(_ALL.where(money_caps.c.name == name))).mappings().one_or_none()
    return await grouped_cases.follow_cap(db, name, None if row is None else _cap(row), now, limit)


async def _changed(db: AsyncConnection, name: str, by: str, step: str, about: dict[str, str], now: datetime) -> None:
    await follow(db, name, now, HANDLING[Cause.CAP_REACHED].limit)
    await audit.note_staff_deed(db, by, step, about, now)


async def _locked(db: AsyncConnection) -> list[Cap]:
    return [_cap(row) for row in (await db.execute(_ALL.with_for_update())).mappings()]


async def _gone(db: AsyncConnection, cap: Cap, now: datetime, without: tuple[str, int] = NOBODY) -> int:
    asked = {
        "begins": cap.window(now)[0],
        "currency": cap.amount.currency,
        "provider": cap.provider,
        "policy": cap.policy,
        "refund": without[0],
        "number": without[1],
    }
    return int((await db.execute(_GONE, asked)).scalar_one())


def _cap(row: RowMapping) -> Cap:
    amount = Money(row["amount_minor"], row["currency"])
    return Cap(row["name"], Per(row["per"]), amount, row["policy"], row["provider"], row["zone"])


def _row(cap: Cap) -> dict[str, Any]:
    return {
        "name": cap.name,
        "per": cap.per,
        "currency": cap.amount.currency,
        "amount_minor": cap.amount.amount_minor,
        "policy": cap.policy,
        "provider": cap.provider,
        "zone": cap.zone,
    }
