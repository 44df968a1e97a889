"""The plan of an undoing in the record: local activities."""

from collections.abc import Callable, Sequence

from temporalio import activity

from ports.undo import UndoItem, UndoRecords, UndoTurn


class UndoActivities:
    def __init__(self, records: UndoRecords) -> None:
        self._records = records

    @activity.defn(name="undo.next_item")
    async def next_item(self, turn: UndoTurn) -> UndoItem | None:
        return await self._records.next_item(turn)

    @property
    def all(self) -> Sequence[Callable[..., object]]:
        """What a worker registers."""
        return (self.next_item,)
