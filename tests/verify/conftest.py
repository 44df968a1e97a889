"""Twelve orders, each with another fate, in the record and in the outside's dump."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from runtime.embedded import EmbeddedPostgres
from tests.verify.faults_of_platforms import OF_A_MARKETPLACE, tell_marketplace
from tests.verify.faults_of_refunds import PAID_BACK, tell_paid_back
from tests.verify.shelves import levels
from tests.verify.small_world import SmallWorld

TABLES = (
    "orders",
    "order_lines",
    "demands",
    "payment_plan",
    "payments",
    "reservations",
    "outbound_orders",
    "shipments",
    "ledger_entries",
    "ledger_postings",
    "audit_log",
    "cases",
    "inbound_events",
)
JSON_COLUMNS = ("change", "contents")


BASKETS: dict[str, tuple[str, int]] = {
    "1002": ("TEA-GIFTBOX", 1),
    "1007": ("TEA-SECRET-50", 1),
    "2001": ("TOOL-HAMMER", 2),
    "2002": ("TOOL-HAMMER", 1),
}


def fourteen_orders() -> SmallWorld:
    """Twelve of the shop that Alipay pays, two of the one that WeChat Pay pays."""
    world = SmallWorld()
    for no in (*range(1001, 1009), *range(1011, 1015), 2001, 2002):
        world.place(str(no), *BASKETS.get(str(no), ("TEA-GREEN-250", 2 if no < 1009 else 3)))
    _delivered_or_on_the_road(world)
    _split(world)
    _odd_money(world)
    _stopped(world)
    _at_wechat_pay(world)
    world.pay("1007")  # nobody has matched its sku: it is paid and waits
    world.case("1007", "unmatched_sku", "shop/tea/1007", waits=True)
    world.move("1007", "reserve_stock", holds=["unmatched_sku"])
    # 1003, 1008, 1012 and 1013 have two each that have not left
    world.dump["shop"]["levels"] = levels(TEA_GREEN_250=992)
    world.dump["warehouse"]["counted"] = {"TEA-PUER-357": 1000}
    return world


def _delivered_or_on_the_road(world: SmallWorld) -> None:
    world.pay("1001")
    world.impostor("1001", "signature")
    world.impostor("1001", "app")
    world.other_content("1001")
    world.push("1001")
    world.parcel("1001", {"1": 2})
    world.move("1001", "report_parcel", fulfilment="delivered")
    world.move("1001", "complete", fulfilment="completed")
    world.pay("1002")  # a gift box in two parcels, one of them still on the road
    world.push("1002")
    world.parcel("1002", {"1.1": 1, "1.2": 1})
    world.parcel("1002", {"1.2": 1}, 2, delivered=False)
    world.move("1002", "report_parcel", fulfilment="partly_delivered")
    world.pay("1003", told=False)  # nobody told of this money
    world.push("1003")


def _split(world: SmallWorld) -> None:
    """Three packs of tea in each order; one or two of them were there."""
    for no in ("1011", "1012", "1013", "1014"):
        world.pay(no)
        world.push(no, {"1": 1 if no == "1013" else 2})
    world.parcel("1011", {"1": 2})
    world.push("1011", {"1": 1}, 2)  # the rest followed
    world.parcel("1011", {"1": 1}, 2, outbound=2, delivered=False)
    world.move("1011", "report_parcel", fulfilment="shipped")
    world.drop("1012", 1, 6800)  # the rest was given up
    world.push("1013", {"1": 1}, 2)  # a third one is short, and somebody is to decide
    world.case("1013", "out_of_stock", "shop/tea/1013", waits=True)
    world.push("1014", {"1": 1}, 2)  # cancelled: the first had left, the rest was stopped
    world.parcel("1014", {"1": 2})
    world.cancel("1014")
    world.stop_outbound("1014", 2)
    world.drop("1014", 1, 6800)
    world.move("1014", "cancel_too_late", fulfilment="delivered", cancellation="too_late", after_sale="requested")


def _odd_money(world: SmallWorld) -> None:
    world.pay("1004", 14500)  # one yuan too much: it moves nothing
    world.case("1004", "amount_mismatch", "alipay/main/T1004")
    world.pay("1008")  # paid twice
    world.pay("1008", part=2)
    world.case("1008", "surplus_payment", "alipay/main/T1008_2")
    too_much = world.rows["payments"][-1]["amount_minor"]
    world.book("1008", "refund_due", "alipay/main/T1008_2", {"held_apart": too_much, "refund_payable": -too_much})
    world.push("1008")


def _stopped(world: SmallWorld) -> None:
    world.pay("1005")  # cancelled after the push, in time
    world.push("1005")
    world.cancel("1005")
    world.stop("1005", cancellation="done")
    world.trade("1006", 14400, "closed", None)  # never paid
    world.stop("1006")


def _at_wechat_pay(world: SmallWorld) -> None:
    world.pay("2002", told=False)
    world.push("2002")
    world.parcel("2002", {"1": 1})
    world.move("2002", "report_parcel", fulfilment="delivered")
    world.pay("2001")
    world.push("2001")
    world.impostor("2001", "signature")
    world.impostor("2001", "stale")


def insert(database_url: str, world: SmallWorld) -> None:
    with psycopg.connect(plain(database_url)) as db:
        for table in TABLES:
            for row in world.rows[table]:
                insert_row(db, table, row)
        for row in _heads(world):
            insert_row(db, "audit_heads", row)
        for row in _money(world):
            insert_row(db, "order_money", row)
        for sku, units in _open_units(world).items():
            db.execute("update stock set reserved = %s where sku = %s", (units, sku))
        for statement in (*PAID_BACK, *OF_A_MARKETPLACE):
            db.execute(statement.encode())


def insert_row(db: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    statement = sql.SQL("insert into {} ({}) overriding system value values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(sql.Identifier(name) for name in row),
        sql.SQL(", ").join(sql.Placeholder() for _ in row),
    )
    db.execute(statement, [Jsonb(value) if name in JSON_COLUMNS else value for name, value in row.items()])


def plain(database_url: str) -> str:
    return database_url.replace("+psycopg", "")


def _heads(world: SmallWorld) -> list[dict[str, Any]]:
    heads = {
        row["order_id"]: {"order_id": row["order_id"], "seq": row["seq"], "hash": row["hash"]}
        for row in world.rows["audit_log"]
    }
    return list(heads.values())


def _money(world: SmallWorld) -> list[dict[str, Any]]:
    owners = {row["seq"]: row["order_id"] for row in world.rows["ledger_entries"]}
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in world.rows["ledger_postings"]:
        sums[owners[row["entry_seq"]]][row["account"]] += row["amount_minor"]
    return [
        {"order_id": order_id, "currency": "CNY", "captured_minor": each["provider_receivable"]}
        | {"refund_due_minor": -each["refund_payable"], "refunded_minor": 0}
        for order_id, each in sums.items()
    ]


def _open_units(world: SmallWorld) -> Counter[str]:
    units: Counter[str] = Counter()
    for row in world.rows["reservations"]:
        if not row["released"]:
            units[row["sku"]] += row["quantity"] - row["shipped"]
    return units


@pytest.fixture(scope="session")
async def small_template(postgres: EmbeddedPostgres, template: str) -> str:
    insert(await postgres.create_database("template_small_world", template), fourteen_orders())
    return "template_small_world"


@pytest.fixture
async def small_record(postgres: EmbeddedPostgres, small_template: str) -> AsyncIterator[str]:
    """The URL of a record that holds the small world."""
    yield await postgres.create_database("small_world", small_template)
    await postgres.drop_database("small_world")


@pytest.fixture
def small_dump() -> dict[str, Any]:
    """What the outside says of the same world; a test may alter it."""
    dump = fourteen_orders().dump
    tell_paid_back(dump)
    tell_marketplace(dump)
    return dump
