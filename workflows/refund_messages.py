"""Everything one can say to a refund's workflow. What people do with its approval are updates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.reference import OrderId
from domain.refund import RefundStage
from domain.route import Route
from ports.refunds import RefundAsked, RefundTold, RefundView


@dataclass(frozen=True)
class Asked:
    """How often a leg was asked for or about, and when."""

    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class RefundStart:
    """What was asked; or nothing, where the record holds the refund: a late word of its provider, or a long life.

    Of a history that starts anew, `route`: who signs, whatever policy was saved meanwhile; `asks`: by leg.
    """

    asked: RefundAsked | None
    refund_id: str = ""
    order_id: OrderId | None = None
    route: Route | None = None
    asks: Mapping[int, Asked] = field(default_factory=dict)

    @property
    def about(self) -> tuple[str, OrderId]:
        if self.asked is not None:
            return self.asked.refund_id, self.asked.order_id
        assert self.order_id is not None, "who does not ask says what it is about"
        return self.refund_id, self.order_id


@dataclass(frozen=True)
class RefundEnd:
    """How a refund ended; the record holds the rest."""

    refund_id: str
    order_id: OrderId
    stage: RefundStage


@dataclass(frozen=True)
class GoodsAnswered:
    """The order's workflow wrote what came of the goods that were to be stopped; the record has it."""

    refund_id: str


@dataclass(frozen=True)
class ApprovalCommand:
    """What somebody does with the approval he saw as `version`; `verb` is one of domain/approval_verbs.py: VERBS.

    `task` is whose turn it is about; `signer` and `where` are for added, transferred and delegated tasks. `moves`: how
    often the approval had moved by then, for whoever wants to act on exactly what he saw.
    """

    verb: str
    by: str
    version: int
    task: int | None = None
    reason: str = ""
    signer: str = ""
    where: str = ""
    step: int | None = None
    keep_signatures: bool = False
    moves: int | None = None


__all__ = ["ApprovalCommand", "GoodsAnswered", "RefundAsked", "RefundEnd", "RefundStart", "RefundTold", "RefundView"]
