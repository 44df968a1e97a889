"""What a caller may take for accepted: a refund that Temporal knows of, whether a worker has taken it up or not."""

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from domain.refund import Asking
from ports.refunds import RefundAsked
from runtime.refund_desk import RefundDesk
from runtime.updates import TemporalAway
from tests.builders import ORDER_ID

ASKED = RefundAsked(Asking("r1", ORDER_ID, "ann"), "damaged", "")


class SlowTemporal:
    """No answer comes in time; `knows`: what it says of the refund afterwards."""

    def __init__(self, knows: RPCError | None) -> None:
        self._knows = knows

    async def execute_update_with_start_workflow(self, *_: object, **__: object) -> None:
        raise WorkflowUpdateRPCTimeoutOrCancelledError

    def get_workflow_handle(self, workflow_id: str) -> "SlowTemporal":
        assert workflow_id == "refund/r1"
        return self

    async def describe(self, **_: object) -> None:
        if self._knows is not None:
            raise self._knows


def asking(knows: RPCError | None) -> RefundDesk:
    return RefundDesk(SlowTemporal(knows))  # type: ignore[arg-type]


async def test_what_temporal_knows_of_waits_for_a_worker() -> None:
    assert await asking(None).ask(ASKED) is None


@pytest.mark.parametrize("status", [RPCStatusCode.NOT_FOUND, RPCStatusCode.DEADLINE_EXCEEDED])
async def test_what_temporal_may_not_know_of_is_to_be_sent_again(status: RPCStatusCode) -> None:
    with pytest.raises(TemporalAway, match="send the same again"):
        await asking(RPCError("not so", status, b"")).ask(ASKED)
