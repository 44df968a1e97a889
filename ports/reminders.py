"""The watch over what stays open, as the one sender sees it."""

from typing import Protocol


class Reminders(Protocol):
    async def look(self) -> int:
        """Writes whom to tell now of what, each level of each open thing once, whoever looks. How many were told."""
