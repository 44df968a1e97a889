"""The codec endpoint of the Temporal Web UI: payloads in clear for people who may read them, and for nobody else.

A program sends a token with each request, a browser signs in with one. It only reads: nothing is encrypted here, so
that nobody starts or tells a workflow from the Web UI past our own rules.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidTag
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, RedirectResponse
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from starlette.types import ASGIApp
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec

from api.dependencies import bearer, caller, known_token, must_have
from api.errors import Problem, add_error_answers
from api.headers import SafeHeaders
from api.observed import NO_TELEMETRY_OF_ITS_OWN
from api.templates.sign_in import sign_in_page
from persistence.access import Token
from persistence.engine import Engine
from ports.clock import Clock

log = logging.getLogger("lockstep.codec")
SCOPE = "payloads:read"
COOKIE = "lockstep_codec"
SIGNED_IN_SECONDS = 8 * 3600  # a working day; a revoked token ends it at once
LARGEST_BODY_BYTES = 4 * 1024 * 1024  # Temporal takes payloads of up to 2 MB, and they grow by a third in JSON


@dataclass(frozen=True)
class CodecHouse:
    """`ui_url` is where the Web UI is: its origin alone may ask from a browser."""

    engine: Engine
    clock: Clock
    codec: PayloadCodec
    ui_url: str

    @property
    def ui_origin(self) -> str:
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.ui_url))


class CodecEdge(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        return SafeHeaders(super().build_middleware_stack())


def create_codec_app(house: CodecHouse) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await house.engine.dispose()

    app = CodecEdge(
        title="Lockstep codec",
        lifespan=lifespan,
        openapi_url=None,
        max_body_size=LARGEST_BODY_BYTES,
        telemetry=NO_TELEMETRY_OF_ITS_OWN,
    )
    app.state.house = house
    add_error_answers(app)
    app.add_middleware(  # outside of the errors: a browser shows no answer that lacks these headers
        CORSMiddleware,
        allow_origins=[house.ui_origin],
        allow_credentials=True,
        allow_methods=["POST"],
        allow_headers=["authorization", "authorization-extras", "content-type", "x-namespace"],
    )
    app.get("/health/live")(live)
    app.get("/")(show_sign_in)
    app.post("/sign-in")(sign_in)
    app.post("/sign-out")(sign_out)
    app.post("/decode")(decode)
    return app


def _house(request: Request) -> CodecHouse:
    found = request.app.state.house
    assert isinstance(found, CodecHouse)
    return found


async def _reader(
    request: Request, authorization: Annotated[str, Header()] = "", origin: Annotated[str, Header()] = ""
) -> Token:
    here = _house(request)
    if origin and origin != here.ui_origin:
        raise Problem(403, "foreign-origin", "only the Temporal Web UI may ask from a browser")
    return await _may_read(request, bearer(authorization) or request.cookies.get(COOKIE, ""))


async def _may_read(request: Request, secret: str) -> Token:
    """Raises Problem."""
    token = await known_token(_house(request), caller(request), secret)
    must_have(SCOPE, token)
    return token


async def live() -> dict[str, str]:
    return {"status": "ok"}


async def show_sign_in(request: Request) -> HTMLResponse:
    here = _house(request)
    secret = request.cookies.get(COOKIE)
    if not secret:
        return sign_in_page(here.ui_url)
    try:
        await _may_read(request, secret)
    except Problem as refused:
        return sign_in_page(here.ui_url, refused=refused.status)
    return sign_in_page(here.ui_url, signed_in=True)


async def sign_in(request: Request) -> Response:
    here = _house(request)
    secret = parse_qs((await request.body()).decode(errors="replace")).get("token", [""])[0].strip()
    try:
        token = await _may_read(request, secret)
    except Problem as refused:
        return sign_in_page(here.ui_url, refused=refused.status)
    log.info("%s signed in", token.name)
    answer = RedirectResponse("/", 303)
    secure = here.ui_url.startswith("https:")
    answer.set_cookie(COOKIE, secret, SIGNED_IN_SECONDS, secure=secure, httponly=True, samesite="strict")
    return answer


async def sign_out() -> Response:
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


async def decode(
    request: Request, reader: Annotated[Token, Depends(_reader)], x_namespace: Annotated[str, Header()] = ""
) -> Response:
    """Takes and answers `{"payloads": [...]}` as protobuf writes it in JSON."""
    try:
        sealed = Parse(await request.body(), Payloads(), ignore_unknown_fields=True).payloads
    except (ParseError, UnicodeDecodeError) as wrong:
        raise Problem(400, "not-payloads", "send payloads as the Temporal Web UI does") from wrong
    try:
        clear = await _house(request).codec.decode(sealed)
    except KeyError as missing:
        raise Problem(422, "unknown-key", f"LOCKSTEP_PAYLOAD_KEYS lacks the key {missing}") from missing
    except (InvalidTag, ValueError) as unreadable:
        raise Problem(422, "unreadable", "a payload is damaged, or its key is another one") from unreadable
    log.info("%s read %d payloads of namespace %s", reader.name, len(clear), x_namespace[:64])
    return Response(MessageToJson(Payloads(payloads=clear), indent=None), media_type="application/json")
