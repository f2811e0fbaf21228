"""Protection of routes that are served beside Streamlit, which protects its own routes only.

Starlette's TrustedHostMiddleware is not used: it answers in plain text that does not say how to allow a host.
The routes of the pages share these checks.
"""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.config import environment

MAX_BYTES = 100 * 2**20  # per request
LOCAL = ("127.0.0.1", "localhost", "[::1]")

Handler = Callable[[Request], Awaitable[Response]]


def check_origin(request: Request) -> None:
    """Refuse unknown host names (DNS rebinding) and pages of other sites (cross-site requests).

    Raises:
        HTTPException: 400 or 403.
    """
    allowed = {*LOCAL, *environment.HOSTS.value()}
    host = request.headers.get("host", "").lower()
    if host.rsplit(":", 1)[0] not in allowed and host not in allowed:
        raise HTTPException(
            400, f"The host {host[:100]!r} is not served here; add it to {environment.HOSTS.name}."
        )
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc.lower() != host:
        raise HTTPException(403, "Requests from pages on other sites are refused.")


def check_token(request: Request) -> None:
    """Require the bearer token if one is configured.

    Raises:
        HTTPException: 401.
    """
    token = environment.TOKEN.value()
    given = request.headers.get("authorization", "")
    if token and not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "A bearer token is required.", {"WWW-Authenticate": "Bearer"})


async def limited_body(request: Request) -> AsyncGenerator[bytes, None]:
    """The request's body, refused as soon as it exceeds the limit, whatever its header says.

    Raises:
        HTTPException: 413.
    """
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BYTES:
            raise HTTPException(
                413, f"The request is larger than {MAX_BYTES // 2**20} MiB. Send fewer images."
            )
        yield chunk


async def refusal(request: Request, error: Exception) -> Response:
    """An HTTPException as JSON with a reason."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def same_site(handler: Handler) -> Handler:
    """A handler for the pages' own routes: guarded like the API, but without a token, which browsers lack."""

    async def guarded(request: Request) -> Response:
        try:
            check_origin(request)
            return await handler(request)
        except HTTPException as error:
            return await refusal(request, error)

    return guarded
