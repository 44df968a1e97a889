"""Errors as application/problem+json (RFC 9457): what went wrong, and what to do. Nothing of the inside leaks."""

import logging
from traceback import format_tb
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import DomainError, PolicyRefused

log = logging.getLogger("lockstep.api")
MEDIA_TYPE = "application/problem+json"


Documented = dict[int | str, dict[str, Any]]
KINDS = {
    400: "Refused",
    401: "No valid token",
    403: "The token lacks the scope",
    404: "Unknown",
    409: "Not as things stand",
    412: "Changed meanwhile",
    413: "Too large",
    422: "Not as it must be",
    428: "Say which version you saw",
    429: "Too many",
    503: "Not now: nothing was lost, send it again",
}


class FieldProblem(BaseModel):
    field: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457. `errors` names the fields of an `invalid-request`, never their values, or a policy's wrong places."""

    type: str = Field(pattern="^urn:lockstep:problem:[a-z-]+$")
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


def problems(*statuses: int) -> Documented:
    """For the OpenAPI document: these answers are problem documents. Whatever may be asked, 503 may be the answer."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}}}
    return {status: {"description": KINDS[status], "content": content} for status in (*statuses, 503)}


def add_problem_schemas(document: dict[str, Any]) -> dict[str, Any]:
    schemas = models_json_schema([(ProblemDocument, "serialization")], ref_template="#/components/schemas/{model}")[1]
    document["components"]["schemas"] |= schemas["$defs"]
    return document


class Problem(Exception):
    """`kind` is a stable word for programs, `detail` a sentence for people."""

    def __init__(self, status: int, kind: str, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers


def problem_response(problem: Problem, **more: object) -> JSONResponse:
    body = {"type": f"urn:lockstep:problem:{problem.kind}", "title": problem.kind.replace("-", " ")}
    return JSONResponse(
        {**body, "status": problem.status, "detail": problem.detail, **more},
        problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return problem_response(error)


async def _domain(_: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(422, "refused", str(error)))


async def _policy(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PolicyRefused)
    places = [{"field": each.place, "message": each.what} for each in error.findings]
    return problem_response(Problem(422, "policy-refused", "see `errors` for the places to mend"), errors=places)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Which fields, and why; never the values: they may be personal."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(str(part) for part in each["loc"] if part != "body"), "message": each["msg"]}
        for each in error.errors()
    ]
    return problem_response(Problem(422, "invalid-request", "see `errors` for the fields to correct"), errors=fields)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(error.status_code, "refused")
    return problem_response(Problem(error.status_code, kind, str(error.detail)))


class LastResort:
    """Answers what nobody foresaw, and logs where it happened: its own words may quote what was to be written.

    Plain ASGI, inside the framework's own last resort, which would raise it again for the server to log in full.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            where = "".join(format_tb(error.__traceback__))
            log.error("%s %s failed: %s\n%s", scope["method"], scope["path"], type(error).__name__, where)  # noqa: TRY400
            detail = "we could not do this now; nothing was lost, send it again"
            problem = Problem(503, "unavailable", detail, headers={"retry-after": "5"})
            await problem_response(problem)(scope, receive, send)


def add_error_answers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(PolicyRefused, _policy)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(LastResort)
