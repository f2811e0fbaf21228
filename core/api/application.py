"""The API as one route beside Streamlit's own, loaded at its first request."""

import asyncio
from collections.abc import Callable
from importlib import import_module

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

# Keys of a request's scope, which no client can set.
OWN = "own"  # the program asks itself: no token is needed, no shadow reads the images
PATHS = ("/api", "/api/{rest:path}", "/metrics")
PROTECTED = "protected"  # people must sign in, so that programs need a token


class Application:
    """The ASGI application in `core.api.routes`, with FastAPI: half of what the server imported to start."""

    def __init__(self, protected: Callable[[], bool]) -> None:
        self._protected = protected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the first one waits for the import, in a thread, so that no page does."""
        routes = await asyncio.to_thread(import_module, "core.api.routes")
        await routes.logged_api({**scope, PROTECTED: self._protected()}, receive, send)


def api_routes(protected: Callable[[], bool] = lambda: False) -> list[Route]:
    """The routes of the API.

    Args:
        protected: whether people must sign in on this server; asked at each request.
    """
    application = Application(protected)
    return [Route(path, application) for path in PATHS]  # no Mount: it cuts paths
