"""The providers' own books of refunds, out of the sandbox's dump: what moved, and what was asked for."""

from collections import defaultdict
from dataclasses import dataclass

from verify.dump import Json, second

ASKS = {"alipay": "alipay.trade.refund", "wechatpay": "refund"}
"""By provider, the call that asks for money back."""


@dataclass(frozen=True)
class ProviderRefund:
    """`name`: provider / the merchant's own number; `trade`: provider / trade_no."""

    name: str
    trade: str
    amount_minor: int
    currency: str
    state: str
    done_at: str | None

    @classmethod
    def read(cls, provider: str, row: Json) -> "ProviderRefund":
        return cls(
            name=f"{provider}/{row['out_refund_no']}",
            trade=f"{provider}/{row['trade_no']}",
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            state=row["state"],
            done_at=second(row["done_at"]),
        )


def provider_refunds(dump: Json) -> dict[str, ProviderRefund]:
    """By name. A dump without such a book has none."""
    found = [ProviderRefund.read(name, row) for name in ASKS for row in dump[name].get("refunds", [])]
    return {refund.name: refund for refund in found}


def asked_parameters(dump: Json) -> dict[str, list[str]]:
    """By name, the parameters of each call that asked for money back, answered or not."""
    found: dict[str, list[str]] = defaultdict(list)
    for provider, ask in ASKS.items():
        for call in dump[provider]["calls"]:
            if call["method"] == ask:
                found[f"{provider}/{call['out_refund_no']}"].append(call["parameters"])
    return dict(found)
