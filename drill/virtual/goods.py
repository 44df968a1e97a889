"""What is bought in a schedule: its shop's own goods, counted so that exactly enough lies on the shelves."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drill.virtual.plan import SHORT, Plan, Schedule

TEA, CUP, RARE, BOX, NEW = "TEA", "CUP", "RARE", "BOX", "NEW"
PRICES = {TEA: 6800, CUP: 1500, RARE: 9900, BOX: 9600, NEW: 5200}
SHIPPING_MINOR = 800
BOX_PARTS = ((TEA, 1, 68), (CUP, 2, 15))
RARE_UNITS = 2  # that each buyer of rare goods wants
RESTOCKED = 10
SMALL_SUMS = ("due_twice", "due_other_amount", "due_too_much", "due_cancelled", "due_after_close")
LARGE_SUMS = ("due_twice_signed", "due_cancelled_signed")  # more than goes back without signatures
LARGE_UNITS = 3
RECIPIENT = {
    "name": "云小满",
    "phone": "13900000001",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "假想路 1 号",
}


@dataclass(frozen=True)
class Basket:
    """`lines` as the shop sends them; `needs` in own skus."""

    lines: Sequence[dict[str, Any]]
    needs: Counter[str]
    amount_minor: int


def sku(shop_id: str, name: str) -> str:
    return f"{shop_id.upper()}-{name}"


def basket(plan: Plan) -> Basket:
    rng = random.Random(f"{plan.seed}/basket")
    names = [rng.choice((TEA, TEA, CUP, BOX))]
    if plan.story in SHORT:
        names = [RARE]
    elif plan.story == "unmatched":
        names.append(NEW)
    elif plan.story in SMALL_SUMS:
        names = [CUP]
    elif plan.story in LARGE_SUMS:
        names = [BOX]
    quantities = [_quantity(name, plan.story, rng) for name in names]
    lines = [
        {
            "line_id": str(number),
            "platform_sku": sku(plan.order_id.shop_id, name),
            "title": name,
            "quantity": quantity,
            "list_price_minor": PRICES[name],
            "merchant_discount_minor": rng.choice((0, 0, 300)),
            "platform_subsidy_minor": 0,
        }
        for number, (name, quantity) in enumerate(zip(names, quantities, strict=True), start=1)
    ]
    return Basket(lines, _needs(plan.order_id.shop_id, names, quantities), _amount(lines))


def _quantity(name: str, story: str, rng: random.Random) -> int:
    if story in LARGE_SUMS:
        return LARGE_UNITS
    return RARE_UNITS if name == RARE else rng.choice((1, 1, 2, 3))


def _needs(shop_id: str, names: Sequence[str], quantities: Sequence[int]) -> Counter[str]:
    needs: Counter[str] = Counter()
    for name, quantity in zip(names, quantities, strict=True):
        parts = BOX_PARTS if name == BOX else ((TEA if name == NEW else name, 1, 1),)
        for part, units, _ in parts:
            needs[sku(shop_id, part)] += units * quantity
    return needs


def _amount(lines: Sequence[dict[str, Any]]) -> int:
    cash = (line["list_price_minor"] * line["quantity"] - line["merchant_discount_minor"] for line in lines)
    return SHIPPING_MINOR + int(sum(cash))


def shelves(schedule: Schedule) -> Counter[str]:
    """Just enough of everything; of rare goods one too few, so that somebody goes short."""
    counted: Counter[str] = Counter({sku(schedule.shop_id, name): 0 for name in (TEA, CUP, RARE)})
    for plan in schedule.plans:
        counted += basket(plan).needs
    rare = sku(schedule.shop_id, RARE)
    counted[rare] = max(counted[rare] - 1, 0)
    return counted | Counter({sku(schedule.shop_id, name): 0 for name in (TEA, CUP, RARE)})


def matches(shop_id: str) -> dict[str, list[dict[str, Any]]]:
    """The shop's skus in own ones; what is new is not known yet."""
    single = {name: ((name, 1, 1),) for name in (TEA, CUP, RARE)}
    return {sku(shop_id, name): _components(shop_id, parts) for name, parts in {**single, BOX: BOX_PARTS}.items()}


def late_match(shop_id: str) -> list[dict[str, Any]]:
    return _components(shop_id, ((TEA, 1, 1),))


def _components(shop_id: str, parts: Sequence[tuple[str, int, int]]) -> list[dict[str, Any]]:
    return [{"sku": sku(shop_id, name), "quantity": units, "price_weight": weight} for name, units, weight in parts]
