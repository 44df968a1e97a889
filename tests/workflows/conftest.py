"""For each test a Temporal with a clock of its own (0.2 s), workers, a fresh record and a fake outside."""

import itertools
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from domain.reference import OrderId
from ports.clock import FixedClock
from runtime.temporal import data_converter
from runtime.tracing import plugins
from tests.workflows.installation import Installation
from tests.workflows.world import PAYLOAD_KEYS, World
from workflows import identity

_numbers = itertools.count(1001)


@pytest.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    program = Path(sys.executable).with_name("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=data_converter(PAYLOAD_KEYS), plugins=plugins()
    ) as started:
        types = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in identity.SEARCH_ATTRIBUTES}
        request = AddSearchAttributesRequest(namespace=started.client.namespace, search_attributes=types)
        await started.client.operator_service.add_search_attributes(request)
        yield started


@pytest.fixture
async def world(env: WorkflowEnvironment, record: AsyncEngine) -> AsyncIterator[World]:
    order_id = OrderId("shop", "tea", str(next(_numbers)))
    async with World(env, record, order_id, await env.get_current_time()) as opened:
        yield opened


@pytest.fixture
async def installation(env: WorkflowEnvironment, record: AsyncEngine) -> Installation:
    return Installation(env, record, FixedClock(await env.get_current_time()))
