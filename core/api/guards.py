"""Protection of routes that are served beside Streamlit, which protects its own routes only.

Starlette's TrustedHostMiddleware is not used: it answers in plain text that does not say how to allow a host.
The routes of the pages share these checks.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.access import client_of, tokens, waiting_seconds
from core.api.application import OWN, PROTECTED
from core.config import environment
from core.errors import UserError

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


def check_client(request: Request) -> None:
    """Require a token where one was created or configured, or where people must sign in; limit its rate.

    Raises:
        HTTPException: 401, 429, or 503 where the tokens cannot be read.
    """
    if request.scope.get(OWN):
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        client = client_of(given.strip()) if scheme.lower() == "bearer" else None
        if client:
            _check_rate(client)
        elif request.scope.get(PROTECTED) or environment.TOKEN.value() or tokens():
            raise HTTPException(
                401,
                "A valid bearer token is required. Create one: python -m core tokens create NAME.",
                {"WWW-Authenticate": "Bearer"},
            )
    except UserError as error:
        raise HTTPException(503, str(error)) from error


def _check_rate(client: str) -> None:
    if seconds := waiting_seconds(client):
        raise HTTPException(
            429,
            f"{client} has sent more than {environment.RATE.value()} requests in a minute. Try again in "
            f"{seconds} s.",
            {"Retry-After": str(seconds)},
        )


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


def guarded(handler: Handler) -> Handler:
    """A handler for the pages' own routes: guarded like the API, but without a token, which browsers lack."""

    async def answer(request: Request) -> Response:
        try:
            check_origin(request)
            return await handler(request)
        except HTTPException as error:
            return await refusal(request, error)

    return answer
