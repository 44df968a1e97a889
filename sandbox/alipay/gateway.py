"""Alipay's gateway: signed questions about trades, answered with signed answers."""

import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from sandbox.alipay import refunds
from sandbox.alipay.notices import status
from sandbox.alipay.words import SUCCESS, Answer, failure
from sandbox.door import Door
from sandbox.faults import FaultBook, Place
from sandbox.pace import alipay_time, now
from sandbox.payments.calls import Call
from sandbox.payments.refunds import RefundBook
from sandbox.payments.trades import Trade, TradeBook, TradeState
from sandbox.rsa2 import is_genuine, sign, signed_text
from sandbox.world import World
from sandbox.yuan import yuan

PATH = "/alipay/gateway.do"
REFUND = "alipay.trade.refund"
REQUIRED = ("app_id", "method", "charset", "sign_type", "timestamp", "version", "biz_content", "sign")


def invalid(sub_code: str, sub_msg: str) -> dict[str, str]:
    return {"code": "40002", "msg": "Invalid Arguments", "sub_code": sub_code, "sub_msg": sub_msg}


NOT_EXIST = failure("ACQ.TRADE_NOT_EXIST", "交易不存在")
STATUS_ERROR = failure("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")


class Gateway:
    def __init__(self, world: World, trades: TradeBook, book: RefundBook, faults: FaultBook) -> None:
        self.calls: list[Call] = []
        self.door = Door(Place.GATEWAY, faults, _broken)
        self._world = world
        self._trades = trades
        self.refunds = book
        self._methods: dict[str, Callable[[Answer], Answer]] = {
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            REFUND: lambda asked: refunds.refund(book, self._trade(asked), asked),
            "alipay.trade.fastpay.refund.query": lambda asked: refunds.query(book, asked),
        }

    def routes(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route(PATH, self.take, methods=["POST"], response_model=None)
        return router

    async def take(self, request: Request) -> Response:
        fields = _fields(request.url.query, await request.body())
        asked = _asked(fields)
        out_trade_no = asked.get("out_trade_no", "")
        answer_code = "cut"

        def act() -> Response:
            nonlocal answer_code
            answer = self._refusal(fields) or self._methods[fields["method"]](asked)
            answer_code = "/".join(answer[name] for name in ("code", "sub_code") if name in answer)
            return self._signed(fields, answer)

        method, number = fields.get("method", ""), asked.get("out_request_no", "")
        call = Call(now(), method, out_trade_no, out_refund_no=number, parameters=fields.get("biz_content", ""))
        self.calls.append(call)
        response = await self.door.answer(out_trade_no, act, about=Place.REFUND if method == REFUND else None)
        if response.status_code != HTTPStatus.OK:
            answer_code = f"http {response.status_code}" if response.status_code else "cut"
        call.answer_code = answer_code
        if method == REFUND:
            await self.refunds.told_first(number)
        return response

    def _refusal(self, fields: dict[str, str]) -> dict[str, str] | None:
        """In the request direction sign_type is part of the signed text and empty values are not."""
        missing = [name for name in REQUIRED if not fields.get(name)]
        if missing:
            return invalid(f"isv.missing-{missing[0].replace('_', '-')}", f"缺少参数 {missing[0]}")
        if fields["app_id"] != self._world.accounts.app_id:
            return invalid("isv.invalid-app-id", "无效的AppID参数")
        if fields["sign_type"] != "RSA2":
            return invalid("isv.invalid-signature-type", "无效签名类型")
        text = signed_text(fields, without={"sign"}, keep_empty=False)
        if not is_genuine(text, fields["sign"], self._world.app_public, fields["charset"]):
            return invalid("isv.invalid-signature", "无效签名")
        if fields["method"] not in self._methods:
            return invalid("isv.invalid-method", "不存在的方法名")
        return None

    def _query(self, asked: dict[str, str]) -> dict[str, str]:
        trade = self._trade(asked)
        if trade is None:
            return NOT_EXIST
        answer = SUCCESS | {
            "buyer_user_id": trade.buyer_id,
            "out_trade_no": trade.out_trade_no,
            "subject": trade.subject,
            "total_amount": yuan(trade.amount_minor),
            "trade_no": trade.trade_no,
            "trade_status": status(trade),
        }
        if trade.paid_at is not None:
            answer["send_pay_date"] = alipay_time(trade.paid_at)
        return answer

    def _close(self, asked: dict[str, str]) -> dict[str, str]:
        """Only what waits for the buyer can be closed: whoever repeats itself must query to learn that it was."""
        trade = self._trade(asked)
        if trade is None:
            return NOT_EXIST
        if trade.state is not TradeState.WAITING:
            return STATUS_ERROR
        self._trades.close(trade)
        return SUCCESS | {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}

    def _trade(self, asked: dict[str, str]) -> Trade | None:
        return self._trades.find(asked.get("out_trade_no", ""), asked.get("trade_no", ""))

    def _signed(self, fields: dict[str, str], answer: dict[str, str]) -> Response:
        """The signature covers the answer's text exactly as it stands on the wire."""
        charset = _charset(fields)
        name = fields.get("method", "error").replace(".", "_") + "_response"
        text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        signature = sign(text, self._world.alipay_private, charset)
        content = f'{{{json.dumps(name)}:{text},"sign":"{signature}"}}'
        return Response(content.encode(charset), media_type=f"text/html;charset={charset}")


def _broken(status: int) -> Response:
    return HTMLResponse(f"<html><body><h1>{status}</h1></body></html>", status_code=status)


def _charset(fields: dict[str, str]) -> str:
    return "gbk" if fields.get("charset", "").lower() == "gbk" else "utf-8"


def _fields(query: str, body: bytes) -> dict[str, str]:
    """Fields may stand in the URL as well as in the body; the charset among them says how to decode the others."""
    form = query + "&" + body.decode("ascii", errors="replace")
    charset = _charset(dict(parse_qsl(form, keep_blank_values=True)))
    return dict(parse_qsl(form, keep_blank_values=True, encoding=charset))


def _asked(fields: dict[str, str]) -> dict[str, str]:
    try:
        asked = json.loads(fields.get("biz_content", ""))
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in asked.items()} if isinstance(asked, dict) else {}
