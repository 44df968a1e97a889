"""How every process of ours speaks with Temporal: worker, API, replayer and tests take all of it from here."""

from temporalio.client import Client
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.worker import Replayer, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from runtime.codec import EncryptionCodec
from runtime.config import Settings
from runtime.payloads import CachedPydanticConverter
from runtime.starting import OutsideAway
from runtime.temporal_access import access
from runtime.tracing import plugins
from workflows.order import OrderWorkflow
from workflows.outbox import OutboxWorkflow
from workflows.refund import RefundWorkflow
from workflows.undo import UndoWorkflow

WORKFLOWS = (OrderWorkflow, RefundWorkflow, OutboxWorkflow, UndoWorkflow)

# Only the file with the steps is loaded anew for each workflow; everything it stands on is imported once. The guards
# that the sandbox would give these modules are import contracts and banned names (pyproject.toml).
PASSED_THROUGH = (
    "activities",
    "domain",
    "ports",
    "pydantic",
    "runtime.payloads",
    "workflows.attended",
    "workflows.attended_order",
    "workflows.attended_refund",
    "workflows.identity",
    "workflows.messages",
    "workflows.narrative",
    "workflows.options",
    "workflows.refund_goods",
    "workflows.refund_messages",
    "workflows.stoppable_order",
)


def data_converter(keys: dict[str, bytes]) -> DataConverter:
    return DataConverter(
        payload_converter_class=CachedPydanticConverter,
        payload_codec=EncryptionCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def workflow_runner() -> WorkflowRunner:
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def replayer(converter: DataConverter) -> Replayer:
    return Replayer(
        workflows=list(WORKFLOWS), data_converter=converter, workflow_runner=workflow_runner(), plugins=plugins()
    )


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """`lazy`: only once something is said. A worker can't use such a client. Raises OutsideAway."""
    converter = data_converter(settings.payload_key_ring)
    try:
        return await Client.connect(**access(settings), data_converter=converter, lazy=lazy, plugins=plugins())
    except RuntimeError as away:
        said = str(away).splitlines()[0]
        raise OutsideAway(f"Temporal cannot be reached at {settings.temporal_address}: {said}") from away
