"""What every provider's refund call has in common: whatever is not a provable answer is no answer at all."""

from collections.abc import Awaitable

from domain.refund_leg import RefundOutcome
from ports.errors import AnswerNotUnderstood, NeverSent, Unavailable
from ports.payments import RefundAnswer


async def lost_is_unknown(call: Awaitable[RefundAnswer]) -> RefundAnswer:
    """The request may have moved money, so only a question under the same number tells. Raises NeverSent."""
    try:
        return await call
    except NeverSent:
        raise
    except (Unavailable, AnswerNotUnderstood) as lost:
        return RefundAnswer(RefundOutcome.UNKNOWN, code=type(lost).__name__)
