"""Pydantic conversion of payloads, with one cache of type adapters for the whole process.

The SDK makes a converter for each workflow instance; with a cache of its own each of them would build the same
adapters anew, which costs more than all the rest of a workflow task.
"""

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import CompositePayloadConverter, DefaultPayloadConverter, JSONPlainPayloadConverter


@lru_cache(maxsize=256)
def _adapter(type_hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_hint)


class _CachedJson(PydanticJSONPlainPayloadConverter):
    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        return _adapter(Any if type_hint is None else type_hint).validate_json(payload.data)


class CachedPydanticConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(
            *(
                _CachedJson() if isinstance(each, JSONPlainPayloadConverter) else each
                for each in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )
