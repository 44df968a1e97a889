"""Whose request it is that a proxy passes on."""

from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


class TrustedProxies:
    """Plain ASGI. Only the proxies of LOCKSTEP_TRUSTED_PROXIES are believed: anybody can write X-Forwarded-For.

    Which they are is known once the house is open, which is after the stack of ASGI programs was built.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._behind: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._behind is None:
            proxies = scope["app"].state.house.settings.trusted_proxy_list
            self._behind = cast("ASGIApp", ProxyHeadersMiddleware(cast("Any", self._app), proxies))
        await self._behind(scope, receive, send)
