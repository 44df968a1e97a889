"""What the shop shows as available."""

from typing import Any

UNTOUCHED = {
    **dict.fromkeys(("TEA-GREEN-250", "TEA-BLACK-250", "TEA-OOLONG-100", "TEA-PUER-357", "TEA-JASMINE-100"), 1000),
    "TEA-CUP": 1000,
    "CUP-WHITE": 1000,
    "TEA-GIFTBOX": 500,
}
"""What can be sold of each platform sku before anybody buys."""


def levels(**changed: int) -> list[dict[str, Any]]:
    """What the shop was told last of each platform sku; `_` stands for `-`."""
    units = UNTOUCHED | {sku.replace("_", "-"): count for sku, count in changed.items()}
    return [{"shop_id": "tea", "platform_sku": sku, "available": count, "version": 1} for sku, count in units.items()]
