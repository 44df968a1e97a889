"""WeChat Pay's API: it answers whom it knows by his signature, and signs its answers."""

import json
from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.door import Door
from sandbox.faults import FaultBook, Place
from sandbox.pace import Pace, now
from sandbox.payments.calls import Call
from sandbox.payments.refunds import RefundBook
from sandbox.payments.trades import Trade, TradeBook, TradeState
from sandbox.wechatpay import refunds
from sandbox.wechatpay.keys import WechatPayKeys
from sandbox.wechatpay.refunds import Answer
from sandbox.wechatpay.signature import PlatformSigner, is_from_merchant
from sandbox.wechatpay.transactions import transaction

PATH = "/wechatpay"
TRADES = "/v3/pay/transactions/out-trade-no/{out_trade_no}"
REFUNDS = "/v3/refund/domestic/refunds"
TOO_YOUNG_SECONDS = 300.0
"""The world's seconds in which a trade that waits for its buyer is not closed."""


def refusal(status: HTTPStatus, code: str, message: str) -> Answer:
    return status, {"code": code, "message": message}


NOT_EXIST = refusal(HTTPStatus.NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在")
PAID = refusal(HTTPStatus.BAD_REQUEST, "ORDER_PAID", "订单已支付")
TOO_EARLY = refusal(HTTPStatus.FORBIDDEN, "TRADE_ERROR", "订单创建未满五分钟,不允许关单")
OTHER_MERCHANT = refusal(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", "商户号与签名不一致")
WHO = {"code": "SIGN_ERROR", "message": "签名错误"}


class Gateway:
    def __init__(
        self,
        keys: WechatPayKeys,
        trades: TradeBook,
        book: RefundBook,
        signer: PlatformSigner,
        faults: FaultBook,
        pace: Pace,
    ) -> None:
        self.refunds = book
        self.calls: list[Call] = []
        self.door = Door(Place.WECHATPAY, faults, _broken)
        self._keys = keys
        self._trades = trades
        self._signer = signer
        self._pace = pace

    def routes(self) -> APIRouter:
        router = APIRouter(prefix=PATH)
        router.add_api_route(TRADES, self.query, methods=["GET"], response_model=None)
        router.add_api_route(f"{TRADES}/close", self.close, methods=["POST"], response_model=None)
        router.add_api_route(REFUNDS, self.refund, methods=["POST"], response_model=None)
        router.add_api_route(f"{REFUNDS}/{{out_refund_no}}", self.query_refund, methods=["GET"], response_model=None)
        return router

    async def query(self, out_trade_no: str, request: Request) -> Response:
        mchid = request.query_params.get("mchid", "")
        return await self._take("query", out_trade_no, request, lambda: self._answer("query", out_trade_no, mchid))

    async def close(self, out_trade_no: str, request: Request) -> Response:
        mchid = _mchid(await request.body())
        return await self._take("close", out_trade_no, request, lambda: self._answer("close", out_trade_no, mchid))

    async def refund(self, request: Request) -> Response:
        asked = refunds.read(await request.body())
        trade, number = str(asked.get("out_trade_no", "")), str(asked.get("out_refund_no", ""))
        response = await self._take(
            "refund", trade, request, lambda: refunds.refund(self.refunds, self._trades, asked), number
        )
        await self.refunds.told_first(number)
        return response

    async def query_refund(self, out_refund_no: str, request: Request) -> Response:
        found = self.refunds.find(out_refund_no)
        trade = found.trade.out_trade_no if found else ""
        return await self._take(
            "query_refund", trade, request, lambda: refunds.query(self.refunds, out_refund_no), out_refund_no
        )

    async def _take(
        self, verb: str, out_trade_no: str, request: Request, answer: Callable[[], Answer], out_refund_no: str = ""
    ) -> Response:
        body, answer_code = await request.body(), "cut"
        path = request.scope["raw_path"].decode().removeprefix(PATH)
        path += f"?{request.url.query}" if request.url.query else ""

        def act() -> Response:
            nonlocal answer_code
            if not is_from_merchant(self._keys, request.method, path, body, request.headers):
                answer_code = "401/SIGN_ERROR"
                return JSONResponse(WHO, HTTPStatus.UNAUTHORIZED)
            status, said = answer()
            answer_code = f"{status}/{said['code']}" if said and "code" in said else str(status.value)
            return self._signed(status, said, request.headers.get("wechatpay-serial", ""))

        call = Call(now(), verb, out_trade_no, out_refund_no=out_refund_no, parameters=body.decode(errors="replace"))
        self.calls.append(call)
        response = await self.door.answer(out_trade_no, act, about=Place.REFUND if verb == "refund" else None)
        if response.status_code == 0:
            answer_code = "cut"
        elif response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            answer_code = f"http {response.status_code}"
        call.answer_code = answer_code
        return response

    def _answer(self, verb: str, out_trade_no: str, mchid: str) -> Answer:
        if mchid != self._keys.accounts.mchid:
            return OTHER_MERCHANT
        trade = self._trades.find(out_trade_no)
        if trade is None:
            return NOT_EXIST
        return (HTTPStatus.OK, transaction(trade, trade.amount_minor)) if verb == "query" else self._closed(trade)

    def _closed(self, trade: Trade) -> Answer:
        """Closing may be repeated."""
        if trade.paid_at is not None:
            return PAID
        if trade.state is TradeState.WAITING:
            if (now() - trade.opened_at).total_seconds() < self._pace.real(TOO_YOUNG_SECONDS):
                return TOO_EARLY
            self._trades.close(trade)
        return HTTPStatus.NO_CONTENT, None

    def _signed(self, status: HTTPStatus, said: dict[str, object] | None, key_id: str) -> Response:
        """With the key that the merchant asked for."""
        body = "" if said is None else json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        return Response(body.encode(), status, headers=self._signer.headers(body, key_id))


def _broken(status: int) -> Response:
    return JSONResponse({"code": "SYSTEM_ERROR", "message": "系统异常,请稍后重试"}, status)


def _mchid(body: bytes) -> str:
    return str(refunds.read(body).get("mchid", ""))
