"""A Temporal with a clock of its own, workers on it, and the record's clock that follows."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Worker,
    WorkflowRunner,
)

from activities.after_sales import AfterSaleActivities
from activities.approvers import ApproverActivities
from activities.messages import MessageActivities
from activities.payments import PaymentActivities
from activities.records import RecordActivities
from activities.refunds import RefundActivities
from activities.warehouse import WarehouseActivities
from domain.limits import Limits
from domain.reference import ShopId
from persistence.approvers import PostgresApprovers
from persistence.engine import Engine
from persistence.refunds import PostgresRefunds
from ports.after_sales import AfterSales
from ports.brake import Brake, NoBrake
from ports.clock import Clock, FixedClock
from ports.payments import PaymentProvider
from ports.records import OrderRecords
from ports.warehouse import Warehouse
from runtime import temporal
from runtime.messenger import TemporalMessenger
from runtime.temporal import data_converter
from runtime.tracing import plugins
from workflows import identity

NO_BRAKE = NoBrake()
NO_PLATFORMS: Mapping[ShopId, AfterSales] = {}


@asynccontextmanager
async def open_temporal(payload_keys: dict[str, bytes]) -> AsyncIterator[WorkflowEnvironment]:
    """The test server (0.2 s): its time flies while nothing is in flight and somebody waits for it."""
    program = Path(sys.executable).with_name("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=data_converter(payload_keys), plugins=plugins()
    ) as started:
        types = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in identity.SEARCH_ATTRIBUTES}
        request = AddSearchAttributesRequest(namespace=started.client.namespace, search_attributes=types)
        await started.client.operator_service.add_search_attributes(request)
        yield started


def workers(
    env: WorkflowEnvironment,
    records: OrderRecords,
    providers: Mapping[str, PaymentProvider],
    warehouse: Warehouse,
    interceptors: Sequence[Interceptor],
    runner: WorkflowRunner | None = None,
    brake: Brake = NO_BRAKE,
    platforms: Mapping[ShopId, AfterSales] = NO_PLATFORMS,
    **options: Any,
) -> list[Worker]:
    """One per task queue, with the real workflow and activities; `options` are for each of them."""

    def worker(queue: str, activities: Sequence[Callable[..., object]], **more: Any) -> Worker:
        return Worker(
            env.client,
            task_queue=queue,
            activities=activities,
            workflow_runner=runner or temporal.workflow_runner(),
            interceptors=interceptors,
            **options,
            **more,
        )

    of_money = [*PaymentActivities(providers, brake).all, *AfterSaleActivities(platforms, brake).all]
    of_orders = [*RecordActivities(records).all, *_messages(env)]
    return [
        worker(identity.ORDERS, of_orders, workflows=temporal.WORKFLOWS, no_remote_activities=True),
        worker(identity.PAYMENTS, of_money),
        worker(identity.WAREHOUSE, WarehouseActivities(warehouse, records).all),
    ]


def refund_worker(
    env: WorkflowEnvironment, engine: Engine, clock: Clock, interceptors: Sequence[Interceptor], runner: WorkflowRunner
) -> Worker:
    return Worker(
        env.client,
        task_queue=identity.REFUNDS,
        activities=[
            *RefundActivities(PostgresRefunds(engine, clock, Limits())).all,
            *ApproverActivities(PostgresApprovers(engine)).all,
            *_messages(env),
        ],
        workflows=temporal.WORKFLOWS,
        workflow_runner=runner,
        interceptors=interceptors,
        no_remote_activities=True,
    )


def _messages(env: WorkflowEnvironment) -> Sequence[Callable[..., object]]:
    return MessageActivities(TemporalMessenger(env.client)).all


class VirtualTime(Interceptor):
    """Before each step the record's clock is set to the workflow's time."""

    def __init__(self, env: WorkflowEnvironment, clock: FixedClock) -> None:
        self.env = env
        self.clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Timed(next, self)


class _Timed(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, time: VirtualTime) -> None:
        super().__init__(inner)
        self._time = time

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        self._time.clock.time = await self._time.env.get_current_time()
        return await super().execute_activity(input)
