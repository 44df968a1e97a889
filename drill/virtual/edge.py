"""The edge, in this process: the real handlers below HTTP, which crash where the plan says so."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api import after_sale_events, parcel_events, payment_notices, refunds, shop_orders
from api.acceptance import Acceptance
from api.allowances import Allowances
from api.errors import Problem
from api.refund_bodies import AssessmentBody, RefundBody, WaybillBody
from api.schemas import CancelBody, PlaceOrderBody, RecipientBody
from api.shop_orders import Request
from domain.payment import Capture
from domain.reference import OrderId, ShopId
from drill.virtual.life import Life
from drill.virtual.matrix import Component, Message
from drill.virtual.plan import provider_of
from drill.virtual.speech import SPEAKING
from drill.virtual.steps import Crashed
from persistence.access import Token
from persistence.engine import Connection
from persistence.evidence import Arrival
from ports.messages import RawMessage
from ports.records import PaymentSettled
from runtime.wiring import House
from workflows.messages import Fact
from workflows.order import OrderWorkflow
from workflows.refund_messages import ApprovalCommand

TOKEN = Token("shop", frozenset({"orders:write"}))
UNAVAILABLE = 503
FINAL = ("refund-refused", "decision-refused")  # answers that no repetition changes


@dataclass(frozen=True)
class Delivery:
    """One attempt at telling us. `status` is None when no answer came."""

    at: datetime
    status: int | None
    answer: str = ""


class Edge:
    def __init__(self, house: House) -> None:
        self._house = house

    async def notice(self, life: Life, body: bytes, message: Message = Message.NOTICE) -> Delivery:
        async def take() -> tuple[int, str]:
            provider = self._house.providers[provider_of(life.order_id.shop_id)]
            doors = self._doors(life, message)
            with doors.through(message is Message.REFUNDED):
                answer = await payment_notices.take_notice(doors, provider, _raw(body))
            return answer.status, answer.body.decode()

        return await self._answered(take)

    async def parcel(self, life: Life, body: bytes, message: Message = Message.PARCEL) -> Delivery:
        async def take() -> tuple[int, str]:
            doors = self._doors(life, message)
            with doors.through(message is Message.CAME_BACK):
                await parcel_events.take_parcel_event(doors, _raw(body))
            return 204, ""

        return await self._answered(take)

    async def order(self, life: Life, body: dict[str, Any]) -> Delivery:
        async def take() -> tuple[int, str]:
            request = Request(TOKEN, f"place {life.order_id}", str(body).encode())
            placed = PlaceOrderBody.model_validate(body)
            await shop_orders.place_order(self._doors(life, Message.ORDER), request, placed)
            return 202, ""

        return await self._answered(take)

    async def settled(self, life: Life, capture: Capture) -> None:
        """No channel brings this in yet: it goes to the workflow at once."""
        fact = PaymentSettled(life.order_id, capture, "notice")
        await Acceptance(self._house, Allowances(), "drill").tell(life.order_id, OrderWorkflow.payment_settled, fact)

    async def after_sale(self, life: Life, body: bytes) -> Delivery:
        async def take() -> tuple[int, str]:
            shop = ShopId(life.order_id.channel, life.order_id.shop_id)
            doors = self._doors(life, Message.AFTER_SALE)
            with doors.through():
                await after_sale_events.take_after_sale_event(doors, str(shop), self._house.platforms[shop], _raw(body))
            return 204, ""

        return await self._answered(take)

    async def cancel(self, life: Life, reason: str) -> Delivery:
        async def take() -> tuple[int, str]:
            request = Request(TOKEN, f"cancel {life.order_id}", reason.encode())
            body = CancelBody(reason=reason)
            await shop_orders.cancel_order(self._doors(life, Message.CANCEL), request, life.order_id, body)
            return 202, ""

        return await self._answered(take)

    async def recipient(self, life: Life, recipient: dict[str, str]) -> Delivery:
        async def take() -> tuple[int, str]:
            request = Request(TOKEN, f"recipient {life.order_id}", str(recipient).encode())
            body = RecipientBody.model_validate(recipient)
            await shop_orders.amend_recipient(self._doors(life, Message.RECIPIENT), request, life.order_id, body)
            return 202, ""

        return await self._answered(take)

    async def refund(self, life: Life, facts: dict[str, Any]) -> Delivery:
        async def take() -> tuple[int, str]:
            key = facts.pop("key")
            doors = self._doors(life, Message.REFUND)
            with doors.through():
                await refunds.ask_refund(doors, Request(TOKEN, key, b"asked"), RefundBody.model_validate(facts))
            return 202, ""

        return await self._answered(take)

    async def said(self, life: Life, message: Message, facts: dict[str, Any]) -> Delivery:
        """A person's word about a refund: he decides, has sent the goods, says what damage costs."""

        async def take() -> tuple[int, str]:
            refund_id = facts.pop("refund")
            doors = self._doors(life, message)
            await doors.enter()
            with doors.through():
                if message is Message.WAYBILL:
                    await refunds.send_goods(self._house, refund_id, WaybillBody(**facts))
                elif message is Message.ASSESSMENT:
                    body = AssessmentBody.model_validate(facts)
                    await refunds.assess(self._house, refund_id, body, facts["by"])
                else:
                    await refunds.act(self._house, refund_id, ApprovalCommand(**facts))
            return 200, ""

        return await self._answered(take)

    def _doors(self, life: Life, message: Message) -> "_Fragile":
        return _Fragile(self._house, life, message)

    async def _answered(self, take: Callable[[], Awaitable[tuple[int, str]]]) -> Delivery:
        at = self._house.clock.now()
        try:
            status, answer = await take()
        except Crashed:
            return Delivery(at, None, "no answer")
        except (ConnectionError, WorkflowAlreadyStartedError):
            # The test server lets one of two signals that start the same workflow fail; a real one takes both.
            return Delivery(at, UNAVAILABLE, "unavailable")
        except Problem as problem:
            return Delivery(at, problem.status, problem.kind)
        return Delivery(at, status, answer)


class _Fragile(Acceptance):
    """An API process that dies on its way, or finds Postgres or Temporal away."""

    def __init__(self, house: House, life: Life, message: Message) -> None:
        super().__init__(house, Allowances(), "drill")
        self._life = life
        self._message = message

    async def keep(self, db: Connection, arrival: Arrival) -> int:
        await self.enter()
        return await super().keep(db, arrival)

    async def enter(self) -> None:
        if self._dies("received"):
            raise Crashed
        if self._life.crashes(Component.POSTGRES, self._message):
            raise ConnectionError

    @contextmanager
    def through(self, to_a_refund: bool = True) -> Iterator[None]:  # noqa: FBT001, FBT002 - a notice may be of either
        """Whatever is said to a refund's workflow meanwhile may be lost, and so may its answer."""
        before = SPEAKING.set(self.said if to_a_refund else None)
        try:
            yield
        finally:
            SPEAKING.reset(before)

    async def said(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Temporal's answer may be lost as well as its acceptance."""
        if self._dies("kept"):
            raise Crashed
        is_cut = self._life.crashes(Component.TEMPORAL, self._message)
        dies = self._dies("accepted")
        if is_cut and self._life.rng.random() < 1 / 2:
            raise RPCError("Temporal is away", RPCStatusCode.UNAVAILABLE, b"")
        answer = await call()
        if is_cut:
            raise RPCError("Temporal's answer was lost", RPCStatusCode.UNAVAILABLE, b"")
        if dies:
            raise Crashed
        return answer

    async def tell(self, order_id: OrderId, signal: Callable[..., None], fact: Fact, summary: str = "") -> None:
        """Temporal's answer may be lost as well as its acceptance."""
        if self._dies("kept"):
            raise Crashed
        is_cut = self._life.crashes(Component.TEMPORAL, self._message)
        dies = self._dies("accepted")
        if is_cut and self._life.rng.random() < 1 / 2:
            raise Problem(UNAVAILABLE, "unavailable", "Temporal is away")
        await super().tell(order_id, signal, fact, summary)
        if is_cut:
            raise Problem(UNAVAILABLE, "unavailable", "Temporal's answer was lost")
        if dies:
            raise Crashed

    def _dies(self, moment: str) -> bool:
        return self._life.crashes(Component.API, f"{self._message} {moment}")


def _raw(body: bytes) -> RawMessage:
    return RawMessage({}, body)
