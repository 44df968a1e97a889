"""What an adapter may raise. A refusal by the other side is no error: it is a value (see each port's answers).

PortError
├── Unavailable             no answer, 5xx, cut off: the call may or may not have had its effect; safe to repeat
│   └── NeverSent           nobody was there to be asked: the call had no effect
├── AnswerNotUnderstood     an answer outside the agreed protocol: repeated like an outage, then a case
└── MessageRefused          an incoming message that is not what it claims to be; `reason` is a RefusalReason
"""

from enum import StrEnum


class PortError(Exception):
    pass


class Unavailable(PortError):
    pass


class NeverSent(Unavailable):
    pass


class AnswerNotUnderstood(PortError):
    pass


class RefusalReason(StrEnum):
    """Why an incoming message was refused. The same words stand in the evidence, the metrics and docs/sop.md."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    STALE = "stale"
    APP = "app"
    SELLER = "seller"
    CURRENCY = "currency"


class MessageRefused(PortError):
    """`claimed_id` is what the message says its id is, where that much could be read: nobody vouches for it."""

    def __init__(self, reason: RefusalReason, detail: str, claimed_id: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.claimed_id = claimed_id
