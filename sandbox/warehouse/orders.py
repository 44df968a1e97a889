"""What the warehouse decides when it is asked: to accept, stop, hold or release an order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.pace import now
from sandbox.warehouse.outbound import Outbound, Push, Shelves, State

Decision = tuple[int, dict[str, object]]
"""An HTTP status and the JSON that goes with it."""


@dataclass(frozen=True)
class Remembered:
    """The answer that a key got, and to which request."""

    request: str
    decision: Decision


class OrderDesk:
    """`start` is called once for each order that is accepted, to have it packed."""

    def __init__(self, levels: Mapping[str, int], start: Callable[[Outbound], None]) -> None:
        self.shelves = Shelves(levels)
        self._orders: dict[str, Outbound] = {}
        self._remembered: dict[str, Remembered] = {}
        self._start = start

    def __iter__(self) -> Iterator[Outbound]:
        return iter(self._orders.values())

    def find(self, reference: str) -> Outbound | None:
        return self._orders.get(reference)

    def push(self, reference: str, key: str, push: Push) -> Decision:
        """A refusal has no effect and is not remembered: the same request is judged anew once its cause is gone."""
        order = self._orders.get(reference)
        if order is not None:
            return self._push_again(order, key, push)
        if not push.has_full_address():
            return refusal(422, "address_rejected", "the address is not complete")
        if (sku := self.shelves.missing(push.lines)) is not None:
            return refusal(422, "unknown_sku", f"no sku {sku} here")
        if (sku := self.shelves.short(push.lines)) is not None:
            return refusal(422, "out_of_stock", f"not enough of {sku}")
        order = self._record(reference, State.ACCEPTED, push)
        order.idempotency_keys.append(key)
        self.shelves.take(push.lines)
        self._start(order)
        return 201, {"outbound_no": order.outbound_no, "state": "accepted"}

    def intercept(self, reference: str, key: str) -> Decision:
        """An order that is not known yet is stopped in advance: its push may still be on its way."""
        return self._once(f"intercept {reference}", key, lambda: self._stop(reference))

    def hold(self, reference: str, key: str) -> Decision:
        return self._once(f"hold {reference}", key, lambda: self._turn(reference, State.HELD, "held"))

    def release(self, reference: str, key: str) -> Decision:
        return self._once(f"release {reference}", key, lambda: self._turn(reference, State.ACCEPTED, "released"))

    def _push_again(self, order: Outbound, key: str, push: Push) -> Decision:
        if order.state is State.STOPPED or order.push is None:
            return refusal(409, "stopped", "this order was intercepted")
        if order.push.digest() != push.digest():
            return refusal(409, "different_content", "the same reference was pushed with other content")
        if key not in order.idempotency_keys:
            order.idempotency_keys.append(key)
        return 200, {"outbound_no": order.outbound_no, "state": "accepted"}

    def _once(self, request: str, key: str, act: Callable[[], Decision]) -> Decision:
        remembered = self._remembered.get(key)
        if remembered is None:
            remembered = Remembered(request, act())
            self._remembered[key] = remembered
        elif remembered.request != request:
            return refusal(409, "different_content", "the same key was used for another request")
        return remembered.decision

    def _stop(self, reference: str) -> Decision:
        order = self._orders.get(reference)
        if order is None:
            self._record(reference, State.STOPPED, None)
        elif order.is_in_house:
            order.turn(State.STOPPED)
            if order.push is not None:
                self.shelves.put_back(order.push.lines)
        elif order.state is not State.STOPPED:
            return 200, {"result": "too_late"}
        return 200, {"result": "stopped"}

    def _turn(self, reference: str, state: State, result: str) -> Decision:
        order = self._orders.get(reference)
        if order is None:
            return refusal(404, "not_found", f"no order {reference} here")
        if not order.is_in_house:
            return 200, {"result": "too_late"}
        order.turn(state)
        return 200, {"result": result}

    def _record(self, reference: str, state: State, push: Push | None) -> Outbound:
        number = f"OB{len(self._orders) + 1:08d}"
        order = Outbound(reference, number, state, push, pushed_at=now() if push else None)
        self._orders[reference] = order
        return order


def refusal(status: int, code: str, message: str) -> Decision:
    return status, {"code": code, "message": message}
