"""What the record notices while it writes, told once its transaction is safe."""

from datetime import timedelta
from typing import Protocol

from domain.case import Cause
from domain.reference import OrderId


class Measures(Protocol):
    def order_placed(self, order_id: OrderId) -> None: ...

    def order_paid(self, after: timedelta) -> None:
        """`after` the message that made it paid was received."""

    def order_pushed(self, after: timedelta, *, attended: bool) -> None:
        """`after` it was recorded as paid; `attended`: a case was opened for it."""

    def case_opened(self, cause: Cause) -> None: ...

    def reminded(self, what: str) -> None:
        """Somebody was told of an open case, by its cause, or of another open thing."""


class Unmeasured:
    """Nobody wants to know."""

    def order_placed(self, order_id: OrderId) -> None:
        pass

    def order_paid(self, after: timedelta) -> None:
        pass

    def order_pushed(self, after: timedelta, *, attended: bool) -> None:
        pass

    def case_opened(self, cause: Cause) -> None:
        pass

    def reminded(self, what: str) -> None:
        pass


UNMEASURED: Measures = Unmeasured()
