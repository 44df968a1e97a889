"""Each step of an order belongs to the trace of the message that caused it, however often tasks are replayed.

No workflow is cached here, so each task replays the whole history: what survives that survives a restart. The test
server forgets the headers of a signal that comes with a start, so later messages come as plain signals here; the
journeys show the rest.
"""

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import format_trace_id
from temporalio import workflow
from temporalio.worker import Replayer

from domain.case import Cause, Choice
from domain.order import Stage
from runtime.temporal import WORKFLOWS, data_converter, replayer, workflow_runner
from tests.spans import Spans, a_trace
from tests.workflows.world import PAYLOAD_KEYS, World
from workflows.messages import PaymentSettled
from workflows.order import OrderWorkflow

pytestmark = pytest.mark.slow


def origins(step: ReadableSpan) -> list[str]:
    return [format_trace_id(link.context.trace_id) for link in step.links]


async def notified(world: World) -> PaymentSettled:
    fact = world.fact_of(world.capture())
    await world.handle.signal(OrderWorkflow.payment_settled, fact)
    return fact


async def test_steps_continue_the_trace_of_their_message_and_link_to_the_order(world: World, spans: Spans) -> None:
    with a_trace() as order:
        await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    with a_trace() as notice:
        await notified(world)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert spans.traces("records.place") == [order]
    for step in ("records.record_payment", "records.record_push"):
        assert spans.traces(step) == [notice], step
    (push,) = spans.named("warehouse.push")
    assert origins(push) == [order]
    assert origins(spans.named("records.place")[0]) == []
    entries = await world.rows("select step, trace_id from audit_log order by seq")
    assert entries == [
        ("place", order),
        ("record_payment", notice),
        ("record_push", notice),
    ]


async def test_a_message_that_changes_nothing_takes_nothing_over(world: World, spans: Spans) -> None:
    """The same notice again while the warehouse is slow."""
    world.warehouse.answers.clear()
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    with a_trace() as first:
        notice = await notified(world)
    await world.until_stage(Stage.PREPARING)
    with a_trace() as second:
        await world.handle.signal(OrderWorkflow.payment_settled, notice)

    async def written_twice() -> bool:
        return len(spans.traces("records.record_payment")) == 2

    await world.until(written_twice)
    world.warehouse.answers.set()
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert spans.traces("records.record_payment") == [first, second]
    assert set(spans.traces("records.record_push")) == {first}


async def test_what_a_person_decides_goes_on_in_the_trace_of_the_decision(world: World, spans: Spans) -> None:
    world.warehouse.silent = True
    await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    with a_trace() as notice:
        await notified(world)
    await world.until_stage(Stage.PREPARING)
    await world.passes(hours=3)
    await world.until_case(Cause.PUSH_FAILED)
    world.warehouse.silent = False
    with a_trace() as decision:
        await world.decide(Cause.PUSH_FAILED, Choice.RETRY)
    await world.until_stage(Stage.AT_WAREHOUSE)
    assert set(spans.traces("records.open_case")) == {notice}
    assert set(spans.traces("records.settle_case")) == {decision}
    assert spans.traces("warehouse.push")[-1] == decision
    assert set(spans.traces("warehouse.push")[:-1]) == {notice}
    assert set(spans.traces("records.record_push")) == {decision}


async def test_what_a_timer_does_belongs_to_the_message_that_set_it(world: World, spans: Spans) -> None:
    with a_trace() as order:
        await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    await world.passes(minutes=3)
    await world.end()
    assert set(spans.traces("payments.query_trade")) == {order}
    assert set(spans.traces("records.stop")) == {order}


async def test_a_run_that_starts_anew_knows_its_last_message_and_its_order(
    world: World, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    def suggested(info: workflow.Info) -> bool:
        return info.get_current_history_length() > 12

    monkeypatch.setattr(workflow.Info, "is_continue_as_new_suggested", suggested)
    with a_trace() as order:
        await world.place()
    await world.until_stage(Stage.AWAITING_PAYMENT)
    with a_trace() as notice:
        await notified(world)

    async def loaded_anew() -> bool:
        return bool(spans.named("records.load"))

    await world.until(loaded_anew)
    assert spans.traces("records.load") == [notice]
    assert origins(spans.named("records.load")[0]) == [order]


async def test_a_history_with_traces_replays_with_tracing_and_without(world: World) -> None:
    with a_trace():
        await world.go_to(Stage.AT_WAREHOUSE)
        await world.ship()
        await world.deliver()
        await world.end()
    history = await world.handle.fetch_history()
    assert b"traceparent" in b"".join(event.SerializeToString() for event in history.events)
    converter = data_converter(PAYLOAD_KEYS)
    await replayer(converter).replay_workflow(history)
    plain = Replayer(workflows=list(WORKFLOWS), data_converter=converter, workflow_runner=workflow_runner())
    await plain.replay_workflow(history)
