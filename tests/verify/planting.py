"""How faults are planted. Each names the invariants that it must break; it must break no others.

`record` is SQL, run with triggers and foreign keys off: what a defect or a stranger could do to the tables.
`outside` alters the dump: what the outside did and the record missed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.verify.two_shops import provider_of, shop_of

Dump = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    what: str
    breaks: frozenset[str]
    sql: str = ""
    alter: Callable[[Dump], object] = lambda _: None


def record(what: str, sql: str, *breaks: str) -> Fault:
    return Fault(what, frozenset(breaks), sql=sql)


def outside(what: str, alter: Callable[[Dump], object], *breaks: str) -> Fault:
    return Fault(what, frozenset(breaks), alter=alter)


def one(rows: list[Dump], **wanted: Any) -> Dump:
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def trade(dump: Dump, number: str) -> Dump:
    shop, provider, _ = shop_of(number)
    return one(dump[provider]["trades"], out_trade_no=f"{shop}_{number}")


def notice(dump: Dump, notify_id: str) -> Dump:
    """Ids begin with a letter and the order's number."""
    return one(dump[provider_of(notify_id[1:])]["notices"], notify_id=notify_id)


def outbound(dump: Dump, no: str) -> Dump:
    return one(dump["warehouse"]["outbound"], reference=f"shop.tea.{no}")


def shop_order(dump: Dump, no: str) -> Dump:
    return one(dump["shop"]["orders"], order_no=no)


def shop_level(dump: Dump, platform_sku: str) -> Dump:
    return one(dump["shop"]["levels"], platform_sku=platform_sku)


def call(key: str, reference: str, digest: str, verb: str = "push") -> Dump:
    return {"verb": verb, "reference": reference, "idempotency_key": key, "parameters_sha256": digest, "status": 200}


def add_call(**fields: str) -> Callable[[Dump], object]:
    return lambda dump: dump["warehouse"]["calls"].append(call(**fields))


def push_of(no: str) -> Callable[[Dump], object]:
    """The warehouse has an order that it should not have."""
    order: Dump = {"reference": f"shop.tea.{no}", "outbound_no": f"OB{no}", "state": "accepted", "parcels": []}
    order |= {"lines": [{"line_id": "1", "sku": "TEA-GREEN-250", "quantity": 2}], "pushed_at": "2026-11-22T04:05:00Z"}
    order |= {"idempotency_keys": [f"order/shop/tea/{no}/push"]}
    return lambda dump: dump["warehouse"]["outbound"].append(order)


def unanswered(*numbers: int | None) -> list[Dump]:
    return [{"at": "2026-11-22T04:05:00Z", "status": status, "answer": "fail"} for status in numbers]
