"""The brake, for those who are about to move money outside."""

from typing import Protocol


class Brake(Protocol):
    async def is_on(self) -> bool:
        """Whether no money may leave now. Asked before each call, never remembered."""


class NoBrake(Brake):
    """Where nobody stops anything."""

    async def is_on(self) -> bool:
        return False
