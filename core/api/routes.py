"""Routes of the API: POST /api/predict, GET /api/health, /api/models, /api/openapi.json, and GET /metrics.

Inference runs in threads of its own, so that slow requests never delay a page.
"""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.api.application import OWN
from core.api.form import form_files
from core.api.guards import check_client, check_origin, refusal
from core.api.parameters import check_parameters, invalid_parameter
from core.api.request_log import RequestLog
from core.api.schema import FAILURES, FORM, UNREADABLE, Health, Models, Results
from core.errors import UserError
from core.images import decode_safely
from core.inference import NOTICE, AvailableModel, Reader, described, file_results
from core.metrics import (
    ANSWERED,
    CONTENT_TYPE,
    FAILED,
    WITHHELD,
    count_answer,
    count_images,
    metrics_text,
    waiting,
)
from core.registry import answering_models, missing_model
from core.shadow import read_in_shadow

MAX_WAITING = 32  # requests; more get status 503

_threads = ThreadPoolExecutor(4, "api")  # as many as one pass through a network takes together
_slots = threading.Semaphore(MAX_WAITING)
guards = [Depends(check_origin), Depends(check_client)]
router = APIRouter(prefix="/api", dependencies=guards)


@router.post(
    "/predict",
    summary="Probability of pneumonia for each image",
    responses={200: {"model": Results}, **UNREADABLE, **FAILURES},
    openapi_extra=FORM,
    dependencies=[Depends(check_parameters("stage", "heatmap", "sharper_heatmap", "opinions", "anyway"))],
)
async def predict(
    request: Request,
    stage: str | None = None,
    heatmap: bool = False,
    sharper_heatmap: bool = False,
    opinions: bool = False,
    anyway: bool = False,
) -> Response:
    """Results for the images of a multipart form.

    The active model answers; `stage` chooses another stage of it. `heatmap=1` adds heat maps,
    `sharper_heatmap=1` the sharper ones, `opinions=1` second opinions; `anyway=1` also gives results that
    would be withheld because the model cannot judge the image. Switches are 1 or 0, true or false, yes or
    no, on or off; other values and parameters are refused. Files of one name get numbers.
    """
    started = time.perf_counter()
    model, is_active = _model(stage)
    files = [(name, partial(decode_safely, data, name)) for name, data in await form_files(request)]
    switches = {
        "heat_map": heatmap,
        "sharper": sharper_heatmap,
        "second_opinion": opinions,
        "anyway": anyway,
    }
    listener = read_in_shadow if is_active and not request.scope.get(OWN) else None
    content = await _in_thread(partial(file_results, Reader.of(model), files, listener, **switches))
    if not request.scope.get(OWN):
        count_images("api", map(_outcome, content["results"]))
        count_answer("api", time.perf_counter() - started)
    has_result = any("label" in result for result in content["results"])
    return JSONResponse(content, 200 if has_result else 422)


@router.get("/health", summary="Whether the server is running", responses={200: {"model": Health}})
@router.head("/health", include_in_schema=False)
async def health() -> Response:
    """Whether the server is running, and how many models it has."""
    return JSONResponse({"status": "ok", "models": len(answering_models())})


@router.get(
    "/models",
    summary="The active model and its other stages",
    responses={200: {"model": Models}},
    dependencies=[Depends(check_parameters())],
)
@router.head("/models", include_in_schema=False)
async def models() -> Response:
    """The active model, the last one, and its other stages, with their metrics."""
    descriptions = [
        described(model.record, model.stage.number, model.identity) for model in answering_models()
    ]
    return JSONResponse({"models": descriptions, "notice": NOTICE})


@router.get("/openapi.json", include_in_schema=False)
@router.head("/openapi.json", include_in_schema=False)
async def openapi() -> Response:
    """This API, described for programs."""
    return JSONResponse(api.openapi())


class Unanswered:
    """The ASGI application for all other requests: unknown paths, and methods that a path does not take."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS with the methods, anything else with a reason."""
        request = Request(scope, receive)
        try:
            check_origin(request)
            check_client(request)
            response = self._methods_only(request)
        except HTTPException as error:
            response = await refusal(request, error)
        await response(scope, receive, send)

    def _methods_only(self, request: Request) -> Response:
        path, methods = request.url.path, _methods(request.scope)
        if not methods:
            raise HTTPException(404, f"There is no {path}; see /api/openapi.json.")
        allow = {"Allow": ", ".join([*methods, "OPTIONS"])}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
        raise HTTPException(405, f"{path} takes {', '.join(methods)}, not {request.method[:20]}.", allow)


def _methods(scope: Scope) -> list[str]:
    """The methods that a path takes, sorted; [] if there is no such path."""
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    matching = [route for route in routes if route.path_regex.match(scope["path"])]
    return sorted({method for route in matching for method in route.methods or ()})


# FastAPI's own documentation pages load scripts from another site; its schema route has no guards.
api = FastAPI(
    title="Pneumonia studio", version="1", description=NOTICE, docs_url=None, redoc_url=None, openapi_url=None
)
api.include_router(router)


@api.get("/metrics", include_in_schema=False, dependencies=guards)
def metrics() -> Response:
    """Figures for Prometheus; in a thread, because they are read from the home."""
    return Response(metrics_text(), media_type=CONTENT_TYPE)


api.router.routes += [Route("/api", Unanswered()), Route("/api/{rest:path}", Unanswered())]
api.add_exception_handler(HTTPException, refusal)
api.add_exception_handler(RequestValidationError, invalid_parameter)
logged_api = RequestLog(api)


async def _in_thread(work: partial) -> dict:
    """Run inference in one of the API's threads.

    Raises:
        HTTPException: 503; too many requests are waiting, the computer is too busy to read any of the files,
            or the model's file has become unreadable.
    """
    if not _slots.acquire(blocking=False):
        raise HTTPException(503, "Too many requests are waiting. Try again in a few seconds.")
    try:
        with waiting():
            return await asyncio.get_running_loop().run_in_executor(_threads, work)
    except UserError as error:
        raise HTTPException(503, str(error)) from error
    finally:
        _slots.release()


def _outcome(result: dict) -> str:
    return WITHHELD if "withheld" in result else FAILED if "error" in result else ANSWERED


def _model(stage: str | None) -> tuple[AvailableModel, bool]:
    """The active model, or another stage of it; and whether it is the active one."""
    models = answering_models()
    by_stage = {model.key: model for model in models}
    if not models:
        raise HTTPException(503, missing_model())
    if stage is not None and stage not in by_stage:
        raise HTTPException(
            404, f"There is no model of stage {stage[:20]!r}; available: {', '.join(by_stage)}."
        )
    model = by_stage[stage] if stage else models[-1]
    return model, model is models[-1]
