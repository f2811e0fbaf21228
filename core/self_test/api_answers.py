"""Images sent to the API: its ASGI application, called in this process with a whole HTTP request."""

import asyncio
import json
import secrets
from typing import Any

import numpy as np
from starlette.applications import Starlette

from core.api import OWN, api_routes
from core.errors import UserError
from core.inference import ModelIdentity
from core.sentence import Sentence

HOST = "127.0.0.1"
PATH, QUERY = "/api/predict", b"anyway=1"  # a probability for every image


def api_probabilities(files: list[bytes], identity: ModelIdentity) -> np.ndarray:
    """Probabilities of PNEUMONIA, float64 (n,), not calibrated, that the API gives for PNG files.

    Args:
        files: the images.
        identity: of the model that should answer.

    Raises:
        UserError: the API refuses the request, or another model answers.
    """
    status, content = asyncio.run(_answer(*_form(files)))
    if status != 200:
        reason = content.get("error") or Sentence("no reason given")
        raise UserError(
            Sentence("{path} answers with status {status}: {reason}", path=PATH, status=status, reason=reason)
        )
    model = content["model"]
    if (model["name"], model["version"], model["weights"]) != (
        identity.name,
        identity.version,
        identity.digest,
    ):
        raise UserError(
            Sentence(
                "{path} answers with {other} instead of {identity}.",
                path=PATH,
                other=f"{model['name']} ({model['weights']})",
                identity=identity,
            )
        )
    unread = [result["error"] for result in content["results"] if "error" in result]
    if unread:
        raise UserError(
            Sentence(
                "{path} gives {count} images no result: {reason}",
                path=PATH,
                count=len(unread),
                reason=unread[0],
            )
        )
    return np.array([result.get("raw_probability", result["probability"]) for result in content["results"]])


def _form(files: list[bytes]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of a multipart form."""
    boundary = secrets.token_hex(16).encode()
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="file"; filename="golden-%02d.png"\r\n'
        b"Content-Type: image/png\r\n\r\n%s\r\n" % (boundary, number, data)
        for number, data in enumerate(files)
    ]
    body = b"".join(parts) + b"--%s--\r\n" % boundary
    headers = [
        (b"host", HOST.encode()),
        (b"content-type", b"multipart/form-data; boundary=" + boundary),
        (b"content-length", str(len(body)).encode()),
    ]
    return headers, body


async def _answer(headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and content of the response to a POST."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": QUERY,
        "headers": headers,
        "client": (HOST, 0),
        "server": (HOST, 80),
        OWN: True,
    }
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    outgoing: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        outgoing.append(message)

    await Starlette(routes=api_routes())(scope, receive, send)
    status = next(message["status"] for message in outgoing if message["type"] == "http.response.start")
    content = b"".join(message.get("body", b"") for message in outgoing)
    return status, json.loads(content)
