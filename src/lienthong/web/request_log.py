"""A line in the operational log for each page: method, status and milliseconds; no address, for it names a person."""

from __future__ import annotations

from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lienthong.keeping.logbook import LOG

__all__ = ["RequestLog"]


class RequestLog:
    """Around all pages; what is static is not logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        started, status = monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            took = round((monotonic() - started) * 1000)
            LOG.info("page", extra={"facts": {"method": scope["method"], "status": status, "milliseconds": took}})
