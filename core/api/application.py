"""The API as one route beside Streamlit's own, loaded at its first request."""

import asyncio
from importlib import import_module

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

IN_SHADOW = "shadow"  # key of a request's scope, which no client can set: whether shadows read its images


class Application:
    """The ASGI application in `core.api.routes`, with FastAPI: half of what the server imported to start."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the first one waits for the import, in a thread, so that no page does."""
        routes = await asyncio.to_thread(import_module, "core.api.routes")
        await routes.api(scope, receive, send)


ROUTES = [Route(path, Application()) for path in ("/api", "/api/{rest:path}")]  # no Mount: it cuts paths
