"""Headers that tell a browser what it may do with an answer.

Starlette has no middleware for them. OWASP, "HTTP security response headers cheat sheet".
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_PATHS = ("/api", "/metrics", "/studio/")  # of our routes; all others are Streamlit's
DATA_ONLY = "default-src 'none'; frame-ancestors 'none'; sandbox"  # nothing in them is a page
PAGES = "frame-ancestors 'self'"  # no other site may show a page within its own and take the clicks


class SecurityHeaders:
    """ASGI middleware for the whole server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to each HTTP answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = DATA_ONLY if scope["path"].startswith(OWN_PATHS) else PAGES

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        await self._app(scope, receive, send_with_headers)
