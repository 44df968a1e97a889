"""What buyers put into their baskets, and who they are. Every name, number and address is made up."""

import random
from dataclasses import dataclass

from sandbox.shop.orders import Line, Order, Recipient

FREE_SHIPPING_FROM_MINOR = 9900
SHIPPING_MINOR = 800
GIFT_SHARE = 0.12


@dataclass(frozen=True)
class Product:
    platform_sku: str
    title: str
    price_minor: int


@dataclass(frozen=True)
class Shop:
    """`provider` is where its buyers pay; `unmatched` is what nobody has matched to own goods."""

    shop_id: str
    provider: str
    products: tuple[Product, ...]
    gift: Product
    unmatched: Product


PRODUCTS = (
    Product("TEA-GREEN-250", "龙井 250g", 6800),
    Product("TEA-BLACK-250", "正山小种 250g", 7200),
    Product("TEA-OOLONG-100", "铁观音 100g", 4500),
    Product("TEA-PUER-357", "普洱饼 357g", 12800),
    Product("TEA-JASMINE-100", "茉莉花茶 100g", 3900),
    Product("TEA-GIFTBOX", "春茶礼盒", 16800),
)
GIFT = Product("TEA-CUP", "品茗杯", 0)
UNMATCHED = Product("TEA-SECRET-50", "未登记的茶 50g", 5200)

TEA = Shop("tea", "alipay", PRODUCTS, GIFT, UNMATCHED)
TOOLS = Shop(
    "tools",
    "wechatpay",
    (
        Product("TOOL-HAMMER", "羊角锤", 4900),
        Product("TOOL-SAW", "手锯", 5600),
        Product("TOOL-PLIERS", "尖嘴钳", 3200),
        Product("TOOL-DRILL", "手电钻", 25900),
    ),
    Product("TOOL-GLOVES", "劳保手套", 0),
    Product("TOOL-SECRET", "未登记的扳手", 4100),
)
SHOPS = {shop.shop_id: shop for shop in (TEA, TOOLS)}

STOCK = {
    product.platform_sku: 100_000
    for shop in SHOPS.values()
    for product in (*shop.products, shop.gift)
    if product.platform_sku != "TEA-GIFTBOX"
}
"""The warehouse's shelves at the start: it knows the parts of a gift box, not the box."""

SURNAMES = "青白云竹松梅兰石江月"
GIVEN_NAMES = ("小满", "立秋", "半夏", "如意", "知了", "阿圆", "十七", "不凡", "长乐", "三多")
PLACES = (
    ("浙江省", "杭州市", "西湖区", "假想路"),
    ("江苏省", "苏州市", "姑苏区", "虚构巷"),
    ("福建省", "厦门市", "思明区", "想象街"),
    ("四川省", "成都市", "锦江区", "样例路"),
    ("广东省", "广州市", "越秀区", "演示大道"),
)
NOTES = ("", "", "", "", "请尽快发货", "送人,勿放价格单")


def fill(rng: random.Random, order_no: str, shop: Shop = TEA) -> Order:
    """An ordinary order, all of it drawn from `rng`."""
    chosen = rng.sample(shop.products, k=rng.choices((1, 2, 3), weights=(6, 3, 1))[0])
    lines = [_line(rng, str(number), product) for number, product in enumerate(chosen, start=1)]
    if rng.random() < GIFT_SHARE:
        lines.append(Line(str(len(lines) + 1), shop.gift.platform_sku, shop.gift.title, 1, 0, gift_of="1"))
    goods_minor = sum(line.amount_minor for line in lines)
    return Order(
        shop_id=shop.shop_id,
        order_no=order_no,
        customer_id=f"c-{rng.randrange(1, 200)}",
        customer_note=rng.choice(NOTES),
        recipient=recipient(rng),
        lines=lines,
        shipping_minor=0 if goods_minor >= FREE_SHIPPING_FROM_MINOR else SHIPPING_MINOR,
    )


def recipient(rng: random.Random) -> Recipient:
    province, city, district, street = rng.choice(PLACES)
    return Recipient(
        name=rng.choice(SURNAMES) + rng.choice(GIVEN_NAMES),
        phone=f"1390000{rng.randrange(10_000):04d}",
        province=province,
        city=city,
        district=district,
        detail=f"{street} {rng.randrange(1, 300)} 号",
    )


def _line(rng: random.Random, line_id: str, product: Product) -> Line:
    quantity = rng.choices((1, 2, 3), weights=(6, 3, 1))[0]
    return Line(
        line_id=line_id,
        platform_sku=product.platform_sku,
        title=product.title,
        quantity=quantity,
        list_price_minor=product.price_minor,
        merchant_discount_minor=rng.choice((0, 0, 0, 300, 600)),
        platform_subsidy_minor=rng.choice((0, 0, 0, 0, 500)),
    )
