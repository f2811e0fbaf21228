"""What the Training page loads beside Streamlit: Plotly for the live curves, and a run as a zip."""

from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from core.diagnosis.api import guarded
from core.errors import UserError
from core.runs import archive, open_run

PLOTLY = "/studio/plotly.min.js"
ARCHIVE = "/studio/runs/{name}.zip"


async def plotly(request: Request) -> Response:
    """The script that the plotly package carries."""
    path = files("plotly") / "package_data" / "plotly.min.js"
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


async def run_archive(request: Request) -> Response:
    """All of a run, sent while it is packed."""
    try:
        run = open_run(request.path_params["name"])
    except UserError as error:
        raise HTTPException(404, str(error)) from error
    stream = archive(run)
    headers = {
        "Content-Disposition": f'attachment; filename="{run.name}.zip"',
        "Content-Length": str(len(stream)),
    }
    return StreamingResponse(stream, media_type="application/zip", headers=headers)


PAGE_ROUTES = [
    Route(PLOTLY, guarded(plotly, token=False), methods=["GET"]),
    Route(ARCHIVE, guarded(run_archive, token=False), methods=["GET"]),
]
