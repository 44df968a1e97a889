"""Faults of refunds whose money a marketplace moves."""

from typing import Any

from tests.verify.planting import Dump, outside

_SALE: dict[str, Any] = {
    "after_sale_no": "AS-9",
    "shop_id": "tea",
    "order_no": "2001",
    "amount_minor": 100,
    "state": "succeeded",
    "succeeded_at": "2026-11-22T10:00:00+08:00",
}
_AGREE = {"verb": "agree", "number": "AS-9", "idempotency_key": "refund/x/agree", "amount_minor": 100}


def _tells(dump: Dump, **said: Any) -> None:
    dump["bazaar"] = {"orders": [], "after_sales": [], "calls": [], **said}


PLATFORMS = (
    outside(
        "a marketplace paid back what the record knows nothing of",
        lambda dump: _tells(dump, after_sales=[_SALE]),
        "paid-back-there",
    ),
    outside(
        "a marketplace was told to agree to what nobody approved",
        lambda dump: _tells(dump, calls=[_AGREE]),
        "agreed-as-approved",
    ),
)
