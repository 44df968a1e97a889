"""An incoming message as it came over the wire, before anyone believes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class RawMessage:
    """`headers` have lower-case names; `body` is the raw bytes that the signature covers."""

    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def arrived(cls, headers: Iterable[tuple[str, str]], body: bytes) -> Self:
        """As it came over HTTP: names in any case, a header that comes twice read as one with a comma (RFC 9110)."""
        folded: dict[str, str] = {}
        for name, value in headers:
            known = folded.get(name.lower())
            folded[name.lower()] = value if known is None else f"{known}, {value}"
        return cls(folded, body)


@dataclass(frozen=True)
class RawAnswer:
    """What the sender is told, in the sender's own words. An answer without a body has no media type."""

    status: int
    media_type: str
    body: bytes
