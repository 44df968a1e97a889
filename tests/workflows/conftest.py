"""For each test a Temporal with a clock of its own (0.2 s), workers, a fresh record and a fake outside."""

import itertools
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import workflow
from temporalio.testing import WorkflowEnvironment

from domain.reference import OrderId
from drill.virtual.house import open_temporal
from ports.clock import FixedClock
from tests.workflows.installation import Installation
from tests.workflows.platform_world import PlatformWorld
from tests.workflows.refund_world import RefundWorld
from tests.workflows.world import PAYLOAD_KEYS, World

_numbers = itertools.count(1001)


@pytest.fixture
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with open_temporal(PAYLOAD_KEYS) as started:
        yield started


@pytest.fixture
async def world(env: WorkflowEnvironment, record: AsyncEngine) -> AsyncIterator[World]:
    order_id = OrderId("shop", "tea", str(next(_numbers)))
    async with World(env, record, order_id, await env.get_current_time()) as opened:
        yield opened


@pytest.fixture
async def refund_world(env: WorkflowEnvironment, record: AsyncEngine) -> AsyncIterator[RefundWorld]:
    async with RefundWorld(env, record, OrderId("shop", "tea", "1001"), await env.get_current_time()) as opened:
        yield opened


@pytest.fixture
async def platform_world(env: WorkflowEnvironment, record: AsyncEngine) -> AsyncIterator[PlatformWorld]:
    async with PlatformWorld(env, record, OrderId("bazaar", "tea", "2001"), await env.get_current_time()) as opened:
        yield opened


@pytest.fixture
async def installation(env: WorkflowEnvironment, record: AsyncEngine) -> Installation:
    return Installation(env, record, FixedClock(await env.get_current_time()))


@pytest.fixture
def short_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server finds each history too long that has more than a dozen events."""

    def suggested(info: workflow.Info) -> bool:
        return info.get_current_history_length() > 12

    monkeypatch.setattr(workflow.Info, "is_continue_as_new_suggested", suggested)
