"""A request to the API gets an identifier, which its answer and its line in the log carry, and is counted.

A client may send its own in `X-Request-ID` if it is a UUID: in one, nobody can be named.
"""

import logging
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.metrics import count_request

HEADER = "X-Request-ID"
SCRAPES = "/metrics"  # Prometheus asks every few seconds, and is no client of the API

log = logging.getLogger("pneumonia.api")


class RequestLog:
    """ASGI middleware around the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and log how."""
        if scope["path"] == SCRAPES:
            await self._app(scope, receive, send)
            return
        identifier, started = _identifier(Headers(scope=scope).get(HEADER, "")), time.perf_counter()

        async def send_with_identifier(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = identifier
                count_request(message["status"])
                seconds = time.perf_counter() - started
                log.info("request %s: %s %d, %.3f s", identifier, scope["method"], message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_with_identifier)


def _identifier(given: str) -> str:
    """The UUID that the client has sent, or a new one."""
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return str(uuid.uuid4())
