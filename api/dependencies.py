"""What handlers ask for: the house they stand in, and who is asking."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header, Request

from api.acceptance import Acceptance
from api.errors import Problem
from api.shop_orders import Request as ShopRequest
from persistence import access
from persistence.access import Token
from runtime.wiring import House

FAILURES_ALLOWED = 30
FAILURE_WINDOW = timedelta(minutes=10)


def house(request: Request) -> House:
    found = request.app.state.house
    assert isinstance(found, House)
    return found


HouseHere = Annotated[House, Depends(house)]


def acceptance(here: HouseHere) -> Acceptance:
    return Acceptance(here)


AcceptanceHere = Annotated[Acceptance, Depends(acceptance)]


def caller(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def refuse_if_too_many_failures(here: House, subject: str) -> None:
    """Problem 429 once this subject failed too often in its window."""
    async with here.engine.connect() as db:
        used = await access.failures(db, subject, FAILURE_WINDOW, here.clock.now())
    if used >= FAILURES_ALLOWED:
        seconds = str(int(FAILURE_WINDOW.total_seconds()))
        raise Problem(
            429, "too-many-failures", "too many failed attempts: wait a while", headers={"retry-after": seconds}
        )


async def count_failure(here: House, subject: str) -> None:
    async with here.engine.begin() as db:
        await access.count_failure(db, subject, FAILURE_WINDOW, here.clock.now())


def scope(needed: str) -> Callable[..., Awaitable[Token]]:
    """A dependency: the caller's token, which must have this scope. 401 without a token, 403 without the scope."""

    async def token(request: Request, here: HouseHere, authorization: Annotated[str, Header()] = "") -> Token:
        kind, _, secret = authorization.partition(" ")
        found = None
        if kind.lower() == "bearer" and secret:
            async with here.engine.connect() as db:
                found = await access.find_token(db, secret.strip())
        if found is None:
            subject = f"token/{caller(request)}"  # only failures are limited: a neighbour's must not lock a shop out
            await refuse_if_too_many_failures(here, subject)
            await count_failure(here, subject)
            raise Problem(
                401, "unauthorised", "send `Authorization: Bearer <token>`", headers={"www-authenticate": "Bearer"}
            )
        if needed not in found.scopes:
            raise Problem(403, "forbidden", f"this token lacks the scope {needed}")
        return found

    return token


async def shop_request(
    request: Request,
    token: Annotated[Token, Depends(scope("orders:write"))],
    idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
) -> ShopRequest:
    return ShopRequest(token, idempotency_key, await request.body())


ShopRequestHere = Annotated[ShopRequest, Depends(shop_request)]
