"""Each planted fault is found, by the invariants it concerns and by no other."""

import psycopg
import pytest

from tests.verify.allowances import ALLOWANCES, money_for_nobody
from tests.verify.conftest import plain
from tests.verify.faults_of_books import AUDIT, BOOKS
from tests.verify.faults_of_goods import LEVELS, WAREHOUSE
from tests.verify.faults_of_messages import CASES, MESSAGES
from tests.verify.faults_of_orders import MONEY, ORDERS
from tests.verify.faults_of_platforms import PLATFORMS
from tests.verify.faults_of_refunds import REFUNDS
from tests.verify.faults_of_split_orders import PARTS, UNHEARD
from tests.verify.planting import Dump, Fault, trade
from verify import check
from verify.invariants import INVARIANTS, name_of

FAULTS = (*MONEY, *ORDERS, *MESSAGES, *CASES, *WAREHOUSE, *LEVELS, *PARTS, *REFUNDS, *PLATFORMS, *BOOKS, *AUDIT)

slow = pytest.mark.slow


def plant(fault: Fault, dump: Dump, database_url: str) -> None:
    fault.alter(dump)
    if fault.sql:
        spoil(database_url, fault.sql)


def spoil(database_url: str, sql: str) -> None:
    with psycopg.connect(plain(database_url)) as db:
        db.execute("set session_replication_role = replica")  # no triggers, no foreign keys
        for statement in sql.split(";"):
            assert db.execute(statement.encode()).rowcount, f"changes nothing: {statement}"


@slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_breaks_what_it_concerns(fault: Fault, small_dump: Dump, small_record: str) -> None:
    plant(fault, small_dump, small_record)
    broken = {each.name: each.evidence for each in check(small_dump, small_record) if not each.held}
    assert broken.keys() == fault.breaks, broken


@slow
@pytest.mark.parametrize("oddity", [*ALLOWANCES, UNHEARD], ids=lambda oddity: oddity.what)
def test_what_nobody_could_know_better_is_no_fault(oddity: Fault, small_dump: Dump, small_record: str) -> None:
    plant(oddity, small_dump, small_record)
    broken = {each.name: each.evidence for each in check(small_dump, small_record) if not each.held}
    assert broken.keys() == oddity.breaks, broken


@slow
def test_money_that_names_no_order_needs_a_case(small_dump: Dump, small_record: str) -> None:
    money_for_nobody(small_dump)
    assert {each.name for each in check(small_dump, small_record) if not each.held} == {"captured-money"}
    spoil(
        small_record,
        """
        insert into cases (id, cause, subject, detail, owner, next_action, choices, waits, opened_at, due_at)
        values ('case-odd', 'unknown_trade', 'T-odd', '', 'finance', 'look', '{}', false, now(), now() + interval '1 d')
        """,
    )
    assert all(each.held for each in check(small_dump, small_record))


@slow
def test_another_merchants_trades_do_not_concern_us(small_dump: Dump, small_record: str) -> None:
    own = trade(small_dump, "1001")
    foreign = {"trade_no": "T-foreign", "out_trade_no": "tea_1004_2", "app_id": "2021999"}
    small_dump["alipay"]["trades"].append(own | foreign)
    assert not all(each.held for each in check(small_dump, small_record))
    ours = [trade(small_dump, number) for number in ("1001", "2001")]
    app_ids, seller_ids = {each["app_id"] for each in ours}, {each["seller_id"] for each in ours}
    assert all(each.held for each in check(small_dump, small_record, app_ids=app_ids, seller_ids=seller_ids))


def test_every_invariant_has_a_fault_that_breaks_it() -> None:
    assert {name_of(each) for each in INVARIANTS} == frozenset().union(*(fault.breaks for fault in FAULTS))
