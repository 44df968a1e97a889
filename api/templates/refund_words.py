"""The words of a refund on the tracking page. None says that money is back before its provider does."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.refund import RefundStage
from domain.refund_promise import RefundMilestone


@dataclass(frozen=True)
class RefundWords:
    """Braces are filled in by the page."""

    title: str
    headline: Mapping[RefundStage, str]
    upcoming: Mapping[RefundStage, str]
    milestone: Mapping[RefundMilestone, str]
    you_get: str
    confirmed: str
    expected: str
    from_history: str
    from_promise: str
    no_range: str
    send_by: str
    went_back: str
    reference: str
    another_way: str


ENGLISH_REFUNDS = RefundWords(
    title="Refund: {}",
    headline={
        RefundStage.STOPPING_GOODS: "We are stopping the goods",
        RefundStage.AWAITING_APPROVAL: "The shop is looking at your request",
        RefundStage.REFUSED: "The shop did not agree",
        RefundStage.WITHDRAWN: "Withdrawn",
        RefundStage.APPROVED: "The shop has agreed",
        RefundStage.AWAITING_RETURN: "Please send the goods back",
        RefundStage.RETURN_UNDER_WAY: "The goods are on their way back",
        RefundStage.RETURN_RECEIVED: "The goods have come back",
        RefundStage.RETURN_CLOSED: "Closed: the goods did not come back",
        RefundStage.PAYING_BACK: "The money is on its way to you",
        RefundStage.PARTLY_PAID_BACK: "A part of the money is back",
        RefundStage.PAID_BACK: "Paid back",
        RefundStage.NOT_PAID_BACK: "The money could not go back: the shop will be in touch",
    },
    upcoming={
        RefundStage.AWAITING_APPROVAL: "the shop looks at your request",
        RefundStage.APPROVED: "the shop decides",
        RefundStage.AWAITING_RETURN: "the shop decides, then you send the goods back",
        RefundStage.RETURN_UNDER_WAY: "you send the goods back",
        RefundStage.RETURN_RECEIVED: "the goods arrive and are looked at",
        RefundStage.PAYING_BACK: "the money is sent the way you paid",
        RefundStage.PAID_BACK: "the payment provider confirms",
    },
    milestone={
        RefundMilestone.REQUESTED: "Asked for",
        RefundMilestone.GOODS_STOPPED: "Goods stopped",
        RefundMilestone.APPROVED: "Agreed",
        RefundMilestone.SENT_BACK: "Goods sent back",
        RefundMilestone.RECEIVED: "Goods received",
        RefundMilestone.PAYING_BACK: "Money on its way",
        RefundMilestone.PAID_BACK: "Paid back",
        RefundMilestone.REFUSED: "Not agreed",
        RefundMilestone.WITHDRAWN: "Withdrawn",
        RefundMilestone.RETURN_CLOSED: "Closed",
        RefundMilestone.NOT_PAID_BACK: "Could not go back",
    },
    you_get="You get {}",
    confirmed="{} of it is confirmed",
    expected="Money expected",
    from_history="From how long earlier refunds took.",
    from_promise="From the times we aim at for each step.",
    no_range="We can't give an honest time at the moment.",
    send_by="Please send the goods before {}.",
    went_back="{} by {}",
    reference="Refund reference {}",
    another_way="another way",
)
CHINESE_REFUNDS = RefundWords(
    title="退款：{}",
    headline={
        RefundStage.STOPPING_GOODS: "正在拦截货品",
        RefundStage.AWAITING_APPROVAL: "店铺正在审核您的申请",
        RefundStage.REFUSED: "店铺未同意",
        RefundStage.WITHDRAWN: "已撤回",
        RefundStage.APPROVED: "店铺已同意",
        RefundStage.AWAITING_RETURN: "请寄回货品",
        RefundStage.RETURN_UNDER_WAY: "货品正在寄回",
        RefundStage.RETURN_RECEIVED: "货品已收到",
        RefundStage.RETURN_CLOSED: "已关闭：未收到退货",
        RefundStage.PAYING_BACK: "款项退回途中",
        RefundStage.PARTLY_PAID_BACK: "部分款项已退回",
        RefundStage.PAID_BACK: "已退款",
        RefundStage.NOT_PAID_BACK: "款项未能退回，店铺会与您联系",
    },
    upcoming={
        RefundStage.AWAITING_APPROVAL: "店铺审核申请",
        RefundStage.APPROVED: "店铺作出决定",
        RefundStage.AWAITING_RETURN: "店铺同意后，请您寄回货品",
        RefundStage.RETURN_UNDER_WAY: "请您寄回货品",
        RefundStage.RETURN_RECEIVED: "货品到达并查验",
        RefundStage.PAYING_BACK: "按原付款方式退回",
        RefundStage.PAID_BACK: "支付机构确认",
    },
    milestone={
        RefundMilestone.REQUESTED: "申请退款",
        RefundMilestone.GOODS_STOPPED: "货品已拦截",
        RefundMilestone.APPROVED: "店铺同意",
        RefundMilestone.SENT_BACK: "货品寄回",
        RefundMilestone.RECEIVED: "收到退货",
        RefundMilestone.PAYING_BACK: "款项退回途中",
        RefundMilestone.PAID_BACK: "已退款",
        RefundMilestone.REFUSED: "未同意",
        RefundMilestone.WITHDRAWN: "已撤回",
        RefundMilestone.RETURN_CLOSED: "已关闭",
        RefundMilestone.NOT_PAID_BACK: "未能退回",
    },
    you_get="您将收到 {}",
    confirmed="其中 {} 已确认",
    expected="预计退款到账",
    from_history="根据以往退款所用时间。",
    from_promise="根据我们为每一步设定的时间。",
    no_range="目前无法给出可靠的时间。",
    send_by="请在 {} 之前寄回货品。",
    went_back="{}，{}",
    reference="退款流水号 {}",
    another_way="其他方式",
)
