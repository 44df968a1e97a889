"""The bazaar, the sandbox's marketplace: docs/bazaar-api.md."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from adapters.http import HttpAnswer, exchange
from adapters.standard_webhooks import StandardWebhooks
from domain.after_sale import AfterSale, DecidedBy, SaleState
from domain.errors import InvalidReference
from domain.money import Money
from domain.reference import OrderId, ShopId
from domain.refund_money import Units
from ports.after_sales import AfterSaleEvent, AfterSales, SaleAnswer, SaleOrder, SaleOutcome
from ports.clock import Clock
from ports.errors import AnswerNotUnderstood, MessageRefused, NeverSent, RefusalReason, Unavailable
from ports.messages import RawMessage

Number = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")]


@dataclass(frozen=True)
class BazaarAccess:
    """`secrets` are base64, with or without `whsec_`; several while they rotate."""

    api_url: str
    token: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _UnitsWire(_Wire):
    line_id: Annotated[str, Field(max_length=64)]
    quantity: Annotated[int, Field(ge=1)]


class _SaleWire(_Wire):
    """The whole after-sale, as each message and each answer carries it."""

    after_sale_no: Number
    order_no: Number
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    state: SaleState
    amount_minor: Annotated[int, Field(ge=1, le=2**53)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    freight_minor: Annotated[int, Field(ge=0, le=2**53)] = 0
    units: tuple[_UnitsWire, ...] = ()
    reason: Annotated[str, Field(max_length=64)] = ""
    words: Annotated[str, Field(max_length=2000)] = ""
    deadline: AwareDatetime | None = None
    extensions_left: Annotated[int, Field(ge=0)] = 0
    decided_by: DecidedBy = DecidedBy.NOBODY
    succeeded_at: AwareDatetime | None = None
    payout_no: str | None = None

    def sale(self) -> AfterSale:
        return AfterSale(
            self.after_sale_no,
            self.revision,
            self.state,
            Money(self.amount_minor, self.currency),
            self.deadline,
            self.extensions_left,
            self.decided_by,
            self.succeeded_at,
            self.payout_no,
        )


class _AnswerWire(_Wire):
    code: str
    after_sale: _SaleWire


class Bazaar(AfterSales):
    """One shop there. Raises ValueError when a secret is no secret."""

    def __init__(self, shop: ShopId, access: BazaarAccess, client: httpx.AsyncClient, clock: Clock) -> None:
        self._shop = shop
        self._access = access
        self._webhooks = StandardWebhooks(access.secrets, clock)
        self._client = client

    async def agree(self, order: SaleOrder) -> SaleAnswer:
        return await self._tell("agree", order, {"amount_minor": order.amount.amount_minor})

    async def refuse(self, order: SaleOrder) -> SaleAnswer:
        return await self._tell("refuse", order, {"evidence": order.evidence})

    async def extend(self, order: SaleOrder) -> SaleAnswer:
        return await self._tell("extend", order, {})

    async def ask(self, order: SaleOrder) -> SaleAnswer:
        return self._read(order, await self._exchange("GET", order, ""))

    async def _tell(self, verb: str, order: SaleOrder, said: dict[str, Any]) -> SaleAnswer:
        try:
            return self._read(order, await self._exchange("POST", order, f"/{verb}", said))
        except NeverSent:
            raise
        except (Unavailable, AnswerNotUnderstood):  # it may have been taken
            return SaleAnswer(SaleOutcome.UNKNOWN)

    async def _exchange(
        self, method: str, order: SaleOrder, path: str, said: dict[str, Any] | None = None
    ) -> HttpAnswer:
        url = f"{self._access.api_url.rstrip('/')}/shops/{self._shop.shop_id}/after-sales/{order.number}{path}"
        headers = {"authorization": f"Bearer {self._access.token}", "idempotency-key": order.transaction_id}
        return await exchange(self._client, method, url, headers=headers, json=said)

    def _read(self, order: SaleOrder, answer: HttpAnswer) -> SaleAnswer:
        try:
            read = _AnswerWire.model_validate_json(answer.body)
        except ValidationError:
            raise AnswerNotUnderstood(f"{answer.place}: answered {answer.status}, in no form of the bazaar's") from None
        told = read.after_sale
        if (told.order_no, told.after_sale_no) != (order.order_id.order_no, order.number):
            raise AnswerNotUnderstood(f"{answer.place}: answered for another after-sale")
        if answer.status == HTTPStatus.OK:
            return SaleAnswer(SaleOutcome.TAKEN, told.sale())
        if answer.status == HTTPStatus.CONFLICT:
            return SaleAnswer(SaleOutcome.REFUSED, told.sale(), read.code)
        raise AnswerNotUnderstood(f"{answer.place}: answered {answer.status}")

    def read_event(self, message: RawMessage) -> AfterSaleEvent:
        """Raises MessageRefused: MALFORMED, SIGNATURE, STALE, and SELLER for another shop's."""
        message_id = self._webhooks.verified_id(message)
        try:
            body = json.loads(message.body)
            told = _SaleWire.model_validate(body["after_sale"])
            shop_id = body["shop_id"]
            order_id = OrderId(self._shop.channel, self._shop.shop_id, told.order_no)
        except (ValueError, KeyError, TypeError, InvalidReference):
            raise MessageRefused(RefusalReason.MALFORMED, "it is no after-sale of the bazaar's", message_id) from None
        if shop_id != self._shop.shop_id:
            raise MessageRefused(RefusalReason.SELLER, "it is about another shop", message_id)
        units = tuple(Units(each.line_id, each.quantity) for each in told.units)
        freight = Money(told.freight_minor, told.currency) if told.freight_minor else None
        return AfterSaleEvent(message_id, order_id, told.sale(), units, freight, told.reason, told.words)
