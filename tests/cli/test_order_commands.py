"""Where orders stand, what happened to them, whether their logs are whole, and which cases wait."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.case import Cause, NewCase
from domain.limits import Limits
from domain.reference import OrderId
from persistence import cases
from persistence.customers import Customers
from persistence.evidence import Arrival, Evidence, Verdict
from persistence.orders import PostgresOrders
from ports.clock import FixedClock, SystemClock
from tests.builders import ORDER_ID, order, placed, settled, step
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.slow

NOW = SystemClock().now()
OTHER = OrderId("shop", "tea", "1002")


@pytest.fixture
async def orders(record: AsyncEngine) -> PostgresOrders:
    """One order as far as its stock; another one placed only."""
    clock = FixedClock(NOW)
    orders = PostgresOrders(record, Customers(b"k" * 32, clock), clock, Limits())
    async with record.begin() as db:
        arrival = Arrival("alipay", "n-1", "payment.notice", b"", Verdict.ACCEPTED, order_id=str(ORDER_ID))
        event_id = await Evidence(b"k" * 32).keep(db, arrival, NOW)
    await orders.place(placed())
    await orders.record_payment(settled(event_ids=(event_id,)))
    await orders.reserve_stock(step())
    await orders.place(placed(order(OTHER)))
    return orders


async def opened(record: AsyncEngine, cause: Cause, order_id: OrderId | None = None, *, hours: int = 24) -> None:
    async with record.begin() as db:
        new = NewCase(cause, f"{cause} {order_id}", "something\x1b[2J happened")
        known = str(order_id) if order_id else None
        await cases.open_case(db, known, new, now=NOW - timedelta(hours=12), limit=timedelta(hours=hours))


@pytest.mark.usefixtures("orders")
async def test_status_counts_orders_cases_and_messages(lockstep: CommandLine, record: AsyncEngine) -> None:
    await opened(record, Cause.REFUND_DUE, ORDER_ID, hours=1)
    assert await lockstep.data("status") == {
        "money": "money may leave",
        "orders": {"awaiting_payment": 1, "preparing": 1},
        "open_cases": [{"cause": "refund_due", "owner": "finance", "open": 1, "overdue": 1}],
        "inbound": {"accepted": 1},
    }
    assert "awaiting_payment" in (await lockstep("status")).out


@pytest.mark.usefixtures("orders")
async def test_status_of_one_order(lockstep: CommandLine, record: AsyncEngine) -> None:
    await opened(record, Cause.REFUND_DUE, ORDER_ID)
    found = await lockstep.data("status", "shop/tea/1001")
    assert (found["stage"], found["captured_minor"], found["refund_due_minor"]) == ("preparing", 14400, 0)
    assert found["open_cases"][0]["cause"] == "refund_due"
    said = await lockstep("status", "shop/tea/1001")
    assert "144.00" in said.out
    assert "sealed" not in said.out


async def test_a_timeline_tells_which_message_caused_which_step(
    lockstep: CommandLine, orders: PostgresOrders, record: AsyncEngine
) -> None:
    del orders
    await opened(record, Cause.REFUND_DUE, ORDER_ID)
    moments = await lockstep.data("timeline", "shop/tea/1001")
    message = next(each for each in moments if each["kind"] == "message")
    paid = next(each for each in moments if each["what"] == "record_payment")
    assert paid["about"]["caused_by"] == [message["about"]["evidence"]]
    assert paid["about"]["payment"] == ["unpaid", "paid"]
    assert {each["kind"] for each in moments} == {"message", "step", "money", "case"}
    assert moments == sorted(moments, key=lambda each: datetime.fromisoformat(each["at"]))
    said = await lockstep("timeline", "shop/tea/1001")
    assert (said.code, "record_payment" in said.out) == (0, True)
    assert "\x1b" not in said.out, "what came from outside must not steer the terminal"


@pytest.mark.parametrize("command", ["status", "timeline", "verify-audit"])
async def test_an_order_that_is_not_there_or_no_order_id(lockstep: CommandLine, command: str) -> None:
    assert (await lockstep(command, "shop/tea/9999")).code == 1
    said = await lockstep(command, "1001")
    assert (said.code, "write channel/shop/number" in said.err) == (2, True)


@pytest.mark.usefixtures("orders")
async def test_whole_chains_verify(lockstep: CommandLine) -> None:
    assert await lockstep.data("verify-audit", "--all") == {"checked": 2, "broken": []}
    assert "1 chains checked, 0 broken" in (await lockstep("verify-audit", "shop/tea/1001")).out
    assert (await lockstep("verify-audit")).code == 2
    assert (await lockstep("verify-audit", "shop/tea/1001", "--all")).code == 2


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("harm", "seq", "why"),
    [
        ("update audit_log set actor = 'nobody' where seq = 2 and order_id = :order", 2, "changed"),
        ("delete from audit_log where seq = 1 and order_id = :order", 1, "missing"),
        ("delete from audit_log where seq = 2 and order_id = :order", 2, "ends here"),
        ("delete from audit_log where order_id = :order", 1, "ends here"),
        (
            "with h as (delete from audit_heads where order_id = :order) delete from audit_log where order_id = :order",
            1,
            "no log at all",
        ),
    ],
)
async def test_the_first_bad_entry_is_reported(
    lockstep: CommandLine, record: AsyncEngine, harm: str, seq: int, why: str
) -> None:
    async with record.begin() as db:
        await db.execute(text("alter table audit_log disable trigger all"))
        await db.execute(text(harm), {"order": str(ORDER_ID)})
    for which in ("--all", "shop/tea/1001"):
        said = await lockstep("verify-audit", which, "--json")
        assert said.code == 1
        assert [(bad["order_id"], bad["seq"]) for bad in said.data["broken"]] == [(str(ORDER_ID), seq)]
        assert why in said.data["broken"][0]["why"]
    assert f"shop/tea/1001: entry {seq} is bad" in (await lockstep("verify-audit", "--all")).out


async def test_cases_are_listed_by_due_time_filtered_and_paged(lockstep: CommandLine, record: AsyncEngine) -> None:
    await opened(record, Cause.UNKNOWN_TRADE, hours=48)
    await opened(record, Cause.OUT_OF_STOCK, ORDER_ID, hours=2)
    await opened(record, Cause.REFUND_DUE, ORDER_ID, hours=24)

    async def causes(*arguments: str) -> list[str]:
        return [each["cause"] for each in (await lockstep.data("cases", *arguments))["cases"]]

    assert await causes() == ["out_of_stock", "refund_due", "unknown_trade"]
    assert await causes("--overdue") == ["out_of_stock"]
    assert await causes("--owner", "finance") == ["refund_due", "unknown_trade"]
    assert await causes("--cause", "refund_due") == ["refund_due"]
    assert await causes("--order", "shop/tea/1001") == ["out_of_stock", "refund_due"]
    page = await lockstep.data("cases", "--limit", "2")
    assert await causes("--limit", "2", "--cursor", page["next_cursor"]) == ["unknown_trade"]
    said = await lockstep("cases", "--limit", "2")
    assert "there are more" in said.out
    assert "\x1b" not in said.out
    assert (await lockstep("cases", "--cursor", "x")).code == 2
    assert (await lockstep("cases", "--cause", "bad-luck")).code == 2
    assert (await lockstep("cases", "--order", "1001")).code == 2


async def test_retry_only_shows_unless_told_and_shows_what_can_be_retried(
    lockstep: CommandLine, record: AsyncEngine
) -> None:
    await opened(record, Cause.OUT_OF_STOCK, ORDER_ID)
    await opened(record, Cause.REFUND_DUE, ORDER_ID)
    shown = await lockstep.data("retry")
    assert (shown["dry_run"], [each["cause"] for each in shown["cases"]]) == (True, ["out_of_stock"])
    assert "1 cases would be retried" in (await lockstep("retry", "--cause", "out_of_stock")).out
    assert "0 cases would be retried" in (await lockstep("retry", "--cause", "push_failed")).out
    refused = await lockstep("retry", "--yes")
    assert (refused.code, "--yes needs --by" in refused.err) == (2, True)
    assert (await lockstep("retry", "--per-second", "0")).code == 2


async def test_a_money_case_is_decided_without_any_temporal(lockstep: CommandLine, record: AsyncEngine) -> None:
    await opened(record, Cause.UNKNOWN_TRADE)
    case_id = (await lockstep.data("cases"))["cases"][0]["id"]
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:9", "LOCKSTEP_RECORD_KEY": "a" * 43 + "=", "LOCKSTEP_PAYLOAD_KEYS": ""}
    away["LOCKSTEP_PAYLOAD_KEYS"] = f"k:{away['LOCKSTEP_RECORD_KEY']}"
    decide = ("decide", case_id, "--by", "mei", "--reason", "asked the bank")
    wrong = await lockstep(*decide, "--choice", "retry", **away)
    assert (wrong.code, "allows close, not retry" in wrong.err) == (2, True)
    assert (await lockstep(*decide, "--choice", "close", **away)).code == 0
    late = await lockstep("decide", case_id, "--by", "bo", "--reason", "r", "--choice", "close", **away)
    assert (late.code, "mei decided this case at" in late.err) == (1, True)
    unknown = await lockstep("decide", "case-0", "--by", "bo", "--reason", "r", "--choice", "close", **away)
    assert (unknown.code, "there is no case case-0" in unknown.err) == (1, True)
    assert (await lockstep("decide", case_id, "--choice", "close")).code == 2
    await opened(record, Cause.OUT_OF_STOCK, ORDER_ID)
    waiting = (await lockstep.data("cases"))["cases"][0]["id"]
    silent = await lockstep("decide", waiting, "--by", "bo", "--reason", "r", "--choice", "retry", **away)
    assert (silent.code, "Temporal" in silent.err) == (3, True)
