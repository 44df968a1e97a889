"""An incoming message as it came over the wire, before anyone believes it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RawMessage:
    """`headers` have lower-case names; `body` is the raw bytes that the signature covers."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class RawAnswer:
    """What the sender is told, in the sender's own words."""

    status: int
    media_type: str
    body: bytes
