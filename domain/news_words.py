"""The words of news: order number, amount, and where to look; in both languages, since nobody's is known."""

from domain.news import News, Topic

_WORDS = {
    Topic.TO_SIGN: ("待审批", "waits for your decision"),
    Topic.REMINDER: ("催办", "is still open"),
    Topic.REFUND_OPENED: ("退款已受理", "Refund opened"),
    Topic.REFUND_REFUSED: ("退款未通过", "Refund refused"),
    Topic.REFUND_PAID_BACK: ("退款已退回", "Refund paid back"),
    Topic.REFUND_ENDED: ("退款已结束", "Refund ended"),
}


def in_words(piece: News) -> str:
    """One line, such as `退款已退回 Refund paid back: 1001, 12.00 CNY`."""
    chinese, english = _WORDS[piece.topic]
    number = (piece.order_id or piece.refund_id or "").rpartition("/")[2]
    told = ", ".join(str(each) for each in (number, piece.amount) if each)
    return f"{chinese} {english}: {told}" if told else f"{chinese} {english}"
