"""The namespace of a Temporal that we look after ourselves: it is there, keeps histories long enough, knows our words.

Temporal Cloud lets nobody do this from here: its own console and command do it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

PATIENCE_SECONDS = 60.0  # each server of a cluster learns of a new namespace by itself
ASK_EVERY_SECONDS = 0.5


class OtherType(Exception):
    """A search attribute of ours is registered with a type that is not ours."""


@dataclass(frozen=True)
class Readiness:
    """What had to be done."""

    created: bool
    added: tuple[str, ...]


async def make_ready(client: Client, retention: timedelta, keys: Iterable[SearchAttributeKey[Any]]) -> Readiness:
    """Safe to repeat, also with another retention. Raises RPCError, OtherType, TimeoutError."""
    created = await _create(client, retention)
    if not created:
        await _keep_for(client, retention)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return Readiness(created, await register(client, keys))
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(ASK_EVERY_SECONDS)


async def _create(client: Client, retention: timedelta) -> bool:
    """False: it was there."""
    request = RegisterNamespaceRequest(namespace=client.namespace, workflow_execution_retention_period=_span(retention))
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return False
        raise
    return True


async def _keep_for(client: Client, retention: timedelta) -> None:
    config = NamespaceConfig(workflow_execution_retention_ttl=_span(retention))
    await client.workflow_service.update_namespace(UpdateNamespaceRequest(namespace=client.namespace, config=config))


async def register(client: Client, keys: Iterable[SearchAttributeKey[Any]]) -> tuple[str, ...]:
    """Add the search attributes that are missing; their names. Raises RPCError, OtherType."""
    ours = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in keys}
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    known = listed.custom_attributes
    for name in ours.keys() & known.keys():
        if known[name] != ours[name]:
            raise OtherType(
                f"the search attribute {name} is {_word(known[name])} there and must be {_word(ours[name])}"
            )
    missing = {name: kind for name, kind in ours.items() if name not in known}
    if missing:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        await client.operator_service.add_search_attributes(request)
    return tuple(missing)


def _word(kind: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").lower()


def _span(time: timedelta) -> Duration:
    span = Duration()
    span.FromTimedelta(time)
    return span
