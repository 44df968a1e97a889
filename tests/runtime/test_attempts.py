"""What is said of each attempt: its time, its outcome, where it comes from; of an error never more than its kind."""

import logging
from dataclasses import replace

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from ports.errors import Unavailable
from ports.provenance import PROVENANCE, Provenance
from runtime.attempts import AttemptLog
from tests.collected import Collected


class Step(ActivityInboundInterceptor):
    """What the worker would run."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.seen: Provenance | None = None

    async def execute_activity(self, input: ExecuteActivityInput) -> str:  # noqa: A002 - the SDK's name
        self.seen = PROVENANCE.get()
        if self.error is not None:
            raise self.error
        return str(input.args[0])


async def attempt(step: Step, collected: Collected, argument: object = "done") -> object:
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info, activity_type="warehouse.push", workflow_id="order/shop/tea/1001", attempt=2
    )
    tried = AttemptLog(collected.metrics).intercept_activity(step)
    return await environment.run(tried.execute_activity, ExecuteActivityInput(lambda: None, (argument,), None, {}))


async def test_an_attempt_is_timed_and_knows_its_transaction(collected: Collected) -> None:
    step = Step()
    assert await attempt(step, collected) == "done"
    assert step.seen is not None
    assert step.seen.transaction_id == "order/shop/tea/1001/push"
    assert collected.value("lockstep_attempts_total", step="warehouse.push", outcome="done") == 1
    assert collected.value("lockstep_step_seconds_count", step="warehouse.push") == 1


async def test_a_failed_attempt_is_counted_and_told_in_our_words(
    collected: Collected, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ApplicationError, match="no answer in 10 s"):
        await attempt(Step(Unavailable("warehouse: no answer in 10 s")), collected)
    assert collected.value("lockstep_attempts_total", step="warehouse.push", outcome="failed") == 1
    (line,) = [each for each in caplog.records if each.name == "lockstep.attempts"]
    assert line.levelno == logging.WARNING
    assert line.getMessage() == "attempt 2 of warehouse.push failed: warehouse: no answer in 10 s"


async def test_of_an_unforeseen_error_only_kind_and_place_are_told(
    collected: Collected, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ApplicationError) as raised:
        await attempt(Step(KeyError("云小满 13900001234")), collected)
    assert "KeyError at test_attempts.py" in str(raised.value)
    assert "13900001234" not in str(raised.value) + caplog.text
