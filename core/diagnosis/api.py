"""The same answers over HTTP: POST /api/predict, GET /api/health, /api/models, /api/openapi.json.

Streamlit protects its own routes only, so these look at Host, Origin, size and token themselves. Work is
done in threads of their own: one that is slow never holds up a page.
"""

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.diagnosis.answers import NOTICE, answer_files, described
from core.diagnosis.models import AvailableModel, available_models, companions
from core.diagnosis.predictor import shared_predictor
from core.errors import UserError
from core.images import decode_safely

MOST_BYTES = 100 * 2**20  # of a request
MOST_FILES = 64
MOST_WAITING = 32  # requests; further ones are told to come again
SWITCHES = ("heatmap", "opinions", "anyway")  # in the order of `answer_files`
TOKEN = "PNEUMONIA_STUDIO_TOKEN"
HOSTS = "PNEUMONIA_STUDIO_HOSTS"
LOCAL = ("127.0.0.1", "localhost", "[::1]")

_threads = ThreadPoolExecutor(2, "api")
_places = threading.Semaphore(MOST_WAITING)


async def predict(request: Request) -> Response:
    """Answers for a multipart form.

    `?heatmap=1` adds where the model looked, `?opinions=1` how sure it is, `?anyway=1` answers that would be
    withheld because the model cannot judge such a film.
    """
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise HTTPException(415, "Send the films as multipart/form-data, one part a file.")
    model = _model(request.query_params.get("stage"))
    files = await _files(request)
    if not _places.acquire(blocking=False):
        raise HTTPException(503, "Too many films are waiting. Try again in a few seconds.")
    try:
        asked = {name: request.query_params.get(name) in ("1", "true") for name in SWITCHES}
        work = partial(_answers, model, files, asked)
        answer = await asyncio.get_running_loop().run_in_executor(_threads, work)
    except UserError as error:  # the model's file went bad meanwhile
        raise HTTPException(503, str(error)) from error
    finally:
        _places.release()
    readable = any("label" in result for result in answer["results"])
    return JSONResponse(answer, 200 if readable else 422)


def _answers(model: AvailableModel, files: list[tuple[str, bytes]], asked: dict[str, bool]) -> dict:
    """Loads what is needed and answers."""
    models = companions(model) if asked["opinions"] else [model]
    predictors = {item.stage.number: shared_predictor(item.path) for item in models}
    readers = [(name, partial(decode_safely, data, name)) for name, data in files]
    return answer_files(readers, predictors, model.stage.number, *asked.values())


async def health(request: Request) -> Response:
    """Whether the server answers, and whether it has a model to answer with."""
    return JSONResponse({"status": "ok", "models": len(available_models())})


async def models(request: Request) -> Response:
    """The models at hand, with how each was measured."""
    return JSONResponse({"models": [_described(model) for model in available_models()], "notice": NOTICE})


async def openapi(request: Request) -> Response:
    """This interface, described for programs."""
    return JSONResponse(DESCRIPTION)


async def nothing(request: Request) -> Response:
    """A reason instead of Streamlit's page for whatever else is asked for below /api."""
    raise HTTPException(404, f"There is no {request.url.path}; see /api/openapi.json.")


def guarded(handler, token: bool = True):
    """`handler` behind the checks, its failures as JSON with a reason.

    Args:
        token: whether to ask for the token where one is set; pages in a browser have none.
    """

    async def answer(request: Request) -> Response:
        try:
            _check_origin(request)
            if token:
                _check_token(request)
            return await handler(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    return answer


ROUTES = [
    Route("/api/predict", guarded(predict), methods=["POST"]),
    Route("/api/health", guarded(health), methods=["GET"]),
    Route("/api/models", guarded(models), methods=["GET"]),
    Route("/api/openapi.json", guarded(openapi), methods=["GET"]),
    Route("/api/{rest:path}", guarded(nothing), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
]


def _check_origin(request: Request) -> None:
    """Refuse names that are not ours (DNS rebinding) and pages of other sites (cross-site requests)."""
    allowed = {*LOCAL, *filter(None, os.environ.get(HOSTS, "").lower().split(","))}
    host = request.headers.get("host", "").lower()
    if host.rsplit(":", 1)[0] not in allowed and host not in allowed:
        raise HTTPException(400, f"The host {host[:100]!r} is not served here; {HOSTS} names others.")
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc.lower() != host:
        raise HTTPException(403, "Requests from pages of other sites are refused.")


def _check_token(request: Request) -> None:
    """Ask for the bearer token where one is set."""
    token = os.environ.get(TOKEN)
    given = request.headers.get("authorization", "")
    if token and not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "A bearer token is needed.", {"WWW-Authenticate": "Bearer"})


def _model(stage: str | None) -> AvailableModel:
    """The model of that stage; the last one where none is asked for."""
    found = {str(model.stage.number): model for model in available_models()}
    if not found:
        raise HTTPException(503, "There is no trained model yet. Train one first.")
    if stage is not None and stage not in found:
        raise HTTPException(404, f"There is no model of stage {stage[:20]!r}; there are {', '.join(found)}.")
    return found[stage or max(found)]


async def _files(request: Request) -> list[tuple[str, bytes]]:
    """Names and contents of the form's files."""
    try:
        parser = MultiPartParser(request.headers, _counted(request), max_files=MOST_FILES, max_fields=10)
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"The form cannot be read: {error.message}") from error
    except KeyError as error:
        raise HTTPException(400, "The form cannot be read: its boundary is missing.") from error
    files = [value for _, value in form.multi_items() if not isinstance(value, str)]
    if not files:
        raise HTTPException(400, "The form holds no file. Add one part a film, with a file name.")
    return [(file.filename or "film", await file.read()) for file in files]


async def _counted(request: Request) -> AsyncIterator[bytes]:
    """The request's body, refused as soon as it has grown too large, whatever its header says."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise HTTPException(
                413, f"At most {MOST_BYTES // 2**20} MiB a request are read. Send fewer films."
            )
        yield chunk


def _described(model: AvailableModel) -> dict:
    return described(model.record, model.stage.number)


def _response(description: str) -> dict:
    return {"description": description, "content": {"application/json": {"schema": {"type": "object"}}}}


_REASONS = {
    "400": _response("the form or the host is wrong"),
    "401": _response("a bearer token is needed"),
    "404": _response("there is no such model"),
    "413": _response("too many bytes"),
    "415": _response("no multipart form"),
    "422": _response("no file could be read; each result has its error"),
    "503": _response("no model, or too many are waiting"),
}
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "Pneumonia studio", "version": "1", "description": NOTICE},
    "paths": {
        "/api/predict": {
            "post": {
                "summary": "Probability of pneumonia for each film",
                "parameters": [
                    {"name": "stage", "in": "query", "schema": {"type": "integer", "enum": [1, 2, 3]}},
                    *({"name": name, "in": "query", "schema": {"enum": [0, 1]}} for name in SWITCHES),
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILES}}}
                    },
                },
                "responses": {"200": _response("a result for each file, in order"), **_REASONS},
            }
        },
        "/api/health": {
            "get": {"summary": "Whether the server answers", "responses": {"200": _response("ok")}}
        },
        "/api/models": {"get": {"summary": "The models at hand", "responses": {"200": _response("models")}}},
    },
}
