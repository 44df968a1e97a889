"""The two shops of the small world, and where each of them is paid."""

OWN = {
    "alipay": {"app_id": "2021000000000001", "seller_id": "2088000000000001"},
    "wechatpay": {"app_id": "wx0000000000000001", "seller_id": "1900000100"},
}
TEA, TOOLS = ("tea", "alipay", "main"), ("tools", "wechatpay", "tools")
ASKED = {
    "alipay": {"method": "alipay.trade.query", "answer_code": "10000"},
    "wechatpay": {"method": "query", "answer_code": "200"},
}
SUCCESS = {"alipay": ("success", 200), "wechatpay": ("", 204)}
REFUSAL = {"alipay": ("fail", 200), "wechatpay": ("", 401)}


def shop_of(no: str) -> tuple[str, str, str]:
    """Id, provider and account of the shop: orders from 2001 on are of the second one."""
    return TOOLS if no.startswith("2") else TEA


def provider_of(no: str) -> str:
    return shop_of(no)[1]


def order_of(no: str) -> str:
    return f"shop/{shop_of(no)[0]}/{no}"


def reference_of(no: str) -> str:
    return f"shop.{shop_of(no)[0]}.{no}"
