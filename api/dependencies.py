"""What handlers ask for: the house they stand in, and who is asking."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, Protocol

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.acceptance import Acceptance
from api.allowances import Allowances, Limit
from api.errors import Problem
from api.shop_orders import Request as ShopRequest
from persistence import access
from persistence.access import Token
from persistence.engine import Engine, reading
from ports.clock import Clock
from runtime.wiring import House

FAILURES_ALLOWED = 30
FAILURE_WINDOW = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
ONE_HOUSEHOLD = 64  # bits of an IPv6 address: whoever has one has all that begin with them


async def house(request: Request) -> House:  # async, as all of these: others would be run in threads
    found = request.app.state.house
    assert isinstance(found, House)
    return found


HouseHere = Annotated[House, Depends(house)]


def caller(request: Request) -> str:
    """The address of whoever asks; behind a proxy of ours, the one that the proxy tells (api/proxies.py)."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((address, ONE_HOUSEHOLD), strict=False) if isinstance(address, IPv6Address) else address)


async def asking(request: Request) -> str:
    return caller(request)


Asking = Annotated[str, Depends(asking)]


async def allowances(request: Request) -> Allowances:
    found = request.app.state.allowances
    assert isinstance(found, Allowances)
    return found


AllowancesHere = Annotated[Allowances, Depends(allowances)]


async def acceptance(here: HouseHere, spent: AllowancesHere, sender: Asking) -> Acceptance:
    return Acceptance(here, spent, sender)


AcceptanceHere = Annotated[Acceptance, Depends(acceptance)]


class Door(Protocol):
    """What it takes to find out who stands before it."""

    @property
    def engine(self) -> Engine: ...

    @property
    def clock(self) -> Clock: ...


async def refuse_if_too_many_failures(here: Door, subject: str) -> None:
    """Problem 429 once this subject failed too often in its window."""
    async with reading(here.engine) as db:
        used = await access.failures(db, subject, FAILURE_WINDOW, here.clock.now())
    if used >= FAILURES_ALLOWED:
        seconds = str(int(FAILURE_WINDOW.total_seconds()))
        raise Problem(
            429, "too-many-failures", "too many failed attempts: wait a while", headers={"retry-after": seconds}
        )


async def count_failure(here: Door, subject: str) -> None:
    async with here.engine.begin() as db:
        await access.count_failure(db, subject, FAILURE_WINDOW, here.clock.now())


def bearer(authorization: str) -> str:
    """The secret of an Authorization header; empty when it has none."""
    kind, _, secret = authorization.partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


async def known_token(here: Door, asking: str, secret: str) -> Token:
    """The token of this secret. Raises Problem: 401 for none, 429 after many failures of who is asking."""
    found = None
    if secret:
        async with reading(here.engine) as db:
            found = await access.find_token(db, secret)
    if found is None:
        subject = f"token/{asking}"  # only failures are limited: a neighbour's must not lock a shop out
        await refuse_if_too_many_failures(here, subject)
        await count_failure(here, subject)
        raise Problem(
            401, "unauthorised", "send `Authorization: Bearer <token>`", headers={"www-authenticate": "Bearer"}
        )
    return found


def must_have(needed: str, token: Token) -> None:
    """Raises Problem 403 without the scope."""
    if needed not in token.scopes:
        raise Problem(403, "forbidden", f"this token lacks the scope {needed}")


Bearer = Annotated[
    HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False, description="`lockstep token create`"))
]


def scope(needed: str) -> Callable[..., Awaitable[Token]]:
    """A dependency: the caller's token, which must have this scope. 401 without a token, 403 without the scope."""

    async def token(request: Request, here: HouseHere, spent: AllowancesHere, shown: Bearer) -> Token:
        found = await known_token(here, caller(request), shown.credentials.strip() if shown else "")
        await spent.spend(here, _requests(here, needed), found.name)
        must_have(needed, found)
        return found

    return token


def _requests(here: House, needed: str) -> Limit:
    """A shop sends as many orders as it sells; staff and their programs look less often."""
    shop = needed == "orders:write"
    allowed = here.settings.shop_requests_per_minute if shop else here.settings.staff_requests_per_minute
    sentence = f"this token may ask {allowed} times a minute: wait until the minute is over"
    return Limit("shop" if shop else "staff", allowed, MINUTE, sentence)


async def shop_request(
    request: Request,
    token: Annotated[Token, Depends(scope("orders:write"))],
    idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
) -> ShopRequest:
    return ShopRequest(token, idempotency_key, await request.body())


ShopRequestHere = Annotated[ShopRequest, Depends(shop_request)]
