"""The words of news: order number, amount, and where to look; in both languages, since nobody's is known."""

from collections.abc import Sequence

from domain.news import News, Topic

MOST_NAMED = 10

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


def as_message(pieces: Sequence[News]) -> str:
    """One piece as it is, several as a digest that names the first of them and counts the rest."""
    if len(pieces) == 1:
        return in_words(pieces[0])
    lines = [f"{len(pieces)} 条消息 messages", *(in_words(each) for each in pieces[:MOST_NAMED])]
    return "\n".join([*lines, *([f"+ {len(pieces) - MOST_NAMED}"] if len(pieces) > MOST_NAMED else [])])
