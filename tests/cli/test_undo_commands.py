"""`lockstep undo`: a bill is looked at, what it charged twice is shown, released by a second person's own token."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.limits import Limits
from persistence import access
from persistence.customers import Customers
from persistence.orders import PostgresOrders
from ports.clock import FixedClock
from tests.api.people import hired
from tests.builders import NOON, capture, placed, settled
from tests.cli.conftest import KEY, CommandLine

pytestmark = pytest.mark.slow
HEAD = "provider,account,trade_no,out_trade_no,amount,currency,paid_at"
FIRST = f"alipay,main,{capture().trade_no},tea_1001,144.00,CNY,2026-11-22T12:00:00+08:00"
SECOND = "alipay,main,T-2,tea_1001_2,144.00,CNY,2026-11-22T12:00:03+08:00"
NOWHERE = {
    "TEMPORAL_ADDRESS": "127.0.0.1:1",
    "LOCKSTEP_RECORD_KEY": KEY,
    "LOCKSTEP_PAYLOAD_KEYS": f"test:{KEY}",
    "LOCKSTEP_WAREHOUSE_SECRETS": f"whsec_{KEY}",
}
WHY = ("--reason", "charged twice")


@pytest.fixture
async def tokens(record: AsyncEngine) -> dict[str, str]:
    clock = FixedClock(NOON)
    orders = PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())
    await orders.place(placed())
    await orders.record_payment(settled())
    async with record.begin() as db:
        for person in ("fang", "boss"):
            await hired(db, person)
        return {
            person: await access.create_token(db, person, ["money:write"], NOON, person) for person in ("fang", "boss")
        }


def bill(folder: Path, *lines: str) -> str:
    file = folder / "bill.csv"
    file.write_text("\n".join((HEAD, *lines)) + "\n")
    return str(file)


async def test_found_shown_released_by_another_and_cancelled(
    lockstep: CommandLine, tokens: dict[str, str], tmp_path: Path
) -> None:
    file = bill(tmp_path, FIRST, SECOND)
    said = await lockstep("undo", "find", file, *WHY, LOCKSTEP_TOKEN=tokens["fang"])
    assert (said.code, "1 trades, 144.00 CNY; a second person releases it" in said.out) == (0, True), said
    (plan,) = await lockstep.data("undo", "list")
    release = ("undo", "release", plan["plan"], "--version", plan["version"], *WHY)
    alone = await lockstep(*release, LOCKSTEP_TOKEN=tokens["fang"], **NOWHERE)
    assert (alone.code, "it takes a second person" in alone.err) == (1, True), alone
    away = await lockstep(*release, LOCKSTEP_TOKEN=tokens["boss"], **NOWHERE)
    assert (away.code, "send the same again" in away.err) == (3, True), away
    shown = await lockstep.data("undo", "show", plan["plan"])
    assert (shown["released"]["by"], [each["verdict"] for each in shown["items"]]) == (
        "boss",
        ["known", "charged_twice"],
    )
    assert "shop/tea/1001" in (await lockstep("undo", "show", plan["plan"])).out
    cancelled = await lockstep("undo", "cancel", plan["plan"], *WHY, LOCKSTEP_TOKEN=tokens["fang"])
    assert (cancelled.code, "nothing more is told" in cancelled.out) == (0, True)
    assert "cancelled by fang" in (await lockstep("undo", "list")).out


async def test_only_what_was_paid_in_that_time_is_looked_at(
    lockstep: CommandLine, tokens: dict[str, str], tmp_path: Path
) -> None:
    since = ("--since", "2026-11-22T12:00:01+08:00", "--until", "2026-11-22T13:00:00+08:00")
    said = await lockstep("undo", "find", bill(tmp_path, FIRST, SECOND), *since, *WHY, LOCKSTEP_TOKEN=tokens["fang"])
    assert (said.code, "known" in said.out, "charged_twice" in said.out) == (0, False, True), said


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("alipay,main,T-2,tea_1001_2,144.001,CNY,2026-11-22T12:00:03+08:00", "line 2: "),
        ("alipay,main,T-2,tea_1001_2,0.00,CNY,2026-11-22T12:00:03+08:00", "line 2: amount 0.00"),
        ("alipay,main,T-2,tea_1001_2,144.00,CNY,2026-11-22T12:00:03", "say the zone"),
        ("alipay,main,,tea_1001_2,144.00,CNY,2026-11-22T12:00:03+08:00", "trade_no is empty"),
        ("alipay,main,T-2", "is empty"),
        (f"{SECOND}\n{SECOND}", "alipay/main/T-2 is named twice"),
    ],
)
async def test_a_bill_that_is_not_as_it_must_be_is_refused_with_its_line(
    lockstep: CommandLine, tokens: dict[str, str], tmp_path: Path, line: str, why: str
) -> None:
    said = await lockstep("undo", "find", bill(tmp_path, line), *WHY, LOCKSTEP_TOKEN=tokens["fang"])
    assert (said.code, why in said.err) == (2, True), said
    assert await lockstep.data("undo", "list") == []


async def test_who_has_no_token_of_his_own_finds_and_cancels_nothing(
    lockstep: CommandLine, tokens: dict[str, str], tmp_path: Path
) -> None:
    refused = await lockstep("undo", "find", bill(tmp_path, SECOND), *WHY, LOCKSTEP_TOKEN="lk_nobody")
    assert (refused.code, "a person's own token" in refused.err) == (1, True)
    unknown = await lockstep("undo", "cancel", "20261122-00000000", *WHY, LOCKSTEP_TOKEN=tokens["fang"])
    assert (unknown.code, "there is no plan" in unknown.err) == (2, True)
    lacking = tmp_path / "other.csv"
    lacking.write_text("provider,amount\nalipay,1.00\n")
    said = await lockstep("undo", "find", str(lacking), *WHY, LOCKSTEP_TOKEN=tokens["fang"])
    assert (said.code, "lacks the columns account, trade_no" in said.err) == (2, True)
