"""`lockstep namespace` against a real Temporal that knows nothing of us."""

from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from domain.order import Stage
from runtime.embedded import EmbeddedTemporal
from tests.builders import ORDER_ID
from tests.cli.conftest import CommandLine
from workflows import identity

pytestmark = pytest.mark.slow

OURS = [key.name for key in identity.SEARCH_ATTRIBUTES]


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[EmbeddedTemporal]:
    async with EmbeddedTemporal.throwaway(ui=False) as server:
        yield server


def command_line(temporal: EmbeddedTemporal, namespace: str) -> CommandLine:
    return CommandLine({"TEMPORAL_ADDRESS": temporal.address, "TEMPORAL_NAMESPACE": namespace})


async def days_kept(client: Client) -> float:
    answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return answer.config.workflow_execution_retention_ttl.ToTimedelta().days


async def test_an_order_can_start_in_the_namespace_it_made(temporal: EmbeddedTemporal) -> None:
    made = await command_line(temporal, "shops").data("namespace")
    assert (made["created"], made["retention_days"], made["search_attributes_added"]) == (True, 30, OURS)
    client = await Client.connect(temporal.address, namespace="shops")
    assert await days_kept(client) == 30
    attributes = identity.search_attributes(ORDER_ID, Stage.AWAITING_PAYMENT)
    handle = await client.start_workflow("Order", id="order/1", task_queue="q", search_attributes=attributes)
    assert (await handle.describe()).typed_search_attributes == attributes


async def test_again_it_changes_the_retention_and_nothing_else(temporal: EmbeddedTemporal) -> None:
    lockstep = command_line(temporal, "shops-again")
    assert (await lockstep("namespace")).code == 0
    said = await lockstep("namespace", LOCKSTEP_TEMPORAL_RETENTION_DAYS="7")
    assert said.out.splitlines() == [
        "namespace shops-again: was there",
        "histories are kept for 7 days after their end",
        "search attributes added: none",
    ]
    assert await days_kept(await Client.connect(temporal.address, namespace="shops-again")) == 7


async def test_an_attribute_of_another_type_is_named(temporal: EmbeddedTemporal) -> None:
    wrong = {identity.STAGE.name: IndexedValueType.INDEXED_VALUE_TYPE_INT}
    client = await Client.connect(temporal.address)
    request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wrong)
    await client.operator_service.add_search_attributes(request)
    said = await command_line(temporal, "default")("namespace")
    assert (said.code, said.out) == (1, "")
    assert "the search attribute LockstepStage is int there and must be keyword" in said.err


async def test_no_temporal_and_no_retention_are_told_in_a_sentence(temporal: EmbeddedTemporal) -> None:
    away = await CommandLine({"TEMPORAL_ADDRESS": "127.0.0.1:9"})("namespace")
    assert (away.code, "Temporal cannot be reached at 127.0.0.1:9" in away.err) == (3, True)
    none = await command_line(temporal, "shops")("namespace", LOCKSTEP_TEMPORAL_RETENTION_DAYS="0")
    assert (none.code, "LOCKSTEP_TEMPORAL_RETENTION_DAYS" in none.err) == (2, True)
