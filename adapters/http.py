"""The one way out over HTTP: a client with limits, and one reading of everything that can go wrong on the way.

What is raised names host, path and event, and nothing else: no query string, header or body, since those carry tokens
and personal data. For the same reason the cause is cut off (`from None`): httpx quotes received bytes in its messages.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from ports.errors import AnswerNotUnderstood, NeverSent, Unavailable

LONGEST_ANSWER_BYTES = 4 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)


@dataclass(frozen=True)
class HttpAnswer:
    """An answer that says something: 5xx and 429 never get this far. `place` names the asked host and path.

    `headers` are taken by any case of their names; one that comes twice reads as one with a comma.
    """

    place: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def open_client(
    *, total_seconds: float = 10, connect_seconds: float = 2, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """The caller closes it. `transport` is the usual one with something around it, or a test's.

    Redirects are answers outside the protocol. The environment is not asked: a proxy variable must not reroute
    payments, and a .netrc must not add credentials.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(total_seconds, connect=min(connect_seconds, total_seconds)),
        transport=transport or usual_transport(),
        follow_redirects=False,
        trust_env=False,
    )


def usual_transport() -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(limits=_LIMITS, trust_env=False)


async def exchange(client: httpx.AsyncClient, method: str, url: str, **content: Any) -> HttpAnswer:
    """One request and its whole answer. `content` is what httpx takes: params, headers, json, data.

    The client's read timeout also bounds the whole exchange, because httpx starts it anew with each received piece.
    Raises Unavailable when the effect is not known, NeverSent when there can be none, AnswerNotUnderstood when the
    answer has no end.
    """
    request = client.build_request(method, url, **content)
    place = request.url.netloc.decode() + request.url.path
    try:
        async with asyncio.timeout(client.timeout.read):
            answer = await _read(client, request, place)
    except TimeoutError:
        raise Unavailable(f"{place}: no full answer in {client.timeout.read} s") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NeverSent(f"{place}: {type(error).__name__}") from None
    except httpx.RequestError as error:
        raise Unavailable(f"{place}: {type(error).__name__}") from None
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Unavailable(f"{place}: answered {answer.status}")
    return answer


async def _read(client: httpx.AsyncClient, request: httpx.Request, place: str) -> HttpAnswer:
    response = await client.send(request, stream=True)
    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > LONGEST_ANSWER_BYTES:
                raise AnswerNotUnderstood(f"{place}: the answer is longer than {LONGEST_ANSWER_BYTES} bytes")
    finally:
        await response.aclose()
    return HttpAnswer(place, response.status_code, bytes(body), response.headers)
