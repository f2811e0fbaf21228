"""Routes of the Training page: Plotly for the live curves, and runs as zip files."""

from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from core.access import check_signature, signed
from core.api import guarded
from core.errors import UserError
from core.runs import Run, export_run, open_run

PLOTLY = "/studio/plotly.min.js"
EXPORT = "/studio/runs/{name}.zip"
SIGNATURE = "signature"  # query parameter


async def plotly(request: Request) -> Response:
    """The script in the plotly package."""
    path = files("plotly") / "package_data" / "plotly.min.js"
    return FileResponse(str(path), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


async def run_zip(request: Request) -> Response:
    """A whole run as a zip, packed while it is sent, for whoever has the link from the page."""
    try:
        check_signature(request.url.path, request.query_params.get(SIGNATURE, ""))
    except UserError as error:
        raise HTTPException(403, str(error)) from error
    try:
        run = open_run(request.path_params["name"])
    except UserError as error:
        raise HTTPException(404, str(error)) from error
    stream = export_run(run)
    headers = {
        "Content-Disposition": f'attachment; filename="{run.name}.zip"',
        "Content-Length": str(len(stream)),
    }
    return StreamingResponse(stream, media_type="application/zip", headers=headers)


def export_link(run: Run) -> str:
    """The link that downloads a run."""
    path = EXPORT.format(name=run.name)
    return f"{path}?{SIGNATURE}={signed(path)}"


PAGE_ROUTES = [
    Route(PLOTLY, guarded(plotly), methods=["GET"]),
    Route(EXPORT, guarded(run_zip), methods=["GET"]),
]
