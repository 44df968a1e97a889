"""What is said of each attempt: its time, its outcome, where it comes from; of an error never more than its kind."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.trace import StatusCode
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from ports.errors import Unavailable
from ports.payments import TradeQuestion
from ports.provenance import PROVENANCE, Provenance
from runtime.attempts import AttemptLog
from tests.collected import Collected
from tests.spans import Spans, a_trace


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


async def attempt(step: Step, collected: Collected, argument: object = "done", **about: Any) -> object:
    environment = ActivityEnvironment()
    usual: dict[str, Any] = {
        "activity_type": "warehouse.push",
        "workflow_id": "order/shop/tea/1001",
        "attempt": 2,
        "heartbeat_timeout": None,
    }
    environment.info = replace(environment.info, **(usual | about))
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


async def test_an_attempt_is_a_span_that_the_step_itself_knows(collected: Collected, spans: Spans) -> None:
    step = Step()
    with a_trace() as trace:
        await attempt(step, collected)
    assert spans.traces("warehouse.push") == [trace]
    assert step.seen is not None
    assert step.seen.trace_id == trace
    attributes = spans.named("warehouse.push")[0].attributes
    assert attributes == {
        "lockstep.transaction_id": "order/shop/tea/1001/push",
        "lockstep.workflow_id": "order/shop/tea/1001",
        "lockstep.attempt": 2,
    }


async def test_a_call_and_the_record_of_its_answer_bear_one_transaction_id(collected: Collected, spans: Spans) -> None:
    asked = TradeQuestion("alipay", "main", "tea_1001", "order/shop/tea/1001/query/1")
    await attempt(Step(), collected, asked, activity_type="payments.query_trade")
    (told,) = spans.named("payments.query_trade")
    assert told.attributes is not None
    assert told.attributes["lockstep.transaction_id"] == asked.transaction_id


async def test_of_a_failure_a_span_tells_our_words_and_no_others(collected: Collected, spans: Spans) -> None:
    for error in (Unavailable("warehouse: no answer in 10 s"), KeyError("云小满 13900001234")):
        with pytest.raises(ApplicationError):
            await attempt(Step(error), collected)
    told = spans.named("warehouse.push")
    assert [each.status.status_code for each in told] == [StatusCode.ERROR] * 2
    assert told[0].status.description == "warehouse: no answer in 10 s"
    assert "13900001234" not in "".join(each.to_json() for each in told)


async def test_a_step_that_lives_as_long_as_its_worker_is_no_endless_span(collected: Collected, spans: Spans) -> None:
    await attempt(Step(), collected, activity_type="outbox.send", heartbeat_timeout=timedelta(seconds=10))
    assert spans.named("outbox.send") == []
    assert collected.value("lockstep_attempts_total", step="outbox.send", outcome="done") == 1
    assert collected.value("lockstep_step_seconds_count", step="outbox.send") is None
