"""One after-sale of the small world that a marketplace paid back, and faults of such."""

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


OF_A_MARKETPLACE = (
    "update refund_legs set done_at = '2026-11-22T02:00:00Z' where out_refund_no = 'no_r0_1'",
    """
    insert into after_sales (refund_id, channel, shop_id, number, revision, state, currency, amount_minor,
                             extensions_left, decided_by, told_at)
    values ('r0', 'bazaar', 'tools', 'AS-1', 1, 'succeeded', 'CNY', 100, 0, 'merchant', now())
    """,
)


def tell_marketplace(dump: Dump) -> None:
    """What it says of the same after-sale: we agreed, and it paid back."""
    sale = _SALE | {"after_sale_no": "AS-1", "shop_id": "tools", "order_no": "2002"}
    agree = _AGREE | {"number": "AS-1", "idempotency_key": "refund/r0/agree"}
    dump["bazaar"] = {"orders": [], "after_sales": [sale], "calls": [agree]}


PLATFORMS = (
    outside(
        "a marketplace paid back what the record knows nothing of",
        lambda dump: dump["bazaar"]["after_sales"].append(_SALE),
        "paid-back-there",
    ),
    outside(
        "a marketplace was told to agree to what nobody approved",
        lambda dump: dump["bazaar"]["calls"].append(_AGREE),
        "agreed-as-approved",
    ),
)
