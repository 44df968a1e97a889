"""Caps in the record: counted under their lock, so that legs at once never come to more than one together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.caps import Cap, Leaving, Loosening, Per, checked, confirmed, reached
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
    """A cap and what has left in its window, which ends at `ends`. `asked`: what waits for a second person."""

    cap: Cap
    gone: Money
    ends: datetime
    asked: Loosening | None = None


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
    found = [(_cap(row), _asked(row)) for row in (await db.execute(_ALL)).mappings()]
    gone = [Money(await _gone(db, cap, now), cap.amount.currency) for cap, _ in found]
    return tuple(Standing(cap, left, cap.window(now)[1], asked) for (cap, asked), left in zip(found, gone, strict=True))


async def set_cap(db: AsyncConnection, cap: Cap, by: str, now: datetime) -> Loosening | None:
    """A new one, or another one of this name; what waits looks again by itself.

    What is answered waits for a second person. Raises BrakeRefused.
    """
    return await _change(db, checked(cap).name, cap, by, now)


async def remove_cap(db: AsyncConnection, name: str, by: str, now: datetime) -> Loosening | None:
    """The same. Raises BrakeRefused where there is none."""
    return await _change(db, name, None, by, now)


async def _change(db: AsyncConnection, name: str, to: Cap | None, by: str, now: datetime) -> Loosening | None:
    rows = (await db.execute(_ALL.with_for_update())).mappings()  # all of them, as legs lock them
    row = next((each for each in rows if each["name"] == name), None)
    if row is None and to is None:
        raise BrakeRefused(f"there is no cap {name}")
    before, asked = (None, None) if row is None else (_cap(row), _asked(row))
    waits = None if before is None or confirmed(before, asked, to, by) else Loosening(to, by, now)
    step, about = "remove_money_cap" if to is None else "set_money_cap", _about(before, to)
    if waits is not None:
        await _keep(db, name, waits)
        step = f"ask_to_{step}"
    else:
        await _write(db, name, to, by, now)
        await follow(db, name, now, HANDLING[Cause.CAP_REACHED].limit)
        about |= {"asked_by": asked.by} if asked is not None and asked.to == to else {}
    await audit.note_staff_deed(db, by, step, about, now)
    return waits


def _about(before: Cap | None, to: Cap | None) -> dict[str, str]:
    said = {"cap": str(to or before)}
    if to is not None:
        said["zone"] = to.zone
    if before is not None:
        said["before"] = str(before)
    return said


async def _keep(db: AsyncConnection, name: str, asked: Loosening) -> None:
    row = {"asked_by": asked.by, "asked_at": asked.at, "asked_to": None if asked.to is None else _row(asked.to)}
    await db.execute(update(money_caps).where(money_caps.c.name == name).values(row))


async def _write(db: AsyncConnection, name: str, to: Cap | None, by: str, now: datetime) -> None:
    if to is None:
        await db.execute(delete(money_caps).where(money_caps.c.name == name))
        return
    nothing_asked = dict.fromkeys(("asked_by", "asked_at", "asked_to"))
    row = {**_row(to), "changed_by": by, "changed_at": now, **nothing_asked}
    await db.execute(insert(money_caps).on_conflict_do_update(index_elements=["name"], set_=row), row)


async def follow(db: AsyncConnection, name: str, now: datetime, limit: timedelta) -> bool:
    """The one case of a cap. Whether it was opened."""
    row = (await db.execute(_ALL.where(money_caps.c.name == name))).mappings().one_or_none()
    return await grouped_cases.follow_cap(db, name, None if row is None else _cap(row), now, limit)


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


def _cap(row: RowMapping | dict[str, Any]) -> Cap:
    amount = Money(row["amount_minor"], row["currency"])
    return Cap(row["name"], Per(row["per"]), amount, row["policy"], row["provider"], row["zone"])


def _asked(row: RowMapping) -> Loosening | None:
    if row["asked_by"] is None:
        return None
    return Loosening(_cap(row["asked_to"]) if row["asked_to"] else None, row["asked_by"], row["asked_at"])


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
