"""Routes of the Training page: Plotly for the live curves, and runs as zip files."""

from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from core.api import same_site
from core.errors import UserError
from core.runs import export_run, open_run

PLOTLY = "/studio/plotly.min.js"
EXPORT = "/studio/runs/{name}.zip"


async def plotly(request: Request) -> Response:
    """The script in the plotly package."""
    path = files("plotly") / "package_data" / "plotly.min.js"
    return FileResponse(str(path), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


async def run_zip(request: Request) -> Response:
    """A whole run as a zip, packed while it is sent."""
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


PAGE_ROUTES = [
    Route(PLOTLY, same_site(plotly), methods=["GET"]),
    Route(EXPORT, same_site(run_zip), methods=["GET"]),
]
