"""The bazaar's after-sales, and its ledger of what it paid back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.pace import CHINA, now, shown

ASKED, AGREED, REFUSED, SUCCEEDED, CLOSED = "asked", "agreed", "refused", "succeeded", "closed"
MERCHANT, PLATFORM, BUYER, CLOCK = "merchant", "platform", "buyer", "clock"
EXTENSION = timedelta(hours=24)


@dataclass
class AfterSale:
    """`units`: {line id: quantity}. What is paid is `amount_minor`, once, with a payout number."""

    number: str
    shop_id: str
    order_no: str
    amount_minor: int
    freight_minor: int
    units: dict[str, int]
    reason: str
    deadline: datetime | None
    extensions_left: int = 1
    revision: int = 1
    state: str = ASKED
    decided_by: str = ""
    evidence: str = ""
    succeeded_at: datetime | None = None
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def payout_no(self) -> str | None:
        return f"PO-{self.number}" if self.succeeded_at else None

    def wire(self) -> dict[str, object]:
        return {
            "after_sale_no": self.number,
            "order_no": self.order_no,
            "revision": self.revision,
            "state": self.state,
            "amount_minor": self.amount_minor,
            "currency": "CNY",
            "freight_minor": self.freight_minor,
            "units": [{"line_id": line, "quantity": quantity} for line, quantity in self.units.items()],
            "reason": self.reason,
            "words": "打开就是坏的",
            "deadline": _time(self.deadline),
            "extensions_left": self.extensions_left,
            "decided_by": self.decided_by,
            "succeeded_at": _time(self.succeeded_at),
            "payout_no": self.payout_no,
        }

    def shown(self) -> dict[str, object]:
        return {
            **self.wire(),
            "shop_id": self.shop_id,
            "evidence": self.evidence,
            "succeeded_at": None if self.succeeded_at is None else shown(self.succeeded_at),
        }

    def decide(self, state: str, by: str) -> bool:
        """Whether anything changed: what is decided stays, unless the bazaar overrules a merchant's no."""
        allowed = {ASKED: (AGREED, REFUSED, CLOSED), REFUSED: (AGREED, CLOSED), AGREED: (SUCCEEDED, CLOSED)}
        if state not in allowed.get(self.state, ()) or (self.state == REFUSED and by == MERCHANT):
            return False
        self.state = state
        self.decided_by = self.decided_by if state == SUCCEEDED else by
        self.revision += 1
        if state == SUCCEEDED:
            self.succeeded_at = now()
        return True

    def extend(self) -> bool:
        if self.state != ASKED or self.deadline is None or not self.extensions_left:
            return False
        self.deadline += EXTENSION
        self.extensions_left -= 1
        self.revision += 1
        return True


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(CHINA).isoformat(timespec="seconds")
