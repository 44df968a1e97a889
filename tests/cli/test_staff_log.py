"""What staff does to the installation is told in a chain of its own, by whom, and never with a secret in it."""

import getpass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.case import Cause, NewCase
from persistence import cases, evidence
from persistence.customers import Customers
from ports.clock import FixedClock
from ports.warehouse import Recipient
from tests.builders import NOON
from tests.cli.conftest import KEY, CommandLine

pytestmark = pytest.mark.slow

BY = ("--by", "mei")
A_YEAR_AGO = ("evidence", "drop", "--before", "2026-02-15")


async def told(lockstep: CommandLine) -> list[dict[str, Any]]:
    """The installation's log as `lockstep timeline` prints it."""
    said = await lockstep("timeline", "installation", "--json")
    return [] if said.code else list(said.data)


async def deeds(lockstep: CommandLine) -> list[tuple[str, str, dict[str, Any]]]:
    """Who, what, and with which values, without the numbering."""
    return [
        (each["who"], each["what"], {name: each["about"][name] for name in each["about"] if name not in MARKS})
        for each in await told(lockstep)
    ]


MARKS = ("entry", "caused_by")


async def test_each_command_that_changes_something_leaves_an_entry(lockstep: CommandLine, record: AsyncEngine) -> None:
    async with record.begin() as db:
        customers = Customers(b"k" * 32, FixedClock(NOON))
        await customers.seal_recipient(db, "c-17", Recipient("云小满", "139", "", "", "", ""))
        await evidence.ensure_months(db, datetime(2026, 1, 5, tzinfo=UTC), ahead=0)
    create = ("token", "create", "shop tea", "--scope", "orders:write")
    commands = (
        ("entity", "add", "east", "--name", "East Ltd"),
        ("shop", "add", "shop", "east", "--entity", "east", "--account", "main"),
        ("stock", "set", "TEA-CUP", "7"),
        ("stock", "set", "NEW", "9"),
        ("sku", "map", "shop", "tea", "BOX", "TEA-CUPx2@14"),
        create,
        (*create, "--replace"),
        ("token", "revoke", "shop tea"),
        ("customer", "erase", "c-17"),
        (*A_YEAR_AGO, "--yes"),
    )
    printed = ""
    for command in commands:
        said = await lockstep(*command, *BY, LOCKSTEP_RECORD_KEY=KEY)
        assert said.code == 0, said
        printed += said.out
    component = {"sku": "TEA-CUP", "quantity": 2, "price_weight": 14}
    token = {"token": "shop tea", "scopes": ["orders:write"], "person": None}
    assert await deeds(lockstep) == [
        ("mei", "add_entity", {"entity": "east", "name": "East Ltd", "time_zone": "Asia/Shanghai"}),
        ("mei", "add_shop", SHOP),
        ("mei", "set_stock", {"sku": "TEA-CUP", "on_hand": [1000, 7]}),
        ("mei", "set_stock", {"sku": "NEW", "on_hand": [None, 9]}),
        ("mei", "map_sku", {"shop": "shop/tea", "platform_sku": "BOX", "version": 1, "components": [component]}),
        ("mei", "create_token", token | {"replaced": False}),
        ("mei", "create_token", token | {"replaced": True}),
        ("mei", "revoke_token", {"token": "shop tea"}),
        ("mei", "erase_customer", {"customer": "c-17", "forced": False}),
        ("mei", "drop_evidence", {"before": "2026-02-15", "months": ["inbound_events_2026_01"]}),
    ]
    kept = str(await told(lockstep))
    assert "云小满" not in kept
    assert [secret for secret in printed.split() if secret.startswith("lk_") and secret in kept] == []
    assert (await lockstep("verify-audit", "installation")).out == "1 chains checked, 0 broken\n"
    assert (await lockstep("verify-audit", "--all")).code == 0


SHOP = {
    "shop": "shop/east",
    "entity": "east",
    "name": "east",
    "provider": "alipay",
    "account": "main",
    "reserve_on_order": False,
    "track_by_number": True,
    "region": "",
}


@pytest.mark.parametrize(
    "command",
    [
        ("stock", "set", "TEA-CUP", "--", "-1"),
        ("shop", "add", "shop", "x", "--entity", "none", "--account", "main"),
        ("sku", "map", "shop", "none", "P", "S"),
        ("token", "revoke", "nobody"),
        ("customer", "erase", "nobody"),
        A_YEAR_AGO,
    ],
    ids=lambda command: " ".join(command[:2]),
)
async def test_what_changes_nothing_is_not_told(lockstep: CommandLine, command: tuple[str, ...]) -> None:
    await lockstep(*command, LOCKSTEP_RECORD_KEY=KEY)
    assert await told(lockstep) == []


async def test_without_a_name_it_is_the_user_of_the_shell(lockstep: CommandLine) -> None:
    assert (await lockstep("stock", "set", "TEA-CUP", "7")).code == 0
    assert [who for who, _, _ in await deeds(lockstep)] == [f"shell user {getpass.getuser()}"]
    assert (await lockstep("stock", "set", "TEA-CUP", "7", "--by", " ")).code == 2


async def test_a_touched_log_is_reported(lockstep: CommandLine, record: AsyncEngine) -> None:
    for units in ("7", "8", "9"):
        await lockstep("stock", "set", "TEA-CUP", units, *BY)
    async with record.begin() as db:
        await db.execute(text("alter table audit_log disable trigger all"))
        await db.execute(text("update audit_log set actor = 'nobody' where order_id = 'installation' and seq = 2"))
    for which in ("installation", "--all"):
        said = await lockstep("verify-audit", which)
        assert (said.code, "installation: entry 2 is bad: entry was changed" in said.out) == (1, True)


async def test_a_decided_case_of_no_order_is_told_here(lockstep: CommandLine, record: AsyncEngine) -> None:
    async with record.begin() as db:
        case = NewCase(Cause.UNKNOWN_TRADE, "T-1", "somebody paid something")
        await cases.open_case(db, None, case, now=NOON, limit=NOON - NOON)
    case_id = (await lockstep.data("cases"))["cases"][0]["id"]
    away = {"TEMPORAL_ADDRESS": "127.0.0.1:9", "LOCKSTEP_RECORD_KEY": KEY, "LOCKSTEP_PAYLOAD_KEYS": f"k:{KEY}"}
    decide = ("decide", case_id, "--reason", "asked the bank", "--choice", "close", *BY)
    assert (await lockstep(*decide, **away)).code == 0
    about = {"case": case_id, "choice": "close", "reason": "asked the bank"}
    assert await deeds(lockstep) == [("mei", "settle_case", about)]
