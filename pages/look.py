"""The look as a part of Streamlit's HTML page: a script would send it late, and move what it styles."""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLE = f"<style>{(Path(__file__).parent / 'look.css').read_text()}</style>"
END = b"</body>"  # behind the styles that Streamlit puts into the head
UNUSED = (b"accept-encoding", b"if-none-match", b"if-modified-since")  # the page is sent whole, to be changed


class Look:
    """ASGI middleware for the whole server: adds `look.css` to each HTML page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no page as it is."""
        if scope["type"] != "http" or b"text/html" not in dict(scope["headers"]).get(b"accept", b""):
            await self._app(scope, receive, send)
            return
        asked = [header for header in scope["headers"] if header[0] not in UNUSED]
        start: Message | None = None
        page = b""

        async def send_with_style(message: Message) -> None:
            nonlocal start, page
            if message["type"] == "http.response.start":
                start = message if _is_page(message) else None
                if start:
                    return
            if start is None:
                await send(message)
                return
            page += message.get("body", b"")
            if not message.get("more_body"):
                page = page.replace(END, STYLE.encode() + END, 1)
                headers = MutableHeaders(scope=start)
                headers["Content-Length"] = str(len(page))
                del headers["ETag"]  # that of the file, whatever the style
                del headers["Last-Modified"]
                await send(start)
                await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": asked}, receive, send_with_style)


def _is_page(message: Message) -> bool:
    return message["status"] == 200 and MutableHeaders(scope=message).get("content-type", "").startswith(
        "text/html"
    )
