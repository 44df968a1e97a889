"""The words of the form by which a customer asks for a refund, and of what he is told when he asked."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class WishWords:
    """Braces are filled in by the page."""

    ask: str
    title: str
    nothing_left: str
    stops: str
    leaves: str
    at_most: str
    shipping: str
    kind: str
    kinds: Mapping[str, str]
    reason: str
    reasons: Mapping[str, str]
    note: str
    way_back: str
    most: str
    send: str
    refused: str
    invalid: str
    back: str
    withdraw: str
    withdraw_explained: str
    rate: str
    rated: str
    told: Mapping[str, tuple[str, str]]


ENGLISH_WISHES = WishWords(
    ask="Ask for a refund",
    title="Ask for a refund",
    nothing_left="Nothing of this order can go back at the moment.",
    stops="Not sent to you yet",
    leaves="Sent to you",
    at_most="at most {}, {}",
    shipping="Shipping, {}",
    kind="The goods",
    kinds={"refund_only": "I keep them", "return": "I send them back"},
    reason="Why",
    reasons={
        "not_wanted": "I don't want it any more",
        "damaged": "It arrived damaged",
        "wrong_item": "It is not what I ordered",
        "not_as_described": "It is not as described",
        "other": "Something else",
    },
    note="What we should know (optional)",
    way_back="The shop looks at your request. The money goes back the way you paid.",
    most="At most {} can go back.",
    send="Send",
    refused="That could not be asked for: it is more than can still go back. What can is shown below.",
    invalid="Please choose what is to go back, and why.",
    back="Back to the order",
    withdraw="Withdraw",
    withdraw_explained="You keep the goods and no money goes back.",
    rate="How did this refund go? 1: badly, 5: well.",
    rated="You gave it {} of 5. Thank you.",
    told={
        "coming": ("We have your request", "We are writing it down. This page shows it by itself in a moment."),
        "too_late": ("Too late to withdraw", "This refund has been decided meanwhile. The order shows how it stands."),
        "unavailable": ("Not at the moment", "Nothing was lost: please try again in a minute."),
    },
)
CHINESE_WISHES = WishWords(
    ask="申请退款",
    title="申请退款",
    nothing_left="此订单目前没有可退的款项。",
    stops="尚未发出的货品",
    leaves="已发出的货品",
    at_most="最多 {} 件，{}",
    shipping="运费，{}",
    kind="货品",
    kinds={"refund_only": "不退货", "return": "我会寄回"},
    reason="原因",
    reasons={
        "not_wanted": "不想要了",
        "damaged": "收到时已损坏",
        "wrong_item": "发错货",
        "not_as_described": "与描述不符",
        "other": "其他",
    },
    note="补充说明（选填）",
    way_back="店铺会审核您的申请，款项按原付款方式退回。",
    most="最多可退 {}。",
    send="提交",
    refused="无法提交：超出了可退的范围。可退的内容如下。",
    invalid="请选择要退的内容和原因。",
    back="返回订单",
    withdraw="撤回申请",
    withdraw_explained="撤回后不再退款，货品归您。",
    rate="这次退款办得如何？1 分：不满意，5 分：满意。",
    rated="您打了 {} 分（满分 5 分），谢谢。",
    told={
        "coming": ("已收到您的申请", "正在登记，稍后本页会自动显示。"),
        "too_late": ("无法撤回", "该退款已有结果，请在订单页查看。"),
        "unavailable": ("暂时无法受理", "没有丢失任何内容，请一分钟后重试。"),
    },
)
